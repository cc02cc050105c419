// A chart of lines over the steps of all phases.
// series: [{name, values, look}]; look: a class of style.css. pick: which of the series the pointer shows.
// log: on a scale of powers of ten. reached: its marks of interventions are reached by Tab.
const HEIGHT = 200;
const MARGIN = { left: 52, right: 10, top: 8, bottom: 34 };

// Powers of ten around the values, which are positive.
function powersOf(values) {
  const logs = values.map(Math.log10);
  const first = Math.floor(Math.min(...logs));
  const last = Math.max(Math.ceil(Math.max(...logs)), first + 1);
  const stride = Math.ceil((last - first) / 5);
  return Array.from({ length: Math.ceil((last - first) / stride) + 1 }, (_, index) => 10 ** (first + index * stride));
}

// One path a line; a value that is not there breaks it, and one alone is a short dash.
function pathOf(values, x, y) {
  let drawing = false;
  return values
    .map((value, index) => {
      if (!isNumber(value)) return ((drawing = false), "");
      const alone = !drawing && !isNumber(values[index + 1]);
      const to = `${drawing ? "L" : "M"}${x(index).toFixed(1)} ${y(value).toFixed(1)}`;
      drawing = true;
      return alone ? `${to}h3` : to;
    })
    .join("");
}

function phaseMarks(x, bottom) {
  return facts.phases.flatMap((phase) => {
    const first = facts.steps.findIndex((step) => step.phase === phase);
    const kept = facts.steps.findIndex((step) => step.phase === phase && step.kept);
    if (first < 0) return [];
    const count = facts.steps.filter((step) => step.phase === phase).length;
    const room = Math.floor((x(first + count) - x(first) - 6) / 7);
    return [
      shape("line", { class: "edge", x1: x(first - 0.5), x2: x(first - 0.5), y1: MARGIN.top, y2: bottom + 20 }),
      shape("text", { x: x(first - 0.5) + 4, y: bottom + 18 }, cut(phase, room)),
      kept < 0 ? null : shape("path", { class: "kept", d: `M${x(kept)} ${bottom}l-4 7h8z` }),
    ].filter((mark) => mark !== null);
  });
}

// The scales of a chart: x from the index of a step, y from a value, and the step under the pointer.
function scalesOf(width, ticks, log) {
  const at = log ? Math.log10 : (value) => value;
  const [low, high] = [at(ticks[0]), at(ticks.at(-1))];
  const inner = width - MARGIN.left - MARGIN.right;
  const bottom = HEIGHT - MARGIN.bottom;
  const count = facts.steps.length;
  return {
    bottom,
    x: (index) => MARGIN.left + ((index + 0.5) / count) * inner,
    y: (value) => bottom - ((at(value) - low) / (high - low)) * (bottom - MARGIN.top),
    stepAt: (offset) => Math.min(count - 1, Math.max(0, Math.floor(((offset - MARGIN.left) / inner) * count))),
  };
}

const gridOf = (ticks, y, width) =>
  ticks.flatMap((value) => [
    shape("line", { class: "axis", x1: MARGIN.left, x2: width - MARGIN.right, y1: y(value), y2: y(value) }),
    shape("text", { x: MARGIN.left - 6, y: y(value) + 4, "text-anchor": "end" }, short(value)),
  ]);

// Shows the values under the pointer, and chooses the step under a click.
function pointerOf({ series, pick }, { y, stepAt }) {
  const at = (event) => {
    const box = event.currentTarget.getBoundingClientRect();
    return { index: stepAt(event.clientX - box.left), height: event.clientY - box.top };
  };
  const showLines = (event) => {
    const { index, height } = at(event);
    const shown = pick ? pick(index, height, y) : series.keys();
    const lines = [...shown].map((which) => `${series[which].name}: ${short(series[which].values[index])}`);
    showTip(event, [stepName(facts.steps[index]), ...lines, ...interventionLines(index)]);
  };
  return { onmousemove: showLines, onmouseleave: hideTip, onclick: (event) => choose({ step: at(event).index }) };
}

const positive = (line) => ({ ...line, values: line.values.map((value) => (value > 0 ? value : null)) });

function lineChart(box, width, asked) {
  const { title, unit, log, reached } = asked;
  const series = log ? asked.series.map(positive) : asked.series;
  const chart = { ...asked, series };
  const focused = box.querySelector(".done:focus")?.dataset.step;
  const values = series.flatMap((line) => line.values).filter(isNumber);
  const powers = log && values.length > 0;
  const ticks = powers ? powersOf(values) : ticksOf(values, unit);
  const scales = scalesOf(width, ticks, powers);
  const { x, y, bottom } = scales;
  const svg = shape(
    "svg",
    { width, height: HEIGHT, role: reached ? "group" : "img", "aria-label": title, ...pointerOf(chart, scales) },
    ...gridOf(ticks, y, width),
    ...phaseMarks(x, bottom),
    ...series.map(({ values, look }) => shape("path", { class: `curve ${look}`, d: pathOf(values, x, y) })),
    shape("line", { class: "now", x1: x(state.step), x2: x(state.step), y1: MARGIN.top, y2: bottom }),
    ...interventionMarks(x, bottom, reached),
  );
  const named = series.length > 1 ? series.filter((line) => line.named) : [];
  box.replaceChildren(element("h4", {}, title), svg, legend(named));
  if (focused) box.querySelector(`.done[data-step="${focused}"]`).focus({ preventScroll: true });
}
