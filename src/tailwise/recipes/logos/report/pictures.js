// Images of the contact sheet by class; each mistake with the attention over its parts.
const SIDE = 128;

// attention: rows of numbers; dark where the model looked away.
function attentionFigure(attention, picture) {
  const canvas = element("canvas", { width: SIDE, height: SIDE, role: "img", "aria-label": "attention" });
  const image = new Image();
  image.addEventListener("load", () => {
    const context = canvas.getContext("2d");
    context.drawImage(image, 0, 0, SIDE, SIDE);
    const step = SIDE / attention.length;
    const most = Math.max(...attention.flat());
    attention.forEach((row, y) =>
      row.forEach((weight, x) => {
        context.fillStyle = `rgba(0, 0, 0, ${0.85 * (1 - weight / most)})`;
        context.fillRect(x * step, y * step, step, step);
      }),
    );
  });
  image.src = picture;
  return element("figure", {}, canvas, element("figcaption", {}, "attention"));
}

own.explain = (mistake) => {
  const image = element("img", { src: mistake.picture, alt: mistake.sample });
  const figures = [element("figure", {}, image, element("figcaption", {}, "image"))];
  if (mistake.attention) figures.push(attentionFigure(mistake.attention, mistake.picture));
  const { entropy, mutual_information: between, log_variance: variance } = mistake.uncertainty;
  const most = figure(Math.log(Object.keys(mistake.probabilities).length));
  const own = isNumber(variance) ? `; the model's own log variance ${figure(variance)}` : "";
  const dropout = `of which ${figure(between)} differs from one dropout pass to another`;
  const told = `Uncertainty: entropy ${figure(entropy)}, ${dropout} (at most ${most})${own}.`;
  return [element("div", { class: "looked" }, ...figures), element("p", { class: "note" }, told)];
};

watch(() => {
  for (const sheet of document.querySelectorAll(".sheet"))
    sheet.hidden = state.label >= 0 && sheet.dataset.label !== labels()[state.label];
});
