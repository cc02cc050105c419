// Mistakes: each view a strip of frames, which can be played as a film.
const PAGE = 8;
const FRAME_MS = 250;
const LEAST_HEIGHT = 120;
const MOST_PROBABLE = 4;
let shownMistakes = PAGE;

const by = (key) => (one, other) => (key(one) < key(other) ? -1 : key(one) > key(other) ? 1 : 0);
const ORDERS = {
  surest: by((mistake) => -mistake.probabilities[mistake.predicted]),
  farthest: by((mistake) => mistake.probabilities[mistake.actual]),
  actual: by((mistake) => mistake.actual),
  predicted: by((mistake) => mistake.predicted),
  sample: (one, other) => one.sample.localeCompare(other.sample, "en", { numeric: true }),
};

function meter(share) {
  const box = shape("rect", { width: 100 * share, height: 8 });
  return shape("svg", { class: "bar", viewBox: "0 0 100 8", preserveAspectRatio: "none", "aria-hidden": "true" }, box);
}

function viewFigure(view, place) {
  const image = element("img", { src: view.strip, alt: `view ${place + 1}: ${view.frames} frames` });
  const seen = isNumber(view.attention) ? [meter(view.attention), `attention ${percent(view.attention)}`] : [];
  const film = element("div", { class: "film", tabindex: 0, role: "group", "aria-label": `view ${place + 1}` }, image);
  return {
    image,
    film,
    frames: view.frames,
    node: element("figure", { class: "view" }, film, element("figcaption", {}, `view ${place + 1}`, ...seen)),
  };
}

// Shows one frame through a window of a frame's size; nth null: the whole strip again.
function turn({ image, film, frames }, nth) {
  if (!image.naturalWidth) return;
  const still = nth === null;
  const scale = still ? 1 : Math.max(1, Math.round(LEAST_HEIGHT / image.naturalHeight));
  const frame = (image.naturalWidth + facts.gap) / frames;
  image.style.width = still ? "" : `${image.naturalWidth * scale}px`;
  film.style.width = still ? "" : `${(frame - facts.gap) * scale}px`;
  image.style.transform = still ? "" : `translateX(${-(nth % frames) * frame * scale}px)`;
  film.dataset.frame = still ? "" : (nth % frames) + 1;
  if (!still) film.scrollLeft = 0;
}

function playButton(item, views) {
  let timer = null;
  let nth = 0;
  const button = element("button", { type: "button" }, "▶ Play");
  const set = (playing) => {
    clearInterval(timer);
    timer = playing ? setInterval(tick, FRAME_MS) : null;
    item.classList.toggle("playing", playing);
    button.textContent = playing ? "■ Stop" : "▶ Play";
    nth = 0;
    show(playing ? nth : null);
  };
  const show = (frame) => views.forEach((view) => turn(view, frame));
  const tick = () => (item.isConnected ? show(++nth) : clearInterval(timer));
  button.addEventListener("click", () => set(timer === null));
  return button;
}

function probabilities(mistake) {
  const all = Object.entries(mistake.probabilities).sort((one, other) => other[1] - one[1]);
  const most = all.filter(([name], place) => place < MOST_PROBABLE || name === mistake.actual);
  const row = ([name, share]) => [element("span", {}, name), meter(share), element("span", {}, percent(share))];
  return element("div", { class: "probable" }, ...most.flatMap(row));
}

function card(mistake) {
  const views = mistake.views.map(viewFigure);
  const item = element("li", { class: "mistake" });
  const title = element(
    "h4",
    {},
    element("strong", {}, mistake.actual),
    ", taken for ",
    element("strong", {}, mistake.predicted),
  );
  item.append(
    title,
    element("p", { class: "note" }, mistake.sample, mistake.group ? ` · ${mistake.group}` : ""),
    probabilities(mistake),
    element("div", { class: "views" }, ...views.map((view) => view.node)),
  );
  if (views.length) item.append(playButton(item, views));
  return item;
}

function showMistakes() {
  const all = head().mistakes;
  const name = labels()[state.label];
  const mine = all.filter(({ actual, predicted }) => state.label < 0 || [actual, predicted].includes(name));
  const sorted = [...mine].sort(ORDERS[byId("order").value]);
  byId("strips").replaceChildren(...sorted.slice(0, shownMistakes).map(card));
  byId("more").hidden = sorted.length <= shownMistakes;
  const count = Math.min(shownMistakes, sorted.length);
  byId("mistakes-shown").textContent = all.length
    ? `${count} of ${all.length} shown.`
    : "No mistake of this head was kept.";
}

byId("order").addEventListener("change", showMistakes);
byId("more").addEventListener("click", () => {
  shownMistakes += PAGE;
  showMistakes();
});

let mistakesOf = null;
watch(() => {
  const now = `${state.head} ${state.label}`;
  if (now === mistakesOf) return;
  mistakesOf = now;
  shownMistakes = PAGE;
  showMistakes();
});
