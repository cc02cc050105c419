// Recall of each class on validation: a dot, its interval, and the target as a line.
function recallLines(place) {
  const { judged } = head();
  return [
    labels()[place],
    `recall ${measured(judged.recall[place], head().valid[place])}`,
    `precision ${measured(judged.precision[place], head().predicted[place])}`,
    `F1 ${measured(judged.f1[place], head().valid[place])}`,
    `${head().train[place]} training, ${head().valid[place]} validation samples`,
  ];
}

function recallRow(place, x, height, width, aim) {
  const of = head().judged.recall[place];
  const middle = place * height + height / 2;
  const low = isNumber(of.value) && isNumber(aim) && of.value < aim;
  const known = isNumber(of.value);
  const few = head().valid[place] < facts.few;
  return shape(
    "g",
    {
      class: `row${low ? " below" : ""}${place === state.label ? " chosen" : ""}`,
      onmousemove: (event) => showTip(event, recallLines(place)),
      onmouseleave: hideTip,
      onclick: () => choose({ label: place === state.label ? -1 : place }),
    },
    shape("rect", { class: "back", x: 0, y: place * height, width, height }),
    shape("text", { class: "name", x: 4, y: middle + 4 }, cut(labels()[place], Math.floor(x(0) / 7.5))),
    known && !few && isNumber(of.low) && isNumber(of.high)
      ? shape("line", { class: "whisker", x1: x(of.low), x2: x(of.high), y1: middle, y2: middle })
      : null,
    known
      ? shape("circle", { class: few ? "dot few" : "dot", cx: x(of.value), cy: middle, r: 4.5 })
      : shape("text", { x: x(0) + 6, y: middle + 4 }, "no sample"),
  );
}

const redrawRecalls = drawn(byId("recalls"), (width) => {
  const [left, height] = [Math.min(190, width * 0.38), 24];
  const bottom = labels().length * height;
  const x = (value) => left + value * (width - left - 20);
  const aim = facts.target.class_recall;
  const ticks = [0, 0.25, 0.5, 0.75, 1];
  const scale = ticks.map((value) => shape("text", { x: x(value), y: 16, "text-anchor": "middle" }, String(value)));
  const grid = ticks.map((value) => shape("line", { class: "axis", x1: x(value), x2: x(value), y1: 0, y2: bottom }));
  const target = isNumber(aim) ? [shape("line", { class: "aim", x1: x(aim), x2: x(aim), y1: 0, y2: bottom })] : [];
  const rows = labels().map((_, place) => recallRow(place, x, height, width, aim));
  const name = `Recall of each class of ${head().name} with its interval`;
  byId("recalls").replaceChildren(
    shape("svg", { class: "scale", width, height: 22, "aria-hidden": "true" }, ...scale),
    shape("svg", { width, height: bottom, role: "img", "aria-label": name }, ...grid, ...rows, ...target),
  );
});

watch(() => {
  redrawRecalls();
  byId("chosen").textContent = state.label < 0 ? "" : recallLines(state.label).join(" · ");
});
