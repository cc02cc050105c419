// Shared by the charts, and the ranking of the configurations by one figure.
const facts = JSON.parse(byId("facts").textContent);

function choices(select, names, changed) {
  select.replaceChildren(...names.map((name, index) => element("option", { value: index }, name)));
  select.addEventListener("change", changed);
}

const digitsOf = (figure) => (figure.unit ? 2 : 3);
const number = (value, figure) => (isNumber(value) ? value.toFixed(digitsOf(figure)) : "–");
const signedNumber = (value, figure) => `${value > 0 ? "+" : ""}${number(value, figure)}`;

// Round ticks that span the values.
function spanTicks(values) {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const range = most - least || Math.abs(most) || 1;
  const power = 10 ** Math.floor(Math.log10(range));
  const stride = [0.1, 0.2, 0.5, 1, 2].map((factor) => factor * power).find((size) => range / size <= 6);
  const first = Math.floor(least / stride);
  return Array.from({ length: Math.ceil(most / stride) - first + 1 }, (_, index) => (first + index) * stride);
}

const tickText = (value) => String(Number(value.toPrecision(6)));

// One line a row over a common scale: entries: [{name, marks(x, middle), told, look}]
function drawRows(box, width, { title, entries, ticks, zero }) {
  const [left, height] = [Math.min(320, width * 0.4), 26];
  const bottom = entries.length * height;
  const [low, high] = [ticks[0], ticks.at(-1)];
  const x = (value) => left + ((value - low) / (high - low)) * (width - left - 24);
  const grid = ticks.map((value) =>
    shape("line", { class: zero && Math.abs(value) < 1e-12 ? "edge" : "axis", x1: x(value), x2: x(value), y1: 0, y2: bottom }),
  );
  const rows = entries.map(({ name, marks, told, look = "" }, index) => {
    const middle = index * height + height / 2;
    return shape(
      "g",
      { class: `row ${look}`, onmousemove: (event) => showTip(event, told), onmouseleave: hideTip },
      shape("rect", { class: "back", x: 0, y: index * height, width, height }),
      shape("text", { class: "name", x: 4, y: middle + 4 }, cut(name, Math.floor((left - 12) / 6.8))),
      ...marks(x, middle),
    );
  });
  const scale = ticks.map((value) =>
    shape("text", { x: x(value), y: 16, "text-anchor": "middle" }, tickText(value)),
  );
  box.replaceChildren(
    shape("svg", { class: "scale", width, height: 22, "aria-hidden": "true" }, ...scale),
    shape("svg", { width, height: bottom, role: "img", "aria-label": title }, ...grid, ...rows),
  );
}

function whisker(x, middle, low, high, look = "") {
  return isNumber(low) && isNumber(high)
    ? [shape("line", { class: `whisker ${look}`, x1: x(low), x2: x(high), y1: middle, y2: middle })]
    : [];
}

function rankingEntry(figure, index) {
  const of = figure.rows[index];
  const values = figure.values[index];
  const ends = isNumber(of.low) ? ` (${number(of.low, figure)} to ${number(of.high, figure)}, over ${of.over})` : "";
  return {
    name: facts.rows[index].label,
    look: index === 0 ? "chosen" : "",
    told: [
      facts.rows[index].label,
      `${figure.title}: ${number(of.value, figure)}${ends}`,
      `seeds: ${values.map((value) => number(value, figure)).join(", ")}`,
    ],
    marks: (x, middle) => [
      ...whisker(x, middle, of.low, of.high, of.over),
      ...values.map((value) => shape("circle", { class: "seed", cx: x(value), cy: middle, r: 2.5 })),
      shape("circle", { class: "dot", cx: x(of.value), cy: middle, r: 4.5 }),
    ],
  };
}

function drawRanking(box, width) {
  const figure = facts.figures[byId("figure").value];
  const known = facts.rows.map((_, index) => index).filter((index) => figure.rows[index]);
  const sign = figure.lower ? 1 : -1;
  const order = known.sort((a, b) => sign * (figure.rows[a].value - figure.rows[b].value));
  const values = known.flatMap((index) => {
    const { value, low, high } = figure.rows[index];
    return [value, low, high, ...figure.values[index]].filter(isNumber);
  });
  drawRows(box, width, {
    title: `${figure.title} of each configuration, the best first`,
    entries: order.map((index) => rankingEntry(figure, index)),
    ticks: spanTicks(values),
  });
}
