// The tables of alerts and interventions: a button in each row leads to its epoch.
const alertRows = [...document.querySelectorAll("#alerts tbody tr")];

// Alerts of the chosen head and class, and those of none.
function showAlerts() {
  for (const row of alertRows) {
    const other = row.dataset.head !== "" && row.dataset.head !== head()?.name;
    row.hidden = other || (state.label >= 0 && row.dataset.label !== labels()[state.label]);
  }
  const shown = alertRows.filter((row) => !row.hidden).length;
  if (alertRows.length && head())
    byId("alerts-shown").textContent = `${shown} of ${alertRows.length} shown: those of the chosen head and class.`;
}

for (const row of [...alertRows, ...document.querySelectorAll("#interventions tbody tr")]) {
  const to = facts.steps.findIndex(
    ({ phase, epoch }) => phase === row.dataset.phase && String(epoch) === row.dataset.epoch,
  );
  const name = `Show ${row.dataset.phase}, epoch ${row.dataset.epoch}`;
  const show = () => {
    choose({ step: to });
    (byId("confusion-at") ?? byId("overall")).scrollIntoView({ block: "center" });
  };
  const button = element(
    "button",
    { type: "button", "aria-label": name, title: name, onclick: show },
    row.dataset.epoch,
  );
  row.cells[1].replaceChildren(button);
}

watch(showAlerts);
