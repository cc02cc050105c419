// Curves over the epochs of all phases; a triangle marks the epoch that was kept.
const COLOURS = 8;
const TITLES = { macro_recall: "macro recall", macro_f1: "macro F1", accuracy: "accuracy", min_recall: "lowest recall" };

const line = (name, values, index) => ({ name, values, look: `s${index % COLOURS}`, named: true });

const headChart = () => ({
  title: `${head().name} on validation`,
  unit: true,
  series: Object.entries(TITLES).map(([key, name], index) => line(name, head().figures[key], index)),
});

function lossChart() {
  const validation = head() ? [line(`${head().name}, validation`, head().figures.loss, 0)] : [];
  return { title: "Loss", reached: true, series: [...validation, line("training", facts.figures.train_loss, 1)] };
}

const chart = (title, name, values, colour) => () => ({ title, series: [line(name, values, colour)] });
const titled = (name) => name[0].toUpperCase() + name.slice(1);
const { lr, gradient_norm } = facts.figures;

// The figures of a family, a line each; the members of one family have one scale.
const familyChart = ({ title, lines }) => () => ({
  title: titled(lines.length > 1 || lines[0].name === title ? title : `${title}, ${lines[0].name}`),
  series: lines.map(({ name, figure }, index) => line(name, facts.figures[figure], lines.length > 1 ? index : 3)),
});

const BLOCKS = Object.entries(facts.block_norms);
const blockChart = () => ({
  title: "Gradient norm of each block of the model",
  log: true,
  series: BLOCKS.map(([name, values], index) => line(name, values, index)),
});

const CHARTS = [
  ...(facts.heads.length ? [headChart] : []),
  lossChart,
  chart("Gradient norm", "all parameters", gradient_norm, 5),
  ...(BLOCKS.length > 1 ? [blockChart] : []),
  chart("Learning rate", "all phases", lr, 6),
  ...facts.charts.filter(({ shown }) => shown).map(familyChart),
];
const MORE_CHARTS = facts.charts.filter(({ shown }) => !shown).map(familyChart);

const redrawIn = (parent) => (chart) => {
  const box = element("div", { class: "chart" });
  parent.append(box);
  return drawn(box, (width) => {
    const { series, ...rest } = chart();
    const known = series.filter((each) => each.values.some(isNumber));
    if (known.length) lineChart(box, width, { ...rest, series: known });
  });
};

const redrawOverall = [
  ...CHARTS.map(redrawIn(byId("overall"))),
  ...MORE_CHARTS.map(redrawIn(byId("more-curves"))),
];
byId("more-curves").parentElement.hidden = !MORE_CHARTS.length;

watch(() => redrawOverall.forEach((redraw) => redraw()));
