// Curves of pretraining, over its own epochs.
const PRETRAINING = facts.own.pretraining;

function overEpochs(id, title, columns, unit) {
  const box = byId(id);
  return drawn(box, (width) => {
    const over = PRETRAINING.epochs;
    const series = Object.entries(columns()).map(([name, y], nth) => ({ name, look: `s${nth % 8}`, x: over, y }));
    if (!series.length) return box.replaceChildren();
    plotLines(box, width, {
      title: title(),
      series,
      x: { ticks: ticksOf([over.at(-1)]), name: "epoch" },
      y: { ticks: ticksOf(series.flatMap((line) => line.y).filter(isNumber), unit), name: "" },
      tell: (index) => [`epoch ${over[index]}`, ...series.map(({ name, y }) => `${name}: ${figure(y[index], 3)}`)],
    });
  });
}

const probesOf = () => (Object.hasOwn(PRETRAINING.heads, head().name) ? PRETRAINING.heads[head().name] : {});

const redrawPretraining = [
  overEpochs("probed", () => `Linear probe of ${head().name} on validation`, probesOf, true),
  overEpochs("contrasted", () => "Loss of each projection on validation", () => PRETRAINING.losses),
  overEpochs("found-again", () => "Views found again", () => ({ share: PRETRAINING.found }), true),
];
watch(() => redrawPretraining.forEach((redraw) => redraw()));
