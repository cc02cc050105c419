// Recall of each class on validation, all heads on one figure: a dot, its interval, and the target as a line.
const MEASURED = facts.heads.filter((each) => each.measured);

function recallLines(of, index) {
  const { measured: found } = of;
  return [
    of.classes[index],
    `recall ${measured(found.recall[index], of.valid[index])}`,
    `precision ${measured(found.precision[index], of.predicted[index])}`,
    `F1 ${measured(found.f1[index], of.valid[index])}`,
    `${of.train[index]} training, ${plural(of.valid[index], `validation ${facts.item_name}`)}`,
  ];
}

// A dot with its interval; a ring where there are few labels; text where there is none.
function recallMarks(of, index, x, middle) {
  const { value, low, high } = of.measured.recall[index];
  if (!isNumber(value)) return [shape("text", { x: x(0) + 6, y: middle + 4 }, `no ${facts.item_name}`)];
  const few = of.valid[index] < facts.few;
  const dot = shape("circle", { class: few ? "dot few" : "dot", cx: x(value), cy: middle, r: 4.5 });
  if (few || !isNumber(low) || !isNumber(high)) return [dot];
  return [shape("line", { class: "whisker", x1: x(low), x2: x(high), y1: middle, y2: middle }), dot];
}

function recallRow(of, index, x, height, width, aim) {
  const { value } = of.measured.recall[index];
  const middle = index * height + height / 2;
  const below = isNumber(value) && isNumber(aim) && value < aim ? " below" : "";
  const chosen = of === head() && index === state.label;
  return shape(
    "g",
    {
      class: `row${below}${chosen ? " chosen" : ""}`,
      onmousemove: (event) => showTip(event, recallLines(of, index)),
      onmouseleave: hideTip,
      onclick: () => choose({ head: facts.heads.indexOf(of), label: chosen ? -1 : index }),
    },
    shape("rect", { class: "back", x: 0, y: index * height, width, height }),
    shape("text", { class: "name", x: 4, y: middle + 4 }, cut(of.classes[index], Math.floor(x(0) / 7.5))),
    ...recallMarks(of, index, x, middle),
  );
}

function drawRecalls(of, box, width) {
  const [left, height] = [Math.min(190, width * 0.38), 24];
  const bottom = of.classes.length * height;
  const x = (value) => left + value * (width - left - 20);
  const aim = facts.target.class_recall;
  const ticks = [0, 0.25, 0.5, 0.75, 1];
  const scale = ticks.map((value) => shape("text", { x: x(value), y: 16, "text-anchor": "middle" }, String(value)));
  const title = shape("text", { class: "title", x: 4, y: 16 }, cut(of.name, Math.floor(x(0) / 7.5)));
  const grid = ticks.map((value) => shape("line", { class: "axis", x1: x(value), x2: x(value), y1: 0, y2: bottom }));
  const target = isNumber(aim) ? [shape("line", { class: "aim", x1: x(aim), x2: x(aim), y1: 0, y2: bottom })] : [];
  const rows = of.classes.map((_, index) => recallRow(of, index, x, height, width, aim));
  const name = `Recall of each class of ${of.name} with its interval`;
  box.replaceChildren(
    shape("svg", { class: "scale", width, height: 22, "aria-hidden": "true" }, title, ...scale),
    shape("svg", { width, height: bottom, role: "img", "aria-label": name }, ...grid, ...rows, ...target),
  );
}

const redrawRecalls = MEASURED.map((of) => {
  const box = element("div", { class: "chart" });
  byId("recalls").append(box);
  return drawn(box, (width) => drawRecalls(of, box, width));
});

watch(() => {
  redrawRecalls.forEach((redraw) => redraw());
  byId("chosen").textContent = state.label < 0 ? "" : recallLines(head(), state.label).join(" · ");
});
