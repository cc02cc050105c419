// Cost against quality; a configuration on the front is filled.
const isBetter = (figure, a, b) => (figure.lower ? a <= b : a >= b);

function costPoints(figure, cost) {
  const known = facts.rows.map((_, index) => index).filter((index) => figure.rows[index] && isNumber(facts.costs[index][cost]));
  const points = known.map((index) => ({ index, x: facts.costs[index][cost], y: figure.rows[index].value }));
  const beats = (a, b) => a !== b && a.x <= b.x && isBetter(figure, a.y, b.y) && (a.x < b.x || a.y !== b.y);
  return points.map((point) => ({ ...point, front: !points.some((other) => beats(other, point)) }));
}

const costNames = () => [...new Set(facts.costs.flatMap((of) => Object.keys(of)))];

function drawCost(box, width) {
  const figure = facts.figures[byId("cost-figure").value];
  const cost = costNames()[byId("cost-of").value];
  const points = costPoints(figure, cost);
  if (!points.length) return box.replaceChildren(element("p", { class: "note" }, "no configuration has both"));
  const [height, left, right, top, bottom] = [320, 60, 24, 24, 276];
  const [xs, ys] = [spanTicks(points.map((point) => point.x)), spanTicks(points.map((point) => point.y))];
  const scale = (ticks, from, to) => (value) => from + ((value - ticks[0]) / (ticks.at(-1) - ticks[0])) * (to - from);
  const [x, y] = [scale(xs, left, width - right), scale(ys, bottom, top)];
  const mark = (point) => {
    const told = [facts.rows[point.index].label, `${figure.title}: ${number(point.y, figure)}`, `${cost}: ${Math.round(point.x)}`];
    const shown = { onmousemove: (event) => showTip(event, told), onmouseleave: hideTip };
    return [
      shape("circle", { class: `point ${point.front ? "own" : "open"}`, cx: x(point.x), cy: y(point.y), r: 6, ...shown }),
      shape("text", { x: x(point.x) + 9, y: y(point.y) + 4 }, String(point.index + 1)),
    ];
  };
  const svg = shape(
    "svg",
    { width, height, role: "img", "aria-label": `${figure.title} over ${cost}` },
    ...ys.flatMap((value) => [
      shape("line", { class: "axis", x1: left, x2: width - right, y1: y(value), y2: y(value) }),
      shape("text", { x: left - 6, y: y(value) + 4, "text-anchor": "end" }, tickText(value)),
    ]),
    ...xs.map((value) => shape("text", { x: x(value), y: bottom + 18, "text-anchor": "middle" }, tickText(value))),
    shape("text", { x: (left + width - right) / 2, y: bottom + 36, "text-anchor": "middle" }, cost),
    shape("text", { class: "name", x: 4, y: 12 }, figure.title),
    ...points.flatMap(mark),
  );
  const names = points.map(({ index }) => element("li", {}, `${index + 1}  ${facts.rows[index].label}`));
  box.replaceChildren(svg, element("ul", { class: "legend" }, ...names));
}
