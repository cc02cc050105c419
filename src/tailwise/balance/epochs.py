"""Plans which samples each epoch of a curriculum draws, checks them and describes them."""

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

from tailwise.balance.counts import Counts
from tailwise.balance.curriculum import Curriculum, lengths, samples_by_epoch
from tailwise.balance.files import Rebalancing
from tailwise.balance.guard import Balance
from tailwise.balance.labels import Labels
from tailwise.balance.plan import check_draws
from tailwise.core.errors import UserError

Schedule = Mapping[int, Sequence[str]]
"""{epoch, from 1: names of the samples from that epoch on, with repeats}"""


def curricula(params: Any, dvc_yaml: str) -> dict[str, Curriculum | None]:
    """{phase: its curriculum} of each section of a pipeline's params that may have one, in field order.

    Raises UserError for a curriculum that training does not read. dvc_yaml: the text of the pipeline's dvc.yaml
    """
    sections = {field.name: getattr(params, field.name) for field in fields(params)}
    asked = {name: one.curriculum for name, one in sections.items() if hasattr(one, "curriculum")}
    for phase, curriculum in asked.items():
        if curriculum and f"data/epochs/{phase}.csv" not in dvc_yaml:
            raise UserError(
                f"{phase}.curriculum has no effect: no stage of dvc.yaml plans data/epochs/{phase}.csv, and the first "
                "phase has no difficulty to follow; see docs/rebalancing.md"
            )
    return asked


def plan_curriculum(
    phase: str, how: Curriculum, difficulty: Mapping[str, float | None], of_phase: Rebalancing, labels: Labels
) -> Schedule:
    """The samples of each epoch; the last entry has all of the phase's, with their repeats.

    difficulty: {sample: difficulty}, for a curriculum by difficulty; labels: of the training samples
    Raises UserError for a sample that was not measured, for samples that have no length, and where every epoch would
    draw all samples.
    """
    hard = _lengths(phase, labels) if how.by == "length" else _measured(difficulty, labels)
    indices = {name: i for i, name in enumerate(labels.samples)}
    draws = [indices[name] for name in of_phase.samples]
    found = samples_by_epoch(how, draws, labels.classes, hard)
    if len(found) < 2:
        raise UserError(f"{phase}.curriculum has no effect: start and min_share admit all samples in the first epoch")
    return {epoch: [labels.samples[i] for i in chosen] for epoch, chosen in found.items()}


def _measured(difficulty: Mapping[str, float | None], labels: Labels) -> list[float | None]:
    if missing := [name for name in labels.samples if name not in difficulty]:
        raise UserError(f"the difficulty of {missing[0]} is not known: run the stage measure_difficulty again")
    return [difficulty[name] for name in labels.samples]


def _lengths(phase: str, labels: Labels) -> list[float]:
    if (found := lengths(labels.classes)) is None:
        raise UserError(f"{phase}.curriculum.by length has no effect: samples have one label, set it to difficulty")
    return found


def check_curriculum(
    phase: str, schedule: Schedule, of_phase: Rebalancing, counts: Counts, labels: Labels, balance: Balance
) -> list[str]:
    """Lines that describe the first epoch, and one for each entry after it.

    counts: of the training labels, including classes with 0
    Raises UserError where the samples of an epoch and the boosts together exceed the largest effective ratio.
    """
    lines: list[str] = []
    for epoch, names in schedule.items():
        try:
            described = check_draws(phase, replace(of_phase, samples=list(names)), counts, labels, balance)
        except UserError as error:
            advice = f"or raise {phase}.curriculum.min_share"
            raise UserError(f"epoch {epoch} of the curriculum: {error}, {advice}") from error
        lines += [f"from epoch {epoch} on, {described[0]}", *(described[1:] if epoch == 1 else ())]
    return lines
