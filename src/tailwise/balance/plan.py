"""Plans a phase's rebalancing, checks it and describes it."""

from tailwise.balance.counts import Counts, count_classes
from tailwise.balance.files import Boost, Rebalancing
from tailwise.balance.guard import Balance, check_drawn, check_ratio, effective_ratio, effective_weights
from tailwise.balance.labels import Labels
from tailwise.balance.subset import Rebalance, unequal


def rebalance(
    phase: str, how: Rebalance, boost: Boost, counts: Counts, labels: Labels, balance: Balance
) -> tuple[Rebalancing, list[str]]:
    """The samples that a phase draws with the boosts that apply, and lines that describe them.

    labels: of the training samples; counts: of their labels, including classes with 0.
    Raises UserError where samples and boosts together exceed the largest effective ratio.
    """
    chosen = [labels.samples[i] for i in how.samples.choose(labels.classes)]
    of_phase = Rebalancing(how.apply_as, boost, chosen)
    return of_phase, check_draws(phase, of_phase, counts, labels, balance, equal=how.samples.kind == "balanced")


def check_draws(
    phase: str, of_phase: Rebalancing, counts: Counts, labels: Labels, balance: Balance, *, equal: bool = False
) -> list[str]:
    """Lines that describe an epoch of these draws; raises UserError as `rebalance`.

    equal: whether they were meant to have as many labels of each class
    """
    indices = {name: i for i, name in enumerate(labels.samples)}
    chosen, samples = [indices[name] for name in of_phase.samples], len(labels.samples)
    drawn = count_classes({head: [of_head[i] for i in chosen] for head, of_head in labels.classes.items()}, counts)
    lines = [f"{phase}: {len(chosen)} draws of {len(set(chosen))} of {samples} samples an epoch"]
    for head, of_head in drawn.items():
        classes = effective_weights(counts[head], of_head, of_phase.boost[head], of_phase.apply_as)
        check_drawn(phase, head, counts[head], of_head)
        check_ratio(phase, head, classes, balance)
        lines.append(f"  {head}, largest effective ratio between two classes {effective_ratio(classes):.1f}:")
        lines += [f"    {name:<20}{of_head[name]:>6} drawn, {one}" for name, one in classes.items()]
        if equal and (short := unequal(of_head)):
            lines.append(f"    cannot be equal: {', '.join(f'{name} {of_head[name]}' for name in short)}")
    return lines
