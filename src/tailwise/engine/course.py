"""Where a phase stands: all that changes while it trains, besides tensors. Saved as JSON."""

import math
from dataclasses import asdict, dataclass, field, fields

from tailwise.engine.guards import Watch
from tailwise.engine.record import Intervention, Record, Tally


@dataclass
class Course:
    """epoch, step: the next one's, from 0; step is the number of steps in the epoch while that is still to be judged
    micro_batch: samples that are computed at once; halved when memory runs out, and never raised again
    rate: what the phase's lr is multiplied by
    simpler: how many times a simpler model took over
    rollbacks: since the last time it did
    best_epoch: from 1; 0 before there is one. best_simpler: what `simpler` was then
    losses, norms: of the steps of this epoch that counted
    interventions: of this epoch; tally: what was judged of it
    watch: recent numbers; good: what they were when the weights to go back to were kept
    """

    micro_batch: int
    epoch: int = 0
    step: int = 0
    rate: float = 1.0
    simpler: int = 0
    rollbacks: int = 0
    best_epoch: int = 0
    best_simpler: int = 0
    losses: list[float] = field(default_factory=list)
    norms: list[float] = field(default_factory=list)
    interventions: list[Intervention] = field(default_factory=list)
    tally: Tally = field(default_factory=Tally)
    history: list[Record] = field(default_factory=list)
    watch: Watch = field(default_factory=Watch)
    good: Watch = field(default_factory=Watch)

    @property
    def mean_loss(self) -> float:
        return _mean(self.losses)

    @property
    def mean_norm(self) -> float:
        return _mean(self.norms)

    def close(self, record: Record, best: bool) -> None:
        """The epoch is done, and judged."""
        self.history.append(record)
        if best:
            self.best_epoch, self.best_simpler = record.epoch, self.simpler
        self.epoch, self.step = self.epoch + 1, 0
        self.losses, self.norms, self.interventions, self.tally = [], [], [], Tally()

    def simplify(self) -> None:
        """A simpler model goes on, of which nothing is known."""
        self.simpler, self.rollbacks, self.rate = self.simpler + 1, 0, 1.0
        self.watch, self.good = Watch(), Watch()

    def to_json(self) -> dict:
        return asdict(self)

    @staticmethod
    def from_json(values: dict) -> "Course":
        plain = {each.name: values[each.name] for each in fields(Course)}
        return Course(
            **{
                **plain,
                "interventions": [Intervention(**each) for each in values["interventions"]],
                "tally": Tally(**values["tally"]),
                "history": [Record.from_json(each) for each in values["history"]],
                "watch": Watch(**values["watch"]),
                "good": Watch(**values["good"]),
            }
        )


def _mean(values: list[float]) -> float:
    """NaN of no values: every step of the epoch was skipped."""
    return math.fsum(values) / len(values) if values else math.nan
