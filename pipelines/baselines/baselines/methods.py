"""Ways of rebalancing, as rows of data: what params.yaml names, and what each phase of one sees."""

from dataclasses import dataclass

from tailwise.balance.boosts import Target, boost_from_counts, raise_weak
from tailwise.balance.counts import Counts, count_classes
from tailwise.balance.files import Boost, Rebalancing
from tailwise.balance.guard import Balance
from tailwise.balance.labels import Labels
from tailwise.balance.plan import rebalance
from tailwise.balance.subset import Rebalance


@dataclass(frozen=True)
class MethodPhase(Rebalance):
    """One phase of a method.

    share: of the method's optimizer steps, in (0, 1]
    lr: factor of the cell's learning rate
    aimed: whether boosts are raised for the classes that the phase before left weak
    """

    share: float
    lr: float
    aimed: bool

    def __post_init__(self):
        super().__post_init__()
        if not 0 < self.share <= 1 or self.lr <= 0:
            raise ValueError("share must be in (0, 1], lr positive")


@dataclass(frozen=True)
class Method:
    """balance: the limit of the guard, for those that break the default on purpose. adjusted: whether the logits are
    adjusted by the classes' shares when the model answers, https://arxiv.org/abs/2007.07314, eq. 10 with tau 1."""

    balance: Balance
    adjusted: bool
    phases: tuple[MethodPhase, ...]

    def __post_init__(self):
        if abs(sum(part.share for part in self.phases) - 1) > 1e-9:
            raise ValueError("the shares of the phases must add up to 1")


@dataclass(frozen=True)
class Labelled:
    """The training samples by name, and their class in each head, "" for none."""

    names: list[str]
    labels: dict[str, list[str]]
    classes: dict[str, list[str]]

    @property
    def counts(self) -> Counts:
        return count_classes(self.labels, self.classes)


def rebalancing(
    name: str, part: MethodPhase, samples: Labelled, balance: Balance, target: Target, before: Boost, best: dict
) -> Rebalancing:
    """A phase's draws and boosts; before and best: boosts and validation hits of the phase before, {} for none."""
    boost = {head: boost_from_counts(of, part.boost, part.max_weight) for head, of in samples.counts.items()}
    if part.aimed:
        boost = {
            head: raise_weak(before[head], by_count, best[head]["hits"], best[head]["support"], target, part.max_weight)
            for head, by_count in boost.items()
        }
    labels = Labels(samples.names, samples.labels)
    return rebalance(name, part, boost, samples.counts, labels, balance)[0]


def epochs_of(steps: float, draws: int, batch: int) -> int:
    """Epochs of so many draws whose optimizer steps come nearest to `steps`; at least one."""
    return max(1, round(steps / -(-draws // batch)))
