// Mistakes among the surest answers, by each order of them.
const ORDERED = { confidence: "by confidence", uncertainty: "by the model's own uncertainty" };

const redrawSelective = drawn(byId("selective"), (width) => {
  const box = byId("selective");
  const orders = Object.entries(head().selective ?? {});
  if (!orders.length) return box.replaceChildren();
  const over = orders[0][1].coverage;
  const lines = orders.map(([by, { risk }], nth) => ({ name: ORDERED[by], look: `s${nth}`, x: over, y: risk }));
  const right = 1 - lines[0].y.at(-1);
  const least = over.map((coverage) => Math.max(0, (coverage - right) / coverage));
  const best = { name: "if all mistakes came last", look: "bound", x: over, y: least };
  const series = [...lines, best];
  const share = (value) => `${figure(100 * value, 1)} %`;
  plotLines(box, width, {
    title: "Mistakes among the surest answers",
    series,
    x: { ticks: [0, 0.2, 0.4, 0.6, 0.8, 1], name: "share of the answers, the surest first" },
    y: { ticks: ticksOf(series.flatMap((line) => line.y)), name: "share of mistakes" },
    tell: (index) => [`the surest ${share(over[index])}`, ...series.map(({ name, y }) => `${name}: ${share(y[index])}`)],
  });
});

watch(redrawSelective);
