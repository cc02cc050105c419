// The change since the last committed run: a script beside this page has its figures, and is no part of it.
const COMMITTED = "../.logs/committed.js";
const SHOWN = { macro_recall: "macro recall", min_recall: "lowest recall" };
const SAME = 1e-6;

// What an object of another run has under this name; names are the data's, __proto__ too.
const part = (of, name) => (of !== null && typeof of === "object" && Object.hasOwn(of, name) ? of[name] : undefined);

// {name, now, before} of each class whose recall is known in both runs.
function classChanges(of, before) {
  const recalls = part(before, "recall");
  const pairs = of.classes.map((name, index) => {
    return { name, now: of.measured.recall[index].value, before: part(recalls, name) };
  });
  return pairs.filter((pair) => isNumber(pair.now) && isNumber(pair.before));
}

function figureChanges(now, before) {
  const pairs = Object.entries(now).map(([name, value]) => ({ name, now: value, before: part(before, name) }));
  return pairs.filter((pair) => isNumber(pair.now) && isNumber(pair.before));
}

// The figures of other metrics that the page shows, each with its place in another run's figures.
const HEADLINE = facts.headline ?? [];

function headlineChanges(metrics) {
  const pairs = HEADLINE.map(({ name, path, value }) => ({ name, now: value, before: path.reduce(part, metrics) }));
  return pairs.filter((pair) => isNumber(pair.now) && isNumber(pair.before));
}

const differs = ({ now, before }) => Math.abs(now - before) > SAME;

// Whether the figures of a committed run are this page's.
function isThisRun(run) {
  const known = MEASURED.map((of) => [of, part(run.metrics, of.name)]);
  if (known.some(([, before]) => typeof before !== "object")) return false;
  const pairs = known.flatMap(([of, before]) => [
    ...figureChanges(of.validation, before),
    ...classChanges(of, before),
  ]);
  const scores = [...figureChanges(facts.scores, run.metrics), ...headlineChanges(run.metrics)];
  return pairs.length > 0 && ![...pairs, ...scores].some(differs);
}

function signed({ now, before }, digits) {
  const size = Math.abs(now - before).toFixed(digits);
  return Number(size) === 0 ? "±0" : `${now < before ? "−" : "+"}${size}`;
}

// A difference of a recall, of which more is better.
function difference(pair, digits) {
  const kind = pair.now < pair.before ? "word fail" : "word pass";
  return element("span", { class: differs(pair) ? kind : "word" }, signed(pair, digits));
}

const MOST_NAMES = 5;

function allNames(pairs) {
  const more = pairs.length > MOST_NAMES ? ` and ${pairs.length - MOST_NAMES} more` : "";
  const first = pairs.slice(0, MOST_NAMES).map(({ name }) => name);
  return element("strong", {}, first.join(", ") + more);
}

// Each part of a head's change as a list of nodes.
function headChange(of, run) {
  const before = part(run.metrics, of.name);
  if (typeof before !== "object") return [["that run has no such head"]];
  const figures = figureChanges(of.validation, before).filter(({ name }) => name in SHOWN);
  const classes = classChanges(of, before).sort((one, other) => one.now - one.before - (other.now - other.before));
  const lost = classes.filter((pair) => pair.now === 0 && pair.before > 0);
  const found = classes.filter((pair) => pair.now > 0 && pair.before === 0);
  const rest = classes.filter((pair) => differs(pair) && !lost.includes(pair) && !found.includes(pair));
  const fell = rest.slice(0, 1).filter((pair) => pair.now < pair.before);
  const rose = rest.slice(-1).filter((pair) => pair.now > pair.before);
  return [
    ...(lost.length ? [["newly lost: ", allNames(lost)]] : []),
    ...(found.length ? [["no longer lost: ", allNames(found)]] : []),
    ...figures.map((pair) => [`${SHOWN[pair.name]} `, difference(pair, 3)]),
    ...fell.map((pair) => [`fell most: ${pair.name} `, difference(pair, 2)]),
    ...rose.map((pair) => [`rose most: ${pair.name} `, difference(pair, 2)]),
  ];
}

function scoreChange({ score, digits }, run) {
  const own = figureChanges({ [score]: part(facts.scores, score) }, run.metrics);
  const pairs = [...own, ...headlineChanges(run.metrics).filter(({ name }) => name === score)];
  return pairs.map((pair) => [`(${signed(pair, Number(digits))})`]);
}

function changeOf(box, run) {
  if ("score" in box.dataset) return run ? scoreChange(box.dataset, run) : [];
  return run ? headChange(MEASURED.find(({ name }) => name === box.dataset.head), run) : [["no earlier run"]];
}

function compare() {
  const [newest, earlier] = Array.isArray(window.committedRuns) ? window.committedRuns : [];
  const named = (run) => `${run.commit} of ${run.date}`;
  const own = newest && isThisRun(newest);
  const against = own ? earlier : newest;
  for (const box of document.querySelectorAll(".change"))
    box.replaceChildren(...changeOf(box, against).flatMap((nodes, nth) => (nth ? ["; ", ...nodes] : nodes)));
  const committed = own ? `This run is commit ${named(newest)}. ` : "";
  const since = against ? `Change: since commit ${named(against)}.` : "No earlier run is committed.";
  byId("committed").textContent = committed + since;
}

function unknown() {
  for (const box of document.querySelectorAll(".change[data-head]")) box.textContent = "not known here";
  byId("committed").textContent =
    "The last committed run lies beside this page, not in it: python3 -m tailwise summary looks it up.";
}

beside(COMMITTED, compare, unknown);
