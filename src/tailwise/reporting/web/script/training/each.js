// A curve of each class. A few have a colour each; of many the chosen one stands out.
function classLook(index) {
  if (state.label === index) return labels().length > COLOURS ? "strong" : `s${index} strong`;
  if (labels().length > COLOURS) return "faint";
  return state.label < 0 ? `s${index}` : `s${index} faint`;
}

// The lines nearest to the pointer, the chosen class first.
function nearest(series, limit) {
  return (step, height, y) => {
    const known = [...series.keys()].filter((which) => isNumber(series[which].values[step]));
    const far = (which) => Math.abs(y(series[which].values[step]) - height);
    const near = known.sort((one, other) => far(one) - far(other)).slice(0, limit);
    return state.label < 0 ? near : [...new Set([state.label, ...near])];
  };
}

const redrawEach = drawn(byId("each"), (width) => {
  const measure = byId("measure");
  const rows = head().over_epochs[measure.value];
  const few = labels().length <= COLOURS;
  const series = labels().map((name, index) => ({
    name,
    values: rows.map((row) => row[index]),
    look: classLook(index),
    named: few || index === state.label,
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
watch(redrawEach);
