"""What was done about faults while the phases trained, and how they were computed in the end."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tailwise.core.errors import UserError
from tailwise.core.files import read_csv, read_json
from tailwise.metrics.interventions import Intervention, describe, describe_action, describe_fault, read_row


@dataclass(frozen=True)
class PhaseIntervention:
    """An intervention with its phase, and its text for the page."""

    phase: str
    values: Intervention

    @property
    def epoch(self) -> int:
        return self.values.epoch

    @property
    def step(self) -> int:
        return self.values.step

    @property
    def fault(self) -> str:
        return self.values.fault

    @property
    def action(self) -> str:
        return describe_action(self.values)

    @property
    def text(self) -> str:
        return describe_fault(self.values)

    @property
    def line(self) -> str:
        return f"step {self.step}: {describe(self.values)}"


def read_interventions(folder: Path, phases: list[str]) -> dict[str, list[PhaseIntervention]]:
    """Those of each phase, in the order in which they were made; a phase that kept no record is left out."""
    files = {phase: folder / phase / "interventions.csv" for phase in phases}
    return {phase: _rows(phase, file) for phase, file in files.items() if file.exists()}


def read_computed(folder: Path, phases: list[str]) -> dict[str, dict]:
    """{"device", "processes", "micro_batch", "simpler"} of each phase; one that kept no record is left out."""
    files = {phase: folder / phase / "run.json" for phase in phases}
    return {phase: read_json(file) for phase, file in files.items() if file.exists()}


def notices(
    phases: list[str], made: dict[str, list[PhaseIntervention]], computed: dict[str, dict]
) -> list[tuple[str, str]]:
    """(phase, what a reader must know of it): that memory ran short, that a simpler model took over.

    phases: in order, each begun with the weights of the one before, and so with its model
    """
    found, inherited = [], ""
    for phase in phases:
        if inherited:
            found.append((phase, f"begun with the simpler model that took over in {inherited}"))
        rows, how = made.get(phase, []), computed.get(phase, {})
        found += [(phase, text) for text in (*_memory(rows, how), *_fallbacks(rows, how))]
        inherited = phase if how.get("simpler") else inherited
    return found


def _memory(rows: list[PhaseIntervention], how: dict) -> Iterator[str]:
    """At most one line, about the first time that memory ran out."""
    for first in [each for each in rows if each.values.action == "halve micro-batch"][:1]:
        size = f": micro-batch {how['micro_batch']}" if how else ""
        yield f"memory ran short{size}, first {_where(first)}"


def _fallbacks(rows: list[PhaseIntervention], how: dict) -> Iterator[str]:
    """A line a fallback. Those beyond `how["simpler"]` never became better than the model before."""
    for number, each in enumerate((each for each in rows if each.values.action == "fall back"), start=1):
        better = "" if number <= how.get("simpler", 0) else "; the best weights are those of the model before"
        yield f"a simpler model took over {_where(each)} ({each.fault}){better}"


def _where(of: PhaseIntervention) -> str:
    return f"at epoch {of.epoch}, step {of.step}"


def _rows(phase: str, file: Path) -> list[PhaseIntervention]:
    try:
        return [PhaseIntervention(phase, read_row(row)) for row in read_csv(file)]
    except (KeyError, TypeError, ValueError) as error:
        raise UserError(f"{file}: not written by this version ({error}): dvc repro makes it again") from error
