// Accuracy over the share that the rules answer; and how long an answer takes, from a log beside this page.
const TIMES = "../.logs/answers.js";

const redrawRouting = drawn(byId("routed"), (width) => {
  const { coverage, accuracy, threshold } = facts.own.routing.curve;
  const { coverage: chosen, hybrid } = facts.own.routing;
  const share = (value) => `${figure(100 * value, 1)} %`;
  const asked = (limit) => (limit > 1 ? "the model alone" : `rules of a confidence of ${figure(limit, 3)} or more`);
  plotLines(byId("routed"), width, {
    title: "Accuracy of the hybrid; the dot is the chosen threshold",
    series: [{ name: "hybrid", look: "s0", x: coverage, y: accuracy }],
    x: { ticks: [0, 0.2, 0.4, 0.6, 0.8, 1], name: "share that the rules answer" },
    y: { ticks: ticksOf(accuracy, false, Math.min(...accuracy)), name: "accuracy" },
    dots: [{ look: "s0", x: chosen, y: hybrid }],
    tell: (index) => [
      asked(threshold[index]),
      `the rules answer ${share(coverage[index])}`,
      `accuracy ${share(accuracy[index])}`,
    ],
  });
});
watch(redrawRouting);

function tellTimes() {
  const times = window.answerTimes;
  for (const cell of document.querySelectorAll("#routing td.time")) {
    const of = times[cell.dataset.way];
    cell.textContent = `${short(of.mean)} ms, longest ${short(of.longest)} ms`;
  }
  const over = `the mean over ${plural(times.images, "validation image")}, from opening the file on, on one core`;
  byId("answer-times").textContent = `Times are ${over}; they are in the local log, not in this page.`;
}

function noTimes() {
  for (const cell of document.querySelectorAll("#routing .time")) cell.hidden = true;
  byId("answer-times").textContent = "The times are in a local log, which is not beside this page.";
}

byId("routing").addEventListener("shown", () => beside(TIMES, tellTimes, noTimes), { once: true });
