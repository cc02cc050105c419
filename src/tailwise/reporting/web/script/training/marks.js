// Interventions: a diamond over their epoch and a line down from it, in every chart over the epochs.
const MOST_TOLD = 6;

// Lines on what was done at a step.
function done(place) {
  const said = facts.interventions[place];
  const more = said.length - MOST_TOLD;
  return more > 0 ? [...said.slice(0, MOST_TOLD), `and ${more} more, see the table`] : said;
}

// reached: the mark is reached by Tab, told as it is, and Enter chooses its epoch.
function doneMark(place, x, bottom, reached) {
  const lines = [stepName(facts.steps[place]), ...done(place)];
  const tell = ({ target }) => {
    const box = target.getBoundingClientRect();
    requestAnimationFrame(() => showTip({ clientX: box.right, clientY: box.top + 12 }, lines));
  };
  const keys = {
    tabindex: 0,
    role: "button",
    "aria-label": lines.join("; "),
    onfocus: tell,
    onblur: hideTip,
    onkeydown: (event) => ["Enter", " "].includes(event.key) && (event.preventDefault(), choose({ step: place })),
  };
  return shape(
    "g",
    { class: "done", "data-step": place, ...(reached ? keys : { "aria-hidden": "true" }) },
    shape("line", { x1: x(place), x2: x(place), y1: MARGIN.top, y2: bottom }),
    shape("path", { d: `M${x(place)} ${MARGIN.top - 6}l6 6l-6 6l-6 -6z` }),
  );
}

const doneMarks = (x, bottom, reached) =>
  [...facts.steps.keys()]
    .filter((place) => facts.interventions[place].length)
    .map((place) => doneMark(place, x, bottom, reached));
