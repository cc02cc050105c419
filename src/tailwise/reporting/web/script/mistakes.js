// Mistakes as cards: classes, sample, probabilities, and what the pipeline shows of the sample.
const PAGE = 8;
const MOST_PROBABLE = 4;
let shownMistakes = PAGE;

const by = (key) => (one, other) => (key(one) < key(other) ? -1 : key(one) > key(other) ? 1 : 0);
const ORDERS = {
  confidence: by((mistake) => -mistake.probabilities[mistake.predicted]),
  probability: by((mistake) => mistake.probabilities[mistake.actual]),
  actual: by((mistake) => mistake.actual),
  predicted: by((mistake) => mistake.predicted),
  sample: (one, other) => one.sample.localeCompare(other.sample, "en", { numeric: true }),
};

function probabilities(mistake) {
  const all = Object.entries(mistake.probabilities).sort((one, other) => other[1] - one[1]);
  const most = all.filter(([name], rank) => rank < MOST_PROBABLE || name === mistake.actual);
  const row = ([name, share]) => [element("span", {}, name), meter(share), element("span", {}, percent(share))];
  return element("div", { class: "probable" }, ...most.flatMap(row));
}

function card(mistake) {
  const { actual, predicted, sample, group } = mistake;
  const position = mistake.position ?? "";
  const title = [element("strong", {}, actual), ", taken for ", element("strong", {}, predicted)];
  const place = position === "" ? "" : `${facts.item_name} ${position + 1}`;
  const where = [sample, place, group === sample ? "" : group].filter((text) => text !== "");
  return element(
    "li",
    { class: "mistake" },
    element("h4", {}, ...title),
    element("p", { class: "note" }, where.join(" · ")),
    probabilities(mistake),
    ...own.explain(mistake),
  );
}

function showMistakes() {
  const all = head()?.mistakes ?? [];
  const name = labels()[state.label];
  const mine = all.filter(({ actual, predicted }) => state.label < 0 || [actual, predicted].includes(name));
  const sorted = [...mine].sort(ORDERS[byId("order").value]);
  byId("mistake-cards").replaceChildren(...sorted.slice(0, shownMistakes).map(card));
  byId("more").hidden = sorted.length <= shownMistakes;
  const count = Math.min(shownMistakes, sorted.length);
  byId("mistakes-shown").textContent = all.length
    ? `${count} of ${all.length} shown.`
    : "No mistakes of this head are stored.";
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
