// A song: two strips of coloured sections, truth above answer, and below them the confidence of each position.
const SECTION_COLOURS = 8;
const STRIP = { left: 76, right: 8, top: 11, height: 23, gap: 3, confidence: 44, axis: 18 };
const ABSENT = "–";

const kindOf = (label) => `k${label % SECTION_COLOURS}${label >= SECTION_COLOURS ? " again" : ""}`;
const className = (label) => (label < 0 ? ABSENT : facts.own.songs.classes[label]);
const runAt = (runs, position) => runs.find(([, start, end]) => start <= position && position < end);
const labelAt = (runs, position) => runAt(runs, position)?.[0] ?? -1;
const isWrong = (song, position) => labelAt(song.truth, position) !== labelAt(song.answer, position);

// Where a position begins: a line counted from 1, or minutes and seconds.
function placeName(song, position) {
  if (!isNumber(song.seconds)) return String(position + 1);
  const tenths = Math.round(10 * position * song.seconds);
  const seconds = (tenths % 600) / 10;
  return `${Math.floor(tenths / 600)}:${seconds < 10 ? "0" : ""}${seconds.toFixed(tenths % 10 ? 1 : 0)}`;
}

const lengthName = (song, length) =>
  isNumber(song.seconds) ? `${short(length * song.seconds)} s` : plural(length);

function runShapes(runs, x, top, height, labelled = true) {
  return runs.map(([label, start, end]) => {
    const [left, width] = [x(start), x(end) - x(start)];
    const name = className(label);
    const fits = labelled && width > 7 * name.length + 6;
    const shown = fits ? name : labelled && width > 34 ? cut(name, Math.floor((width - 6) / 7)) : "";
    return shape(
      "g",
      { class: `run ${kindOf(label)}` },
      shape("rect", { x: left, y: top, width, height }),
      shown ? shape("text", { x: left + width / 2, y: top + height / 2 + 4 }, shown) : null,
    );
  });
}

// Stretches of positions that are all right or all wrong: [wrong, start, end].
function stretches(song) {
  const found = [];
  for (let position = 0; position < song.length; position += 1) {
    if (!isNumber(song.confidence[position])) continue;
    const wrong = isWrong(song, position);
    const last = found.at(-1);
    if (last && last[0] === wrong && last[2] === position) last[2] = position + 1;
    else found.push([wrong, position, position + 1]);
  }
  return found;
}

function confidenceShapes(song, x, top, height) {
  const y = (percents) => top + height * (1 - percents / 100);
  return stretches(song).flatMap(([wrong, start, end]) => {
    let line = "";
    for (let i = start; i < end; i += 1)
      line += `${line ? "V" : `M${x(i).toFixed(1)} `}${y(song.confidence[i]).toFixed(1)}H${x(i + 1).toFixed(1)}`;
    const area = `${line}V${top + height}H${x(start).toFixed(1)}Z`;
    return [
      shape("path", { class: wrong ? "unsure" : "sure", d: area }),
      shape("path", { class: wrong ? "ridge wrong" : "ridge", d: line }),
    ];
  });
}

// A mark above each place where the truth changes: full where the answer changes there too.
function changeMarks(song, x) {
  return song.truth.slice(1).map(([, start], nth) => {
    const found = song.found[nth];
    return shape("path", { class: found ? "found" : "missed", d: `M${x(start) - 4} 1h8l-4 7z` });
  });
}

function axisTicks(song, x, top, width) {
  const [most, unit] = [Math.max(2, Math.floor(width / 90)), isNumber(song.seconds) ? 1 / song.seconds : 1];
  const step =
    [1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 1200, 3600].find((each) => song.length / unit / each <= most) ?? 7200;
  const ticks = [];
  for (let at = 0; at < song.length - 0.4 * step * unit || at === 0; at += step * unit) ticks.push(Math.round(at));
  return ticks.map((at) =>
    shape("text", { x: x(at), y: top + 13, "text-anchor": at ? "middle" : "start" }, placeName(song, at)),
  );
}

