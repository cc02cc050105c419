// What is chosen: a head, a class of it (-1: all) and a step, that is an epoch of a phase.
// A pipeline without heads has neither heads nor classes to choose.
const facts = JSON.parse(byId("facts").textContent);
const state = {
  head: 0,
  label: -1,
  step: Math.max(
    0,
    facts.steps.findLastIndex((step) => step.kept),
  ),
};
const watchers = [];

// What a pipeline adds. explain(mistake): nodes for the card of a mistake
const own = { explain: () => [] };

const head = () => facts.heads[state.head];
const labels = () => head()?.classes ?? [];
const step = () => facts.steps[state.step];

const watch = (update) => watchers.push(update);

function choose(change) {
  if ("head" in change && change.head !== state.head) change = { label: -1, ...change };
  if ("step" in change) change.step = Math.min(Math.max(0, change.step), facts.steps.length - 1);
  Object.assign(state, change);
  watchers.forEach((update) => update());
}

function stepName(of) {
  const last = facts.steps.filter((other) => other.phase === of.phase).length;
  return `${of.phase}, epoch ${of.epoch} of ${last}${of.kept ? " (kept)" : ""}`;
}
