"""Where a phase stands: all that changes while it trains, besides tensors. Saved as JSON."""

import math
from dataclasses import asdict, dataclass, field, fields

from tailwise.engine.contract.record import EpochRecord, Intervention, MetricSums
from tailwise.engine.train.guards import GuardState


@dataclass
class TrainState:
    """epoch, step: the next one's, from 0; step is the number of steps in the epoch while that is still to be judged
    micro_batch: samples that are computed at once; halved when memory runs out, and never raised again
    rate: what the phase's lr is multiplied by
    simpler: how many times a simpler model took over
    rollbacks: since the last time it did
    best_epoch: from 1; 0 before there is one. best_simpler: what `fallback` was then
    losses, norms: of the steps of this epoch that counted
    interventions: of this epoch; tally: what was judged of it
    watch: recent numbers; good: what they were when the weights to go back to were kept
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
    interventions: list[Intervention] = field(default_factory=list)
    tally: MetricSums = field(default_factory=MetricSums)
    history: list[EpochRecord] = field(default_factory=list)
    watch: GuardState = field(default_factory=GuardState)
    good: GuardState = field(default_factory=GuardState)

    @property
    def mean_loss(self) -> float:
        return _mean(self.losses)

    @property
    def mean_norm(self) -> float:
        return _mean(self.norms)

    def close(self, record: EpochRecord, best: bool) -> None:
        """The epoch is done, and judged."""
        self.history.append(record)
        if best:
            self.best_epoch, self.best_fallback = record.epoch, self.fallback
        self.epoch, self.step = self.epoch + 1, 0
        self.losses, self.norms, self.interventions, self.tally = [], [], [], MetricSums()

    def fall_back(self) -> None:
        """A simpler model goes on, of which nothing is known."""
        self.fallback, self.rollbacks, self.rate = self.fallback + 1, 0, 1.0
        self.watch, self.good = GuardState(), GuardState()

    def to_json(self) -> dict:
        return asdict(self)

    @staticmethod
    def from_json(values: dict) -> "TrainState":
        plain = {each.name: values[each.name] for each in fields(TrainState)}
        return TrainState(
            **{
                **plain,
                "interventions": [Intervention(**each) for each in values["interventions"]],
                "tally": MetricSums(**values["tally"]),
                "history": [EpochRecord.from_json(each) for each in values["history"]],
                "watch": GuardState(**values["watch"]),
                "good": GuardState(**values["good"]),
            }
        )


def _mean(values: list[float]) -> float:
    """NaN of no values: every step of the epoch was skipped."""
    return math.fsum(values) / len(values) if values else math.nan