function positionLines(song, position) {
  const sure = song.confidence[position];
  const place = isNumber(song.seconds) ? placeName(song, position) : `${facts.item_name} ${position + 1}`;
  if (!isNumber(sure)) return [place, "no label"];
  return [
    place,
    `truth: ${className(labelAt(song.truth, position))}`,
    `answer: ${className(labelAt(song.answer, position))}, ${sure} %`,
  ];
}

const songSummary = (song) =>
  `${song.name}: truth ${song.truth.map(([label]) => className(label)).join(", ")}; ` +
  `answer ${song.answer.map(([label]) => className(label)).join(", ")}`;

// Pointer and arrow keys move a line over the positions and tell what is there.
function withCursor(svg, song, x, bottom) {
  const line = shape("line", { class: "cursor", y1: STRIP.top, y2: bottom });
  line.style.display = "none";
  let at = -1;
  const show = (position, event) => {
    at = Math.min(Math.max(0, position), song.length - 1);
    const middle = x(at + 0.5);
    line.style.display = "";
    line.setAttribute("x1", middle);
    line.setAttribute("x2", middle);
    const box = svg.getBoundingClientRect();
    showTip(event ?? { clientX: box.left + middle, clientY: box.bottom }, positionLines(song, at));
  };
  const hide = () => {
    line.style.display = "none";
    hideTip();
  };
  const edges = [...new Set([...song.truth, ...song.answer].map(([, start]) => start))].sort(
    (one, other) => one - other,
  );
  const moves = {
    ArrowLeft: () => at - 1,
    ArrowRight: () => at + 1,
    Home: () => 0,
    End: () => song.length - 1,
    PageUp: () => edges.findLast((edge) => edge < at) ?? 0,
    PageDown: () => edges.find((edge) => edge > at) ?? song.length - 1,
  };
  svg.append(line);
  svg.addEventListener("mousemove", (event) => {
    const share = (event.clientX - svg.getBoundingClientRect().left - x(0)) / (x(song.length) - x(0));
    if (share >= 0 && share <= 1) show(Math.floor(share * song.length), event);
    else hide();
  });
  svg.addEventListener("mouseleave", hide);
  svg.addEventListener("blur", hide);
  svg.addEventListener("keydown", (event) => {
    if (!moves[event.key] || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    show(moves[event.key]());
  });
}

// Wrong answers are hatched, so that they differ by more than their colour.
document.body.append(
  shape(
    "svg",
    { width: 0, height: 0, class: "patterns", "aria-hidden": "true" },
    shape(
      "pattern",
      { id: "hatched", width: 5, height: 5, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" },
      shape("path", { class: "hatched", d: "M0 0V5" }),
    ),
  ),
);

const rowName = (name, y) => shape("text", { x: 0, y }, name);

function drawStrips(box, song, width, place) {
  const { left, right, top, height, gap, confidence } = STRIP;
  const x = (position) => left + (position / song.length) * (width - left - right);
  const [second, third] = [top + height + 2, top + 2 * height + 2 + gap];
  const bottom = third + confidence;
  const half = third + confidence / 2;
  const svg = shape(
    "svg",
    { width, height: bottom + STRIP.axis, tabindex: 0, role: "img", class: "scrolls", "aria-label": songSummary(song) },
    rowName("truth", top + 15),
    rowName("answer", second + 15),
    rowName("confidence", third + 15),
    ...changeMarks(song, x),
    ...runShapes(song.truth, x, top, height),
    ...runShapes(song.answer, x, second, height),
    shape("line", { class: "axis", x1: left, x2: width - right, y1: half, y2: half }),
    ...confidenceShapes(song, x, third, confidence),
    shape("line", { class: "edge", x1: left, x2: width - right, y1: bottom, y2: bottom }),
    ...axisTicks(song, x, bottom, width - left),
  );
  if (isNumber(place))
    svg.append(
      shape("rect", {
        class: "place",
        x: x(place) - 1,
        y: top - 1,
        width: Math.max(3, x(place + 1) - x(place)) + 2,
        height: bottom - top + 2,
      }),
    );
  withCursor(svg, song, x, bottom);
  box.replaceChildren(svg);
}

// The strips in a box, drawn when it is shown and when its width changes; place: a position to mark.
function stripsOf(song, place = null) {
  const box = element("div", { class: "strips" });
  drawn(box, (width) => drawStrips(box, song, width, place));
  return box;
}
