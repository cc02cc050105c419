// Charts over two scales of numbers.
const PLOT = { height: 320, left: 52, right: 40, top: 22, bottom: 44 };

// Round bounds of the values, and the ticks between them; least: what the scale begins with at the latest
function ticksOf(values, unit, least = Math.min(...values, 0)) {
  if (unit) return [0, 0.25, 0.5, 0.75, 1];
  const most = Math.max(...values, least + 1e-9);
  const power = 10 ** Math.floor(Math.log10(most - least));
  const stride = [0.2, 0.5, 1, 2, 5].map((factor) => factor * power).find((size) => (most - least) / size <= 5);
  const first = Math.floor(least / stride + 1e-9);
  return Array.from({ length: Math.ceil(most / stride - 1e-9) - first + 1 }, (_, index) => (first + index) * stride);
}

// x, y: [least, most] of each scale. xAt: the number under a place across
function plotScales(width, { x = [0, 1], y = [0, 1] } = {}) {
  const bottom = PLOT.height - PLOT.bottom;
  const inner = width - PLOT.left - PLOT.right;
  return {
    bottom,
    x: (value) => PLOT.left + ((value - x[0]) / (x[1] - x[0])) * inner,
    y: (value) => bottom - ((value - y[0]) / (y[1] - y[0])) * (bottom - PLOT.top),
    xAt: (place) => x[0] + ((place - PLOT.left) / inner) * (x[1] - x[0]),
  };
}

// x, y: {ticks, name} of each scale
function plotAxes(scales, { x, y }) {
  const [first, last] = [scales.x(x.ticks[0]), scales.x(x.ticks.at(-1))];
  const below = { y: scales.bottom + 16, "text-anchor": "middle" };
  return [
    ...y.ticks.flatMap((value) => [
      shape("line", { class: "axis", x1: first, x2: last, y1: scales.y(value), y2: scales.y(value) }),
      shape("text", { x: PLOT.left - 6, y: scales.y(value) + 4, "text-anchor": "end" }, short(value)),
    ]),
    ...x.ticks.map((value) => shape("text", { x: scales.x(value), ...below }, short(value))),
    shape("text", { x: (first + last) / 2, y: scales.bottom + 34, "text-anchor": "middle" }, x.name),
    shape("text", { class: "name", x: 4, y: 12 }, y.name),
  ];
}

// entries: [{name, look}]; look: a class of style.css
function legend(entries) {
  const entry = ({ name, look }) => element("li", { class: look }, element("i"), name);
  return element("ul", { class: "legend" }, ...entries.map(entry));
}

// Lines through points. series: [{name, look, x: [], y: []}], all over the same x; x, y: {ticks, name}
// tell(index): what is said of the points with this place in x; dots: [{look, x, y}]
function plotLines(box, width, { title, series, x, y, tell, dots = [] }) {
  const ends = ({ ticks }) => [ticks[0], ticks.at(-1)];
  const scales = plotScales(width, { x: ends(x), y: ends(y) });
  const over = series[0].x;
  const nearest = (event) => {
    const at = scales.xAt(event.clientX - event.currentTarget.getBoundingClientRect().left);
    return over.reduce((best, value, index) => (Math.abs(value - at) < Math.abs(over[best] - at) ? index : best), 0);
  };
  const path = (line) => {
    const known = [...line.x.keys()].filter((nth) => isNumber(line.y[nth]));
    return known.map((at, nth) => `${nth ? "L" : "M"}${scales.x(line.x[at])} ${scales.y(line.y[at])}`).join("");
  };
  const svg = shape(
    "svg",
    {
      ...{ width, height: PLOT.height, role: "img", "aria-label": title },
      onmousemove: (event) => showTip(event, tell(nearest(event))),
      onmouseleave: hideTip,
    },
    ...plotAxes(scales, { x, y }),
    ...series.map((line) => shape("path", { class: `curve ${line.look}`, d: path(line) })),
    ...dots.map((dot) => shape("circle", { class: `bin ${dot.look}`, cx: scales.x(dot.x), cy: scales.y(dot.y), r: 6 })),
  );
  box.replaceChildren(element("h4", {}, title), svg, legend(series));
}
