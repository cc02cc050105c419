// What is chosen: a head, a class of it (-1: all) and a step, that is an epoch of a phase.
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

const head = () => facts.heads[state.head];
const labels = () => head().classes;
const step = () => facts.steps[state.step];

const watch = (told) => watchers.push(told);

function choose(change) {
  if ("head" in change && change.head !== state.head) change = { label: -1, ...change };
  if ("step" in change) change.step = Math.min(Math.max(0, change.step), facts.steps.length - 1);
  Object.assign(state, change);
  watchers.forEach((told) => told());
}

function stepName(of) {
  const last = facts.steps.filter((other) => other.phase === of.phase).length;
  return `${of.phase}, epoch ${of.epoch} of ${last}${of.kept ? " (kept)" : ""}`;
}
