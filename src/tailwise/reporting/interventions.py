"""What was done about faults while the phases trained, and how they were computed in the end."""

from dataclasses import dataclass
from pathlib import Path

from tailwise.core.files import read_csv, read_json

MEMORY = "out of memory"
"""The fault after which less is computed at once."""
SIMPLER = "a simpler model goes on"
"""How the action begins by which the next simpler model took over."""


@dataclass(frozen=True)
class Intervention:
    """epoch, step: from 1; text: the numbers that the fault was found by"""

    phase: str
    epoch: int
    step: int
    fault: str
    action: str
    text: str

    @property
    def said(self) -> str:
        """One line."""
        return f"step {self.step}: {self.fault}{f' ({self.text})' if self.text else ''}: {self.action}"


def read_interventions(folder: Path, phases: list[str]) -> dict[str, list[Intervention]]:
    """Those of each phase, in the order in which they were made; a phase that kept no record is left out."""
    files = {phase: folder / phase / "interventions.csv" for phase in phases}
    return {phase: [_row(phase, row) for row in read_csv(file)] for phase, file in files.items() if file.exists()}


def read_computed(folder: Path, phases: list[str]) -> dict[str, dict]:
    """{"device", "processes", "micro_batch", "simpler"} of each phase; one that kept no record is left out."""
    files = {phase: folder / phase / "run.json" for phase in phases}
    return {phase: read_json(file) for phase, file in files.items() if file.exists()}


def notices(phases: list[str], made: dict[str, list[Intervention]], computed: dict[str, dict]) -> list[tuple[str, str]]:
    """(phase, what a reader must know of it): that memory ran short, that a simpler model took over.

    phases: in order, each begun with the weights of the one before, and so with its model
    """
    found, inherited = [], ""
    for phase in phases:
        of_phase = made.get(phase, [])
        if inherited:
            found.append((phase, f"begun with the simpler model that took over in {inherited}"))
        if short := [each for each in of_phase if each.fault == MEMORY]:
            size = f": micro-batch {computed[phase]['micro_batch']}" if phase in computed else ""
            found.append((phase, f"memory ran short{size}, first {_where(short[0])}"))
        kept = computed.get(phase, {}).get("simpler", 0)
        for number, each in enumerate((each for each in of_phase if each.action.startswith(SIMPLER)), start=1):
            better = "" if number <= kept else "; the best weights are those of the model before"
            found.append((phase, f"a simpler model took over {_where(each)} ({each.fault}){better}"))
        inherited = phase if kept else inherited
    return found


def _where(of: Intervention) -> str:
    return f"at epoch {of.epoch}, step {of.step}"


def _row(phase: str, row: dict[str, str]) -> Intervention:
    return Intervention(phase, int(row["epoch"]), int(row["step"]), row["fault"], row["action"], row["text"])
