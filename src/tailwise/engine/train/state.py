"""The state of a phase, except for tensors, saved as JSON; and its result."""

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields

from tailwise.engine.checkpoint.hand_over import HandOver
from tailwise.engine.checkpoint.snapshot import Tensors
from tailwise.engine.contract.metric import Select
from tailwise.engine.contract.phase import Phase
from tailwise.engine.contract.record import EpochRecord, MetricSums
from tailwise.engine.monitor.gradients import norms_of
from tailwise.engine.train.guards import GuardState, Hits, StepNumbers
from tailwise.losses.head.boost import ClassBoost
from tailwise.metrics.interventions import Intervention


@dataclass
class TrainState:
    """epoch, step: of the next step, from 0; during validation, step is the number of steps an epoch
    micro_batch: current micro-batch; halved when memory runs out, never raised
    rate: current factor on the phase's lr
    fallback: number of fallbacks so far
    rollbacks: since the last fallback
    best_epoch: from 1; 0 before the first. best_fallback: value of `fallback` at that epoch
    losses, norms, sharpness: of this epoch's accepted steps; sharpness where it is known
    block_norms: {block of the model: norms of its gradient}, of the steps in which it had one
    hits: {head: labels of each class that were predicted, and labels}, of this epoch's accepted steps, where the head's
        loss adapts; recalls: {head: smoothed recall of each class in training}, of the epochs before
    interventions: of this epoch; validation: its metrics so far
    guard: recent numbers; good: those when the weights for a rollback were copied
    """

    micro_batch: int
    epoch: int = 0
    step: int = 0
    rate: float = 1.0
    fallback: int = 0
    rollbacks: int = 0
    best_epoch: int = 0
    best_fallback: int = 0
    losses: list[float] = field(default_factory=list)
    norms: list[float] = field(default_factory=list)
    sharpness: list[float] = field(default_factory=list)
    block_norms: dict[str, list[float]] = field(default_factory=dict)
    hits: Hits = field(default_factory=dict)
    recalls: dict[str, list[float]] = field(default_factory=dict)
    interventions: list[Intervention] = field(default_factory=list)
    validation: MetricSums = field(default_factory=MetricSums)
    history: list[EpochRecord] = field(default_factory=list)
    guard: GuardState = field(default_factory=GuardState)
    good: GuardState = field(default_factory=GuardState)

    @property
    def mean_loss(self) -> float:
        return _mean(self.losses)

    @property
    def mean_norm(self) -> float:
        return _mean(self.norms)

    @property
    def mean_sharpness(self) -> float | None:
        return _mean(self.sharpness) if self.sharpness else None

    @property
    def mean_block_norms(self) -> dict[str, float]:
        return {block: _mean(norms) for block, norms in self.block_norms.items()}

    def count_step(self, numbers: StepNumbers, blocks: Mapping[str, str], hits: Iterable[Hits] = ()) -> None:
        """Add a step to the means and counts of the epoch. blocks: {parameter: its block}; hits: of each process"""
        self.losses.append(numbers.loss)
        self.norms.append(numbers.norm)
        if numbers.sharpness is not None:
            self.sharpness.append(numbers.sharpness)
        for block, norm in norms_of(numbers.layers, blocks).items():
            self.block_norms.setdefault(block, []).append(norm)
        for head, found in (item for part in hits for item in part.items()):
            before = self.hits.get(head, [[0.0] * len(row) for row in found])
            self.hits[head] = [[a + b for a, b in zip(*rows)] for rows in zip(before, found)]

    def is_best(self, record: EpochRecord, select: Select | None) -> bool:
        """Whether the epoch scores better than all before it; without `select` each one does.

        One that exceeds a limit does only where it is the first.
        """
        if not self.best_epoch or not select:
            return True
        if record.stopped:
            return False
        return select.better(record.score, self.history[self.best_epoch - 1].score)

    def close_epoch(self, record: EpochRecord, best: bool) -> None:
        """Add the epoch's record and start the next epoch."""
        self.history.append(record)
        if best:
            self.best_epoch, self.best_fallback = record.epoch, self.fallback
        self.epoch, self.step = self.epoch + 1, 0
        self.losses, self.norms, self.sharpness, self.block_norms = [], [], [], {}
        self.interventions, self.validation = [], MetricSums()

    def fall_back(self) -> None:
        """Reset numbers for a simpler model, whose losses are not comparable."""
        self.fallback, self.rollbacks, self.rate = self.fallback + 1, 0, 1.0
        self.guard, self.good = GuardState(), GuardState()

    def to_json(self) -> dict:
        return asdict(self)

    @staticmethod
    def from_json(values: dict) -> "TrainState":
        plain = {each.name: values[each.name] for each in fields(TrainState)}
        return TrainState(
            **{
                **plain,
                "interventions": [Intervention(**each) for each in values["interventions"]],
                "validation": MetricSums(**values["validation"]),
                "history": [EpochRecord.from_json(each) for each in values["history"]],
                "guard": GuardState(**values["guard"]),
                "good": GuardState(**values["good"]),
            }
        )


@dataclass(frozen=True)
class PhaseResult:
    """Result of a phase.

    weights: weights of the best epoch, by name; history: one record per epoch; best: the best epoch, from 1
    spec: specification of the model with these weights: the task's, or that of a fallback
    fallback: number of fallbacks by the best epoch
    micro_batch: final micro-batch size
    stopped: whether the phase ended early
    last: full state for the next phase, if ``hand_over`` is last; `best` is then the last epoch
    """

    weights: Tensors
    history: list[EpochRecord]
    best: int
    spec: dict
    fallback: int
    micro_batch: int
    stopped: bool = False
    last: HandOver | None = None


def loss_definition(phase: Phase, boost: Mapping[str, ClassBoost]) -> str:
    """What decides how large a loss is besides the weights: the boosts, their place, kinds and weights of losses."""
    heads = {
        name: [of_head.apply_as, repr(of_head.loss), *(round(value, 6) for value in of_head.boost.tolist())]
        for name, of_head in sorted(boost.items())
    }
    taught = [repr(phase.distil)] if phase.distil else []
    return json.dumps([heads, repr(phase.loss), dict(sorted(phase.loss_weights.items())), *taught])


def _mean(values: list[float]) -> float:
    """The mean; NaN without values, if every step of the epoch was skipped."""
    return math.fsum(values) / len(values) if values else math.nan
