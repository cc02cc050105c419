// Small square matrices of bytes, as pictures: similarity of the positions of a song, and attention over them.
const SIDE = 118;

const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));

// {side, bytes}: a row after the other; dark where the value is high.
function matrixCanvas({ side, bytes: text }, name) {
  const canvas = element("canvas", { width: side, height: side, role: "img", "aria-label": name });
  const values = bytes(text);
  const picture = new ImageData(side, side);
  for (let i = 0; i < values.length; i += 1)
    picture.data.set([255 - values[i], 255 - values[i], 255 - values[i], 255], 4 * i);
  canvas.getContext("2d").putImageData(picture, 0, 0);
  canvas.style.width = canvas.style.height = `${SIDE}px`;
  return canvas;
}

// With the truth of the song along its upper and left edge.
function matrixFigure(matrix, song, title) {
  const along = (position) => (position / song.length) * SIDE;
  const upper = shape(
    "svg",
    { width: SIDE, height: 6, "aria-hidden": "true" },
    ...runShapes(song.truth, along, 0, 6, false),
  );
  const turned = shape("g", { transform: "matrix(0 1 1 0 0 0)" }, ...runShapes(song.truth, along, 0, 6, false));
  const left = shape("svg", { width: 6, height: SIDE, "aria-hidden": "true" }, turned);
  const square = element("div", { class: "square" }, upper, left, matrixCanvas(matrix, `${title} of ${song.name}`));
  return element("figure", { class: "similar" }, square, element("figcaption", {}, title));
}

const ROW = 13;

// {rows, columns, most, bytes}: what the positions of a song took from where, a row a place; below its strips.
function weightMap({ rows, columns, most, bytes: text }, title) {
  const values = bytes(text);
  const box = element("div", { class: "weights" });
  const draw = (width) => {
    const inner = (width - STRIP.left - STRIP.right) / columns;
    const cell = (row, column) =>
      shape("rect", {
        x: STRIP.left + column * inner,
        y: row * ROW,
        width: inner + 0.5,
        height: ROW - 1,
        "fill-opacity": (values[row * columns + column] / 255).toFixed(2),
      });
    const name = (of, row) => shape("text", { x: 0, y: row * ROW + 10 }, cut(of, 13));
    const cells = rows.flatMap((_, row) => Array.from({ length: columns }, (_, column) => cell(row, column)));
    const label = `${title}, of ${rows.join(", ")}: from 0 to ${short(most)}`;
    const svg = shape("svg", { width, height: rows.length * ROW, role: "img", "aria-label": label });
    svg.append(...rows.map(name), ...cells);
    box.replaceChildren(svg, element("p", { class: "note" }, `${title}: black is ${short(most)}`));
  };
  drawn(box, draw);
  return box;
}
