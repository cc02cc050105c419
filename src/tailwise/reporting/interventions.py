"""What training did about faults, and how each phase was computed in the end."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tailwise.core.files import read_csv, read_json

COLUMNS = ("epoch", "step", "fault", "action", "text")
"""Of interventions.csv; every further column is a number of the action, such as the new learning rate."""

FORMER_ACTIONS = {
    "batch skipped": "skip batch",
    "back to the last good weights": "roll back",
    "a simpler model goes on": "fall back",
    "micro-batch": "halve micro-batch",
}
"""How the sentences of former versions begin: {beginning: action}."""


@dataclass(frozen=True)
class Intervention:
    """A row of interventions.csv. epoch, step: from 1; text: the numbers that the fault was found by

    action: skip batch, roll back, fall back, halve micro-batch or alert; done: the same with its numbers, for a person
    """

    phase: str
    epoch: int
    step: int
    fault: str
    action: str
    text: str
    done: str

    @property
    def line(self) -> str:
        seen = f" ({self.text})" if self.text else ""
        return f"step {self.step}: {self.fault}{seen}: {self.done}"

    @property
    def at(self) -> str:
        return f"at epoch {self.epoch}, step {self.step}"


def read_interventions(folder: Path, phases: list[str]) -> dict[str, list[Intervention]]:
    """{phase: its interventions in order}, without the phases that kept no record."""
    files = {phase: folder / phase / "interventions.csv" for phase in phases}
    return {phase: [_read(phase, row) for row in read_csv(file)] for phase, file in files.items() if file.exists()}


def read_computed(folder: Path, phases: list[str]) -> dict[str, dict]:
    """{phase: {"device", "processes", "micro_batch", "fallback"}}, without the phases that kept no record.

    fallback: how many simpler models took over up to the best epoch
    """
    files = {phase: folder / phase / "run.json" for phase in phases}
    found = {phase: read_json(file) for phase, file in files.items() if file.exists()}
    return {phase: {"fallback": of_phase.get("simpler", 0), **of_phase} for phase, of_phase in found.items()}


def notices(phases: list[str], made: dict[str, list[Intervention]], computed: dict[str, dict]) -> list[tuple[str, str]]:
    """(phase, line) for each fallback and shortage of memory. phases: in order, each continues the one before."""
    found, source = [], ""
    for phase in phases:
        how = computed.get(phase, {})
        if source:
            found.append((phase, f"begun with the simpler model that took over in {source}"))
        found += [(phase, line) for line in _of_memory(made.get(phase, []), how)]
        found += [(phase, line) for line in _of_fallbacks(made.get(phase, []), how)]
        source = phase if how.get("fallback") else source
    return found


def _of_memory(made: list[Intervention], how: dict) -> Iterator[str]:
    for first in [each for each in made if each.action == "halve micro-batch"][:1]:
        size = f": micro-batch {how['micro_batch']}" if "micro_batch" in how else ""
        yield f"memory ran short{size}, first {first.at}"


def _of_fallbacks(made: list[Intervention], how: dict) -> Iterator[str]:
    fallbacks = [each for each in made if each.action == "fall back"]
    for number, each in enumerate(fallbacks, start=1):
        kept = "" if number <= how.get("fallback", 0) else "; the best weights are those of the model before"
        yield f"a simpler model took over {each.at} ({each.fault}){kept}"


def _read(phase: str, row: dict[str, str]) -> Intervention:
    former = next((action for start, action in FORMER_ACTIONS.items() if row["action"].startswith(start)), None)
    numbers = [f"{name.replace('_', ' ')} {value}" for name, value in row.items() if value and name not in COLUMNS]
    done = ", ".join([row["action"], *numbers])
    where = phase, int(row["epoch"]), int(row["step"])
    return Intervention(*where, row["fault"], former or row["action"], row["text"], done)
