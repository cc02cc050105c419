// Songs as cards, sorted and filtered; the transitions of the structure page lead here.
const SONGS_SHOWN = 6;
const SONG_ORDERS = {
  wrong: by((song) => song.accuracy),
  boundaries: by((song) => song.boundary_f1 ?? 2),
  confident: by((song) => -(song.confident ?? -1)),
  right: by((song) => -song.accuracy),
  longest: by((song) => -song.length),
  name: (one, other) => one.name.localeCompare(other.name, "en", { numeric: true }),
};
let songsShown = SONGS_SHOWN;

const rowsOf = (runs) => runs.map(([label, start, end]) => [className(label), start, end]);

function runsTable(song) {
  const rows = [
    ["truth", song.truth],
    ["answer", song.answer],
  ].flatMap(([which, runs]) =>
    rowsOf(runs).map(([name, start, end]) =>
      element(
        "tr",
        {},
        ...[which, name, placeName(song, start), lengthName(song, end - start)].map((text) => element("td", {}, text)),
      ),
    ),
  );
  const first = isNumber(song.seconds) ? "from" : `first ${facts.item_name}`;
  const header = ["", "section", first, "length"].map((text) => element("th", {}, text));
  return element(
    "div",
    { class: "wide tall" },
    element("table", {}, element("thead", {}, element("tr", {}, ...header)), element("tbody", {}, ...rows)),
  );
}

// Filled when it is opened, or a page of long songs would be slow.
function runsDetails(song) {
  const details = element("details", {}, element("summary", {}, "Sections as a table"));
  details.addEventListener("toggle", () => details.children.length < 2 && details.append(runsTable(song)));
  return details;
}

function songCard(song) {
  const told = [
    song.group === song.name ? "" : song.group,
    lengthName(song, song.length),
    `accuracy ${percent(song.accuracy)}`,
    `boundary F1 ${figure(song.boundary_f1)}`,
    isNumber(song.confident) ? `mean confidence where wrong ${percent(song.confident)}` : "",
  ].filter((text) => text !== "");
  const score = element("div", { class: "score" }, element("div", {}, stripsOf(song), runsDetails(song)));
  if (song.matrix) score.append(matrixFigure(song.matrix, song, "similarity"));
  return element(
    "li",
    { class: "song" },
    element("h3", {}, song.name),
    element("p", { class: "note" }, told.join(" · ")),
    score,
  );
}

// [from, to, found] of each change in the truth of a song.
const changesOf = (song) => song.truth.slice(1).map(([label], nth) => [song.truth[nth][0], label, song.found[nth]]);

function isChosen(song) {
  const label = state.label;
  if (label >= 0 && ![...song.truth, ...song.answer].some((run) => run[0] === label)) return false;
  const [wanted, missed] = [byId("transition").value, byId("missed").checked];
  const changes = changesOf(song).filter(([from, to]) => wanted === "" || wanted === `${from} ${to}`);
  return missed ? changes.some(([, , found]) => !found) : wanted === "" || changes.length > 0;
}

function showSongs() {
  const all = facts.own.songs.songs;
  const chosen = all.filter(isChosen).sort(SONG_ORDERS[byId("song-order").value]);
  byId("song-cards").replaceChildren(...chosen.slice(0, songsShown).map(songCard));
  byId("more-songs").hidden = chosen.length <= songsShown;
  const shown = `${Math.min(songsShown, chosen.length)} of ${chosen.length} shown`;
  byId("songs-shown").textContent = chosen.length ? `${shown}.` : "No song is like this.";
}

function transitionOptions() {
  const counts = new Map();
  for (const song of facts.own.songs.songs)
    for (const key of new Set(changesOf(song).map(([from, to]) => `${from} ${to}`)))
      counts.set(key, (counts.get(key) ?? 0) + 1);
  const sorted = [...counts].sort((one, other) => other[1] - one[1] || (one[0] < other[0] ? -1 : 1));
  return sorted.map(([key, count]) =>
    option(
      `${key
        .split(" ")
        .map((label) => className(Number(label)))
        .join(" → ")} (${plural(count, "song")})`,
      key,
    ),
  );
}

const again = () => {
  songsShown = SONGS_SHOWN;
  showSongs();
};

byId("transition").append(option("any", ""), ...transitionOptions());
for (const id of ["transition", "missed", "song-order"]) byId(id).addEventListener("change", again);
byId("more-songs").addEventListener("click", () => {
  songsShown += SONGS_SHOWN;
  showSongs();
});

for (const button of document.querySelectorAll("[data-transition]")) {
  if (![...byId("transition").options].some(({ value }) => value === button.dataset.transition)) button.remove();
  button.addEventListener("click", () => {
    byId("transition").value = button.dataset.transition;
    byId("missed").checked = button.dataset.missed === "1";
    state.label = -1;
    location.hash = "#songs";
    again();
  });
}

let songsOf = null;
watch(() => {
  if (songsOf === state.label) return;
  songsOf = state.label;
  again();
});

// A mistake in its song, and where the model looked.
own.explain = ({ sample, position, attention, scales, pyramid }) => {
  const song = facts.own.songs.songs.find(({ name }) => name === sample);
  const score = element("div", { class: "score" });
  const maps = [
    scales && weightMap(scales, "weight of each scale"),
    pyramid && weightMap(pyramid, "weight of parts of the song"),
  ].filter(Boolean);
  if (song || maps.length) score.append(element("div", {}, ...(song ? [stripsOf(song, position)] : []), ...maps));
  if (attention) score.append(matrixFigure(attention, song ?? { name: sample, length: 1, truth: [] }, "attention"));
  return score.children.length ? [score] : [];
};
