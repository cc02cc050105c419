"""Results of the runs of faults.py: one CSV row per attempted step, and a summary table; picture.py draws them.

Recall is macro recall on validation, averaged over heads; chance is one over a head's number of classes. The best
epoch's recall is slightly optimistic, because it selects that epoch; the last epoch's is not.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path

from inject import FAULTS, FIRST_EPOCH, UNDISTURBED
from setting import HEADS
from tailwise.core.files import read_csv, write_csv

KEPT = Path("reports/bench/faults.csv")
HEADER = ["fault", "guards", "epoch", "step", "loss", "event", "recall"]
CHANCE = sum(1 / len(head.classes) for head in HEADS) / len(HEADS)
NEAR = 0.05
"""A run whose recall is within this of chance has learned nothing, or forgotten it."""
ASKED = 0.03
"""Target: maximum recall that a fault may cost."""

Row = dict[str, str]


def rows_of(fault: str, guards: bool, happened: dict) -> list[list]:
    """Rows of HEADER: attempts in order, an epoch's recall in its last row, then why the run ended early."""
    done, name = defaultdict(list), [fault, "on" if guards else "off"]
    for epoch, step, kind, action in happened.get("done", []):
        done[epoch, step].append(f"{kind}: {action}")
    rows, steps = [], happened.get("steps", 1)
    for number, loss in happened.get("losses", []):
        epoch, step = number // steps + 1, number % steps + 1
        event = done[epoch, step].pop(0) if done[epoch, step] and belongs_to_attempt(loss, done[epoch, step][0]) else ""
        rows.append([*name, epoch, step, "" if loss is None else f"{loss:.4g}", event, ""])
    last = {row[2]: row for row in rows}
    for epoch, recall in enumerate(happened.get("recalls", []), start=1):
        last[epoch][-1] = f"{recall:.4f}"
    return rows + ([[*name, "", "", "", happened["ended"], ""]] if happened["ended"] else [])


def belongs_to_attempt(loss: float | None, event: str) -> bool:
    """Whether an event belongs to this attempt: out of memory yields no loss, and the step is repeated."""
    return (loss is None) == event.startswith("out of memory")


def keep(fault: str, guards: bool, happened: dict) -> None:
    """Replace the rows of this run."""
    new = rows_of(fault, guards, happened)
    others = [
        list(row.values()) for row in kept() if [row["fault"], row["guards"]] != [fault, "on" if guards else "off"]
    ]
    rows = sorted([*others, *new], key=lambda row: (list(FAULTS).index(row[0]), row[1] == "off"))
    write_csv(KEPT, HEADER, rows)


def kept() -> list[Row]:
    return read_csv(KEPT) if KEPT.exists() else []


@dataclass(frozen=True)
class Curve:
    """A run. rows: one per attempt; ended: the reason it ended early, "" if it did not"""

    fault: str
    guards: str
    rows: list[Row]
    ended: str

    @property
    def recalls(self) -> list[float]:
        return [float(row["recall"]) for row in self.rows if row["recall"]]

    @property
    def done(self) -> str:
        """Counts of interventions."""
        counts = Counter(row["event"].split(",")[0] for row in self.rows if row["event"])
        return ", ".join(f"{count} x {event}" for event, count in counts.items()) or "nothing"

    @property
    def verdict(self) -> str:
        if self.ended:
            return "not finite" if "not finite" in self.ended else self.ended
        return "chance" if self.recalls[-1] < CHANCE + NEAR else "finished"

    def lost(self, epochs: int) -> str:
        """Epochs from each injection until recall is back at its earlier value."""
        begins = (FIRST_EPOCH, epochs // 2 + 1)[: FAULTS[self.fault].times]
        return " + ".join(self._lost(epoch) for epoch in begins if epoch <= len(self.recalls)) or "-"

    def _lost(self, epoch: int) -> str:
        before, after = self.recalls[epoch - 2], self.recalls[epoch - 1 :]
        back = next((count for count, recall in enumerate(after) if recall >= before), None)
        return "all" if back is None else str(back)


def read_curves() -> list[Curve]:
    runs: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in kept():
        runs[row["fault"], row["guards"]].append(row)
    return [
        Curve(*name, [row for row in rows if row["epoch"]], "".join(row["event"] for row in rows if not row["epoch"]))
        for name, rows in runs.items()
    ]


def table() -> str:
    """The runs as a Markdown table."""
    found = read_curves()
    straight = next(curve for curve in found if curve.fault == UNDISTURBED)
    lines = [["fault", "guards", "done", "epochs lost", "recall, last epoch", "best epoch", "cost", "ended"]]
    lines += [line(curve, straight) for curve in found]
    widths = [max(map(len, column)) for column in zip(*lines)]
    rendered = [f"| {' | '.join(cell.ljust(width) for cell, width in zip(line, widths))} |" for line in lines]
    rendered.insert(1, f"| {' | '.join('-' * width for width in widths)} |")
    note = f"{len(straight.recalls)} epochs. Chance is {CHANCE:.3f}. Cost: of the last epoch, target at most {ASKED:g}."
    return "\n".join([*rendered, "", note])


def line(curve: Curve, straight: Curve) -> list[str]:
    epochs, cost = len(straight.recalls), "-"
    last, best = (f"{pick(curve.recalls):.3f}" if curve.recalls else "-" for pick in (lambda r: r[-1], max))
    if not curve.ended and curve is not straight:
        lost = straight.recalls[-1] - curve.recalls[-1]
        cost = f"{lost:+.3f}: {'kept' if lost <= ASKED else 'MISSED'}"
    return [curve.fault, curve.guards, curve.done, curve.lost(epochs), last, best, cost, curve.verdict]
