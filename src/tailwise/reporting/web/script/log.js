// Time and memory of the stages: a script beside this page, which is there after a run and is no part of it.
const LOG = "../.logs/stages.js";

function logTable(runs) {
  const longest = Math.max(...runs.map((run) => run.seconds), 1e-9);
  const row = ({ stage, seconds, mb }) =>
    element(
      "tr",
      {},
      element("td", {}, stage),
      element("td", {}, `${figure(seconds, 1)} s`),
      element("td", {}, meter(seconds / longest)),
      element("td", {}, isNumber(mb) ? `${figure(mb, 0)} MB` : "–"),
    );
  const names = element(
    "tr",
    {},
    element("th", {}, "stage"),
    element("th", { colspan: 2 }, "time"),
    element("th", {}, "most memory"),
  );
  return element("table", {}, element("thead", {}, names), element("tbody", {}, ...runs.map(row)));
}

function readLog() {
  const say = (text) => (byId("log-state").textContent = text);
  const show = () => {
    const runs = Array.isArray(window.stageLog) ? window.stageLog : [];
    if (!runs.length) return say("The log is empty.");
    byId("log").replaceChildren(logTable(runs));
    say(
      `${runs.length} stages, ${figure(
        runs.reduce((sum, run) => sum + run.seconds, 0),
        0,
      )} s together.`,
    );
  };
  const absent = () => say("There is no log beside this page: no stage has run here, or the page was moved.");
  beside(LOG, show, absent);
}

byId("run").addEventListener("shown", readLog, { once: true });
