// Differences of the recall of each class between a configuration and the first.
function classEntry(of) {
  const few = isNumber(of.labels) && of.labels < facts.few;
  const half = isNumber(of.half) ? of.half : null;
  const told = [
    of.name,
    `recall ${of.value > 0 ? "+" : ""}${figure(of.value, 3)}${half === null ? "" : ` ± ${figure(half, 3)}`}`,
    isNumber(of.labels) ? `${of.labels} label${of.labels === 1 ? "" : "s"} in validation${few ? ": too few to measure" : ""}` : "",
  ].filter(Boolean);
  return {
    name: of.name,
    told,
    look: half !== null && of.value + half < 0 ? "below" : "",
    marks: (x, middle) => [
      ...(half === null ? [] : whisker(x, middle, of.value - half, of.value + half)),
      shape("circle", { class: few ? "dot few" : "dot", cx: x(of.value), cy: middle, r: 4.5 }),
    ],
  };
}

function drawClasses(box, width) {
  const head = facts.heads[byId("class-head").value];
  const rows = head.rows[byId("class-row").value];
  if (!rows.length) return box.replaceChildren(element("p", { class: "note" }, "no common seed"));
  const ends = rows.flatMap(({ value, half }) => [value, value - (half ?? 0), value + (half ?? 0)]);
  drawRows(box, width, {
    title: `Differences of recall of ${head.name}`,
    entries: rows.map(classEntry),
    ticks: spanTicks([...ends.map((end) => Math.max(-1, Math.min(1, end))), -0.01, 0.01]),
    zero: true,
  });
}
