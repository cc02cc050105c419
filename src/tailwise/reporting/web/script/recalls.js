// Recall of each class on validation: a dot, its interval, and the target as a line.
function recallLines(index) {
  const { measured: found } = head();
  return [
    labels()[index],
    `recall ${measured(found.recall[index], head().valid[index])}`,
    `precision ${measured(found.precision[index], head().predicted[index])}`,
    `F1 ${measured(found.f1[index], head().valid[index])}`,
    `${head().train[index]} training, ${plural(head().valid[index], `validation ${facts.item_name}`)}`,
  ];
}

// A dot with its interval; a ring where there are few labels; text where there is none.
function recallMarks(index, x, middle) {
  const of = head().measured.recall[index];
  if (!isNumber(of.value)) return [shape("text", { x: x(0) + 6, y: middle + 4 }, `no ${facts.item_name}`)];
  const few = head().valid[index] < facts.few;
  const dot = shape("circle", { class: few ? "dot few" : "dot", cx: x(of.value), cy: middle, r: 4.5 });
  if (few || !isNumber(of.low) || !isNumber(of.high)) return [dot];
  return [shape("line", { class: "whisker", x1: x(of.low), x2: x(of.high), y1: middle, y2: middle }), dot];
}

function recallRow(index, x, height, width, aim) {
  const { value } = head().measured.recall[index];
  const middle = index * height + height / 2;
  const below = isNumber(value) && isNumber(aim) && value < aim ? " below" : "";
  return shape(
    "g",
    {
      class: `row${below}${index === state.label ? " chosen" : ""}`,
      onmousemove: (event) => showTip(event, recallLines(index)),
      onmouseleave: hideTip,
      onclick: () => choose({ label: index === state.label ? -1 : index }),
    },
    shape("rect", { class: "back", x: 0, y: index * height, width, height }),
    shape("text", { class: "name", x: 4, y: middle + 4 }, cut(labels()[index], Math.floor(x(0) / 7.5))),
    ...recallMarks(index, x, middle),
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
  const rows = labels().map((_, index) => recallRow(index, x, height, width, aim));
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
