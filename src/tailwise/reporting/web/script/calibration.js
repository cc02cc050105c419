// Reliability diagram and histogram of confidence, without calibration and with a method.
const CONFIDENT = [0.9, 0.95];

const calibrationOf = () => (Object.hasOwn(facts.calibration, head().name) ? facts.calibration[head().name] : null);
const comparedMethods = (of) =>
  [...new Set(["none", byId("calibrated-by").value])].filter((method) => Object.hasOwn(of.reliability, method));
const methodLook = (method) => (method === "none" ? "s1" : "s0");
const totalOf = (counts) => counts.reduce((sum, count) => sum + count, 0);
const methodName = (method) => (method === "none" ? "no calibration" : method);

const ACROSS = { ticks: [0, 0.2, 0.4, 0.6, 0.8, 1], name: "confidence" };
const methodEntry = (method) => ({ name: methodName(method), look: methodLook(method) });
const methodLegend = (methods) => legend(methods.map(methodEntry));

// A line through the bins that have answers; a dot is larger where they are more.
function reliabilityMarks(method, { count, confidence, accuracy }, { x, y }) {
  const known = [...count.keys()].filter((bin) => count[bin] > 0);
  const most = Math.max(...count);
  const path = known.map((bin, nth) => `${nth ? "L" : "M"}${x(confidence[bin])} ${y(accuracy[bin])}`).join("");
  const dots = known.map((bin) => {
    const told = [
      methodName(method),
      `confidence ${figure(confidence[bin], 3)}`,
      `accuracy ${figure(accuracy[bin], 3)}`,
      plural(count[bin], "answer"),
    ];
    const radius = 2.5 + 5 * Math.sqrt(count[bin] / most);
    const shown = { onmousemove: (event) => showTip(event, told), onmouseleave: hideTip };
    return shape("circle", { class: "bin", cx: x(confidence[bin]), cy: y(accuracy[bin]), r: radius, ...shown });
  });
  return shape("g", { class: methodLook(method) }, shape("path", { class: "curve method", d: path }), ...dots);
}

function drawReliability(box, width) {
  const of = calibrationOf();
  if (!of) return box.replaceChildren();
  const scales = plotScales(width);
  const { x, y } = scales;
  const methods = comparedMethods(of);
  const svg = shape(
    "svg",
    { width, height: PLOT.height, role: "img", "aria-label": `Accuracy over confidence of ${head().name}` },
    ...plotAxes(scales, { x: ACROSS, y: { ticks: ACROSS.ticks, name: "accuracy" } }),
    shape("line", { class: "aim", x1: x(0), x2: x(1), y1: y(0), y2: y(1) }),
    ...methods.map((method) => reliabilityMarks(method, of.reliability[method], scales)),
  );
  box.replaceChildren(element("h4", {}, "Reliability: on the dashed line, confidence equals accuracy"), svg);
  box.append(methodLegend(methods));
}

// The shares of answers in bins of equal width; without calibration as outlines.
function confidenceBars(method, counts, { x, y, bottom }) {
  const all = totalOf(counts);
  const bars = counts.map((count, bin) => {
    const [low, high] = [bin / counts.length, (bin + 1) / counts.length];
    const told = [
      methodName(method),
      `confidence above ${figure(low)} up to ${figure(high)}`,
      `${plural(count, "answer")}, ${figure((100 * count) / all, 1)} %`,
    ];
    const at = { x: x(low) + 1, y: y(count / all), width: x(high) - x(low) - 2, height: bottom - y(count / all) };
    return shape("rect", { ...at, onmousemove: (event) => showTip(event, told), onmouseleave: hideTip });
  });
  return shape("g", { class: `${method === "none" ? "outlined" : "filled"} ${methodLook(method)}` }, ...bars);
}

function confidentMark(value, nth, { x, bottom }) {
  const side = nth ? { x: x(value) + 3, "text-anchor": "start" } : { x: x(value) - 3, "text-anchor": "end" };
  return [
    shape("line", { class: "edge", x1: x(value), x2: x(value), y1: PLOT.top - 6, y2: bottom }),
    shape("text", { ...side, y: PLOT.top - 8 }, figure(value)),
  ];
}

// The share of the bars above a confidence, which is an edge of them.
function shareAbove(counts, value) {
  const all = totalOf(counts);
  const above = totalOf(counts.slice(Math.round(value * counts.length)));
  return `${figure((100 * above) / all, 1)} % above ${figure(value)}`;
}

function drawConfidence(box, width) {
  const of = calibrationOf();
  if (!of) return box.replaceChildren();
  const methods = comparedMethods(of);
  const largest = Math.max(...methods.map((name) => Math.max(...of.histogram[name]) / totalOf(of.histogram[name])));
  const stride = [0.02, 0.05, 0.1, 0.2, 0.25].find((size) => largest / size <= 5) ?? 0.25;
  const ticks = Array.from({ length: Math.ceil(largest / stride - 1e-9) + 1 }, (_, nth) => nth * stride);
  const scales = plotScales(width, { y: [0, ticks.at(-1)] });
  const svg = shape(
    "svg",
    { width, height: PLOT.height, role: "img", "aria-label": `Histogram of the confidence of ${head().name}` },
    ...plotAxes(scales, { x: ACROSS, y: { ticks, name: "share of answers" } }),
    ...[...methods].reverse().map((method) => confidenceBars(method, of.histogram[method], scales)),
    ...CONFIDENT.flatMap((value, nth) => confidentMark(value, nth, scales)),
  );
  const shares = (method) => CONFIDENT.map((value) => shareAbove(of.histogram[method], value)).join(", ");
  box.replaceChildren(element("h4", {}, "Confidence of the answers"), svg, methodLegend(methods));
  box.append(...methods.map((method) => element("p", { class: "note" }, `${methodName(method)}: ${shares(method)}`)));
}

const redrawCalibration = [
  ["reliability", drawReliability],
  ["confidence", drawConfidence],
].map(([id, draw]) => drawn(byId(id), (width) => draw(byId(id), width)));

byId("calibrated-by").addEventListener("change", () => redrawCalibration.forEach((redraw) => redraw()));

let calibrationShown = null;
watch(() => {
  if (calibrationShown !== state.head) {
    calibrationShown = state.head;
    const method = calibrationOf()?.method ?? "none";
    if (method !== "none") byId("calibrated-by").value = method;
  }
  redrawCalibration.forEach((redraw) => redraw());
});
