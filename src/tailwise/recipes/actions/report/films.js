// Each mistake as a strip of frames with the attention between the streams' time steps; the contact sheet by class.
const CELL = 14;
const OTHER = { semantic: "motion", motion: "semantic" };

// rows: attention of the asking stream's steps over the other's; black is the largest.
function attentionFigure(stream, rows) {
  const most = Math.max(...rows.flat());
  const cell = (row, column) =>
    shape("rect", {
      x: column * CELL,
      y: row * CELL,
      width: CELL - 1,
      height: CELL - 1,
      "fill-opacity": (rows[row][column] / most).toFixed(2),
    });
  const cells = rows.flatMap((of, row) => of.map((_, column) => cell(row, column)));
  const size = { width: rows[0].length * CELL, height: rows.length * CELL };
  const told = `steps of the ${stream} stream over those of the ${OTHER[stream]} stream`;
  const svg = shape("svg", { ...size, role: "img", "aria-label": `attention of ${told}` });
  svg.append(...cells);
  return element("figure", {}, svg, element("figcaption", {}, told));
}

const BAR = 40;

// values: importance of each frame or step, in nats; bars from the lowest or 0 to the highest.
function barFigure(values, width, told) {
  const low = Math.min(0, ...values);
  const scale = BAR / (Math.max(0, ...values) - low || 1);
  const bars = values.map((value, place) =>
    shape("rect", {
      x: place * width,
      y: BAR - (Math.max(value, 0) - low) * scale,
      width: width - 1,
      height: Math.max(Math.abs(value) * scale, 1),
    }),
  );
  const svg = shape("svg", { width: values.length * width, height: BAR + 1, role: "img", "aria-label": told });
  svg.append(...bars);
  return element("figure", {}, svg, element("figcaption", {}, told));
}

const DESCRIBED = { semantic: "importance of the steps of the semantic stream", motion: "of the motion stream" };

function averages(of) {
  const maps = Object.entries(of.attention).map(([stream, rows]) => attentionFigure(stream, rows));
  const steps = Object.entries(of.steps).map(([stream, values]) => barFigure(values, CELL, DESCRIBED[stream]));
  return [...maps, ...steps];
}

own.explain = (mistake) => {
  const image = element("img", { src: mistake.strip, alt: `${mistake.sample}: ${mistake.frames} frames` });
  const film = element("div", { class: "film scrolls", tabindex: 0, role: "group", "aria-label": "frames" }, image);
  const figures = Object.entries(mistake.attention).map(([stream, rows]) => attentionFigure(stream, rows));
  const maps = figures.length ? [element("div", { class: "streams" }, ...figures)] : [];
  const told = "importance of each frame for the prediction";
  const bars = mistake.importance.length ? [barFigure(mistake.importance, CELL, told)] : [];
  return [...(mistake.strip ? [film] : []), element("div", { class: "streams" }, ...bars), ...maps];
};

watch(() => {
  for (const row of document.querySelectorAll("table.strips tr"))
    row.hidden = state.label >= 0 && row.dataset.label !== labels()[state.label];
});

watch(() => {
  for (const place of document.querySelectorAll(".averages")) {
    const found = facts.own.insight[place.dataset.head];
    const label = state.label >= 0 ? labels()[state.label] : "";
    place.replaceChildren(...averages(Object.hasOwn(found.classes, label) ? found.classes[label] : found.all));
  }
});
