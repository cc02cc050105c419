"""Interventions of training, and the final run settings of each phase."""

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
    def done(self) -> str:
        return describe_action(self.values)

    @property
    def text(self) -> str:
        return describe_fault(self.values)

    @property
    def at(self) -> str:
        return f"at epoch {self.epoch}, step {self.step}"

    @property
    def line(self) -> str:
        return f"step {self.step}: {describe(self.values)}"


def read_interventions(folder: Path, phases: list[str]) -> dict[str, list[PhaseIntervention]]:
    """{phase: its interventions in order}, without the phases that kept no record."""
    files = {phase: folder / phase / "interventions.csv" for phase in phases}
    return {phase: _rows(phase, file) for phase, file in files.items() if file.exists()}


def read_computed(folder: Path, phases: list[str]) -> dict[str, dict]:
    """{phase: {"device", "processes", "micro_batch", "fallback"}}, without the phases that kept no record.

    fallback: number of fallbacks by the best epoch
    """
    files = {phase: folder / phase / "run.json" for phase in phases}
    return {phase: read_json(file) for phase, file in files.items() if file.exists()}


def notices(
    phases: list[str], made: dict[str, list[PhaseIntervention]], computed: dict[str, dict]
) -> list[tuple[str, str]]:
    """(phase, line) for each fallback, shortage of memory and emergency stop.

    phases: in order, each continues the one before
    """
    found, source = [], ""
    for phase in phases:
        how = computed.get(phase, {})
        if source:
            found.append((phase, f"begun with the simpler model that took over in {source}"))
        found += [(phase, line) for line in _of_memory(made.get(phase, []), how)]
        found += [(phase, line) for line in _of_fallbacks(made.get(phase, []), how)]
        found += [(phase, line) for line in _of_stops(made.get(phase, []))]
        source = phase if how.get("fallback") else source
    return found


def _of_memory(made: list[PhaseIntervention], how: dict) -> Iterator[str]:
    for first in [each for each in made if each.values.action == "halve micro-batch"][:1]:
        size = f": micro-batch {how['micro_batch']}" if "micro_batch" in how else ""
        yield f"memory ran short{size}, first {first.at}"


def _of_fallbacks(made: list[PhaseIntervention], how: dict) -> Iterator[str]:
    fallbacks = [each for each in made if each.values.action == "fall back"]
    for number, each in enumerate(fallbacks, start=1):
        kept = "" if number <= how.get("fallback", 0) else "; the best weights are those of the model before"
        yield f"a simpler model took over {each.at} ({each.fault}){kept}"


def _of_stops(made: list[PhaseIntervention]) -> Iterator[str]:
    for each in made:
        if each.values.action == "stop":
            yield f"stopped after epoch {each.epoch}: {each.text}"


def _rows(phase: str, file: Path) -> list[PhaseIntervention]:
    try:
        return [PhaseIntervention(phase, read_row(row)) for row in read_csv(file)]
    except (KeyError, TypeError, ValueError) as error:
        raise UserError(f"{file}: not written by this version ({error}): dvc repro makes it again") from error
