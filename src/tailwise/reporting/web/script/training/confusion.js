// Confusion of the chosen epoch as a map, and its most frequent pairs as text.
const MANY = 30;

// [{actual, predicted, count, of}] of the cells that are not zero; of: samples of the actual class.
function cells() {
  const flat = head().confusion[state.step] ?? [];
  const sums = labels().map(() => 0);
  const found = [];
  for (let i = 0; i < flat.length; i += 3) {
    found.push({ actual: flat[i], predicted: flat[i + 1], count: flat[i + 2] });
    sums[flat[i]] += flat[i + 2];
  }
  return found.map((cell) => ({ ...cell, of: sums[cell.actual] }));
}

const cellLines = ({ actual, predicted, count, of }) => [
  `actual: ${labels()[actual]}`,
  `predicted: ${labels()[predicted]}`,
  `${count} of ${plural(of)}${of ? `, ${percent(count / of)}` : ""}`,
];

function cellShapes(cell, left, top, size) {
  const share = cell.count / cell.of;
  const [x, y] = [left + cell.predicted * size, top + cell.actual * size];
  const box = shape("rect", {
    class: "cell",
    x,
    y,
    width: size,
    height: size,
    "fill-opacity": (0.08 + 0.92 * share).toFixed(3),
  });
  if (size < 20) return [box];
  const middle = { x: x + size / 2, y: y + size / 2 + 4, class: `count${share > 0.7 ? " over" : ""}` };
  return [box, shape("text", middle, String(cell.count))];
}

function names(left, top, size) {
  const room = (pixels) => Math.floor(pixels / 7.2);
  return labels().flatMap((name, index) => {
    const middle = index * size + size / 2 + 4;
    return [
      shape("text", { class: "name", x: left - 6, y: top + middle, "text-anchor": "end" }, cut(name, room(left - 6))),
      shape(
        "text",
        { class: "name", transform: `translate(${left + middle} ${top - 6}) rotate(-90)` },
        cut(name, room(top - 6)),
      ),
    ];
  });
}

// Where the map begins, and the size of a cell; names stand beside it where there are few classes.
function layoutOf(width, count) {
  if (count > MANY) return { left: 2, top: 2, size: Math.max(3, Math.min(8, Math.floor((width - 4) / count))) };
  const longest = 12 + 7.2 * Math.max(...labels().map((name) => name.length));
  const [left, top] = [Math.min(longest, width * 0.33), Math.min(longest, 160)];
  return { left, top, size: Math.min(46, Math.max(24, Math.floor((width - left - 2) / count))) };
}

// The cell under the pointer; null outside of the map.
function cellUnder(found, { left, top, size }) {
  const count = labels().length;
  const known = new Map(found.map((cell) => [cell.actual * count + cell.predicted, cell]));
  const sums = new Map(found.map((cell) => [cell.actual, cell.of]));
  return (event) => {
    const box = event.currentTarget.getBoundingClientRect();
    const offsets = [event.clientX - box.left - left, event.clientY - box.top - top];
    const [predicted, actual] = offsets.map((offset) => Math.floor(offset / size));
    if (Math.min(predicted, actual) < 0 || Math.max(predicted, actual) >= count) return null;
    return known.get(actual * count + predicted) ?? { actual, predicted, count: 0, of: sums.get(actual) ?? 0 };
  };
}

function pointerOnCells(under) {
  return {
    onmousemove: (event) => (under(event) ? showTip(event, cellLines(under(event))) : hideTip()),
    onmouseleave: hideTip,
    onclick: (event) => under(event) && choose({ label: under(event).actual }),
  };
}

const redrawConfusion = drawn(byId("confusion"), (width) => {
  const layout = layoutOf(width, labels().length);
  const { left, top, size } = layout;
  const side = labels().length * size;
  const found = cells();
  const title = `Confusion of ${head().name}, ${stepName(step())}`;
  const box = { width: left + side + 2, height: top + side + 2, role: "img", "aria-label": title };
  const band = { class: "cross", x: left, y: top + state.label * size, width: side, height: size };
  const svg = shape(
    "svg",
    { ...box, ...pointerOnCells(cellUnder(found, layout)) },
    shape("rect", { class: "frame", x: left, y: top, width: side, height: side }),
    ...found.flatMap((cell) => cellShapes(cell, left, top, size)),
    ...(labels().length <= MANY ? names(left, top, size) : []),
    state.label < 0 ? null : shape("rect", band),
  );
  byId("confusion").replaceChildren(svg);
});

function pairs() {
  const wrong = cells().filter(({ actual, predicted }) => actual !== predicted);
  const mine =
    state.label < 0 ? wrong : wrong.filter(({ actual, predicted }) => [actual, predicted].includes(state.label));
  const most = mine.sort((one, other) => other.count - one.count).slice(0, 5);
  if (!most.length) return [element("p", {}, "Nothing confused.")];
  const entry = ({ actual, predicted, count, of }) =>
    element("li", {}, `${labels()[actual]}, taken for ${labels()[predicted]}: ${count} of ${of}`);
  const whose = state.label < 0 ? "" : ` with ${labels()[state.label]}`;
  return [
    element("p", { class: "note" }, `Most frequent confusions${whose} at this epoch`),
    element("ol", {}, ...most.map(entry)),
  ];
}

watch(() => {
  redrawConfusion();
  byId("confusion-at").textContent = facts.steps.length ? `${head().name}: ${stepName(step())}` : "";
  byId("pairs").replaceChildren(...pairs());
});
