// Explanations of the chosen class: labels of it, or taken for it.
watch(() => {
  const name = labels()[state.label];
  const other = (names) => state.label >= 0 && !names.includes(name);
  for (const each of document.querySelectorAll(".explained")) each.hidden = other([each.dataset.actual, each.dataset.predicted]);
});
