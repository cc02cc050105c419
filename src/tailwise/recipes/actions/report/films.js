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

own.explain = (mistake) => {
  const image = element("img", { src: mistake.strip, alt: `${mistake.sample}: ${mistake.frames} frames` });
  const film = element("div", { class: "film scrolls", tabindex: 0, role: "group", "aria-label": "frames" }, image);
  const figures = Object.entries(mistake.attention).map(([stream, rows]) => attentionFigure(stream, rows));
  const maps = figures.length ? [element("div", { class: "streams" }, ...figures)] : [];
  return [...(mistake.strip ? [film] : []), ...maps];
};

watch(() => {
  for (const row of document.querySelectorAll("table.strips tr"))
    row.hidden = state.label >= 0 && row.dataset.label !== labels()[state.label];
});
