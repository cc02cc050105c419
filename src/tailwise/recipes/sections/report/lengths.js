// How long the sections of each class are: filled bars for the truth, an outline for the answers.
function lengthBars({ truth, answer }, edges, label, width) {
  const [height, bottom, left] = [86, 16, 4];
  const shares = (of) => of.counts.map((count) => (of.count ? count / of.count : 0));
  const [real, told] = [shares(truth), shares(answer)];
  const most = Math.max(...real, ...told, 0.01);
  const x = (bin) => left + (bin / real.length) * (width - 2 * left);
  const y = (share) => 4 + height * (1 - share / most);
  const bars = real.map((share, bin) =>
    shape("rect", {
      class: "truth",
      x: x(bin) + 1,
      width: x(bin + 1) - x(bin) - 2,
      y: y(share),
      height: 4 + height - y(share),
    }),
  );
  const outline =
    told.map((share, bin) => `${bin ? "V" : `M${x(0)} ${y(0)}V`}${y(share)}H${x(bin + 1)}`).join("") + `V${y(0)}`;
  const every = Math.max(1, Math.ceil((34 * edges.length) / width));
  const ticks = edges.flatMap((edge, bin) =>
    bin % every
      ? []
      : [shape("text", { x: x(bin), y: height + bottom + 3, "text-anchor": bin ? "middle" : "start" }, short(edge))],
  );
  return shape(
    "svg",
    {
      width,
      height: height + bottom + 6,
      class: `bars ${kindOf(label)}`,
      role: "img",
      "aria-label": `Lengths of ${className(label)}`,
    },
    ...bars,
    shape("path", { class: "answer", d: outline }),
    shape("line", { class: "edge", x1: left, x2: width - left, y1: y(0), y2: y(0) }),
    ...ticks,
  );
}

function lengthFigure(of, label) {
  const { unit, lengths } = facts.own.structure;
  const told = ({ count, median }) => `${count}${count ? `, median ${short(median)}` : ""}`;
  const box = element("div", { class: "chart" });
  drawn(box, (width) => box.replaceChildren(lengthBars(of, lengths.edges, label, width)));
  const note = `${unit}s: truth ${told(of.truth)}; answers ${told(of.answer)}`;
  return element(
    "div",
    {},
    element("h4", {}, element("i", { class: `swatch ${kindOf(label)}` }), className(label)),
    element("p", { class: "note" }, note),
    box,
  );
}

byId("lengths").append(...facts.own.structure.lengths.classes.map(lengthFigure));
