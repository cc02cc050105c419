// The row of the chosen class is marked in the table of classes.
watch(() => {
  for (const row of document.querySelectorAll("#result .of-head tr[data-label]"))
    row.classList.toggle("chosen", row.dataset.label === labels()[state.label]);
});
