// Curves overall and per class. Steps are on the horizontal axis; a triangle marks the epoch that was kept.
const COLOURS = 8;
const SAID = { macro_recall: "macro recall", macro_f1: "macro F1", accuracy: "accuracy", min_recall: "lowest recall" };

const line = (name, values, place) => ({ name, values, look: `s${place % COLOURS}`, named: true });

const CHARTS = [
  () => ({
    title: `${head().name} on validation`,
    unit: true,
    series: Object.entries(SAID).map(([key, name], place) => line(name, head().figures[key], place)),
  }),
  () => ({
    title: "Loss",
    reached: true,
    series: [line(`${head().name}, validation`, head().figures.loss, 0), line("training", facts.figures.train_loss, 1)],
  }),
  () => ({ title: "Gradient norm", series: [line("all parameters", facts.figures.gradient_norm, 5)] }),
  () => ({ title: "Learning rate", series: [line("all phases", facts.figures.lr, 6)] }),
];

const redrawOverall = CHARTS.map((chart) => {
  const box = element("div", { class: "chart" });
  byId("overall").append(box);
  return drawn(box, (width) => {
    const { series, ...rest } = chart();
    const known = series.filter((each) => each.values.some(isNumber));
    if (known.length) lineChart(box, width, { ...rest, series: known });
  });
});

// A few classes have a colour each; of many the chosen one stands out, and the pointer tells of the nearest.
function classLook(place) {
  if (state.label === place) return labels().length > COLOURS ? "strong" : `s${place} strong`;
  if (labels().length > COLOURS) return "faint";
  return state.label < 0 ? `s${place}` : `s${place} faint`;
}

function nearest(series, limit) {
  return (place, height, y) => {
    const known = [...series.keys()].filter((which) => isNumber(series[which].values[place]));
    const far = (which) => Math.abs(y(series[which].values[place]) - height);
    const near = known.sort((one, other) => far(one) - far(other)).slice(0, limit);
    return state.label < 0 ? near : [...new Set([state.label, ...near])];
  };
}

const redrawEach = drawn(byId("each"), (width) => {
  const measure = byId("measure");
  const rows = head().over_epochs[measure.value];
  const few = labels().length <= COLOURS;
  const series = labels().map((name, place) => ({
    name,
    values: rows.map((row) => row[place]),
    look: classLook(place),
    named: few || place === state.label,
  }));
  const title = `${measure.selectedOptions[0].textContent} of each class of ${head().name}`;
  lineChart(byId("each"), width, {
    title,
    series,
    unit: measure.value !== "predicted",
    pick: few ? null : nearest(series, 5),
  });
});

byId("measure").addEventListener("change", redrawEach);
watch(() => [...redrawOverall, redrawEach].forEach((redraw) => redraw()));
