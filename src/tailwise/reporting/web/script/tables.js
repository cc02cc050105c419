// Tables that the page brings along: they show the chosen head, and mark or keep the chosen class.
const label = () => labels()[state.label];

function showHead() {
  for (const block of document.querySelectorAll(".of-head")) block.hidden = block.dataset.head !== head().name;
}

function markClass() {
  for (const row of document.querySelectorAll("#result .of-head tr[data-label]"))
    row.classList.toggle("chosen", row.dataset.label === label());
  for (const row of document.querySelectorAll("table.strips tr"))
    row.hidden = state.label >= 0 && row.dataset.label !== label();
}

const alertRows = [...document.querySelectorAll("#alerts tbody tr")];

function showAlerts() {
  for (const row of alertRows) {
    const other = row.dataset.head !== "" && row.dataset.head !== head().name;
    row.hidden = other || (state.label >= 0 && row.dataset.label !== label());
  }
  const shown = alertRows.filter((row) => !row.hidden).length;
  if (alertRows.length)
    byId("alerts-shown").textContent = `${shown} of ${alertRows.length} shown: those of the chosen head and class.`;
}

// A button in each alert and intervention leads to its epoch.
for (const row of [...alertRows, ...document.querySelectorAll("#interventions tbody tr")]) {
  const to = facts.steps.findIndex(
    ({ phase, epoch }) => phase === row.dataset.phase && String(epoch) === row.dataset.epoch,
  );
  const name = `Show ${row.dataset.phase}, epoch ${row.dataset.epoch}`;
  const show = () => {
    choose({ step: to });
    byId("confusion-at").scrollIntoView({ block: "center" });
  };
  const button = element(
    "button",
    { type: "button", "aria-label": name, title: name, onclick: show },
    row.dataset.epoch,
  );
  row.cells[1].replaceChildren(button);
}

watch(() => [showHead, markClass, showAlerts].forEach((show) => show()));
