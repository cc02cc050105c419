// Interventions: a diamond over their epoch and a line down from it, in every chart over the epochs.
const MOST_LINES = 6;

// The interventions of a step, a line each.
function interventionLines(index) {
  const lines = facts.interventions[index];
  const more = lines.length - MOST_LINES;
  return more > 0 ? [...lines.slice(0, MOST_LINES), `and ${more} more, see the table`] : lines;
}

// Makes a mark a button: Tab reaches it and shows its lines, Enter chooses its epoch.
function buttonOf(index) {
  const lines = [stepName(facts.steps[index]), ...interventionLines(index)];
  const showLines = ({ target }) => {
    const box = target.getBoundingClientRect();
    requestAnimationFrame(() => showTip({ clientX: box.right, clientY: box.top + 12 }, lines));
  };
  return {
    tabindex: 0,
    role: "button",
    "aria-label": lines.join("; "),
    onfocus: showLines,
    onblur: hideTip,
    onkeydown: (event) => ["Enter", " "].includes(event.key) && (event.preventDefault(), choose({ step: index })),
  };
}

function interventionMark(index, x, bottom, reached) {
  return shape(
    "g",
    { class: "done", "data-step": index, ...(reached ? buttonOf(index) : { "aria-hidden": "true" }) },
    shape("line", { x1: x(index), x2: x(index), y1: MARGIN.top, y2: bottom }),
    shape("path", { d: `M${x(index)} ${MARGIN.top - 6}l6 6l-6 6l-6 -6z` }),
  );
}

const interventionMarks = (x, bottom, reached) =>
  [...facts.steps.keys()]
    .filter((index) => facts.interventions[index].length)
    .map((index) => interventionMark(index, x, bottom, reached));
