// Each view of a mistake as a strip of frames, which can be played as a film; the contact sheet by class.
const FRAME_MS = 250;
const LEAST_HEIGHT = 120;

function viewFigure(view, index) {
  const name = `view ${index + 1}`;
  const image = element("img", { src: view.strip, alt: `${name}: ${view.frames} frames` });
  const attention = isNumber(view.attention) ? [meter(view.attention), `attention ${percent(view.attention)}`] : [];
  const film = element("div", { class: "film scrolls", tabindex: 0, role: "group", "aria-label": name }, image);
  return {
    image,
    film,
    frames: view.frames,
    node: element("figure", { class: "view" }, film, element("figcaption", {}, name, ...attention)),
  };
}

// Shows one frame through a window of a frame's size; nth null: the whole strip again.
function turn({ image, film, frames }, nth) {
  if (!image.naturalWidth) return;
  const still = nth === null;
  const gap = facts.own.gap;
  const scale = still ? 1 : Math.max(1, Math.round(LEAST_HEIGHT / image.naturalHeight));
  const frame = (image.naturalWidth + gap) / frames;
  image.style.width = still ? "" : `${image.naturalWidth * scale}px`;
  film.style.width = still ? "" : `${(frame - gap) * scale}px`;
  image.style.transform = still ? "" : `translateX(${-(nth % frames) * frame * scale}px)`;
  film.dataset.frame = still ? "" : (nth % frames) + 1;
  if (!still) film.scrollLeft = 0;
}

function playButton(box, views) {
  let timer = null;
  let nth = 0;
  const button = element("button", { type: "button" }, "▶ Play");
  const set = (playing) => {
    clearInterval(timer);
    timer = playing ? setInterval(tick, FRAME_MS) : null;
    box.classList.toggle("playing", playing);
    button.textContent = playing ? "■ Stop" : "▶ Play";
    nth = 0;
    show(playing ? nth : null);
  };
  const show = (frame) => views.forEach((view) => turn(view, frame));
  const tick = () => (box.isConnected ? show(++nth) : clearInterval(timer));
  button.addEventListener("click", () => set(timer === null));
  return button;
}

own.explain = (mistake) => {
  const views = mistake.views.map(viewFigure);
  const box = element("div", { class: "views" }, ...views.map((view) => view.node));
  return views.length ? [box, playButton(box, views)] : [];
};

watch(() => {
  for (const row of document.querySelectorAll("table.strips tr"))
    row.hidden = state.label >= 0 && row.dataset.label !== labels()[state.label];
});
