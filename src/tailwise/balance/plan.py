"""Plans a phase's rebalancing, checks it and describes it."""

from collections import Counter

from tailwise.balance.counts import Counts
from tailwise.balance.files import Boost, Rebalancing
from tailwise.balance.guard import Balance, check_drawn, check_ratio, effective_ratio, effective_weights
from tailwise.balance.labels import Labels
from tailwise.balance.samplers import Sampler, expected_counts
from tailwise.balance.subset import Rebalance, unequal


def rebalance(
    phase: str, how: Rebalance, boost: Boost, counts: Counts, labels: Labels, balance: Balance
) -> tuple[Rebalancing, list[str]]:
    """The samples that a phase draws with the boosts that apply, and lines that describe them.

    labels: of the training samples; counts: of their labels, including classes with 0.
    Raises UserError where samples and boosts together exceed the largest effective ratio.
    """
    chosen = how.samples.choose(labels.classes)
    draws = how.samples.draws(labels.classes) if isinstance(how.samples, Sampler) else None
    times = dict(zip(chosen, draws.last)) if draws else Counter(chosen)
    drawn = expected_counts(labels.classes, counts, times)
    samples = len(labels.samples)
    lines = [f"{phase}: {len(chosen)} draws of {len(set(chosen))} of {samples} samples an epoch"]
    for head, of_head in drawn.items():
        classes = effective_weights(counts[head], of_head, boost[head], how.apply_as)
        check_drawn(phase, head, counts[head], of_head)
        check_ratio(phase, head, classes, balance)
        lines.append(f"  {head}, largest effective ratio between two classes {effective_ratio(classes):.1f}:")
        lines += [f"    {name:<20}{round(of_head[name]):>6} drawn, {one}" for name, one in classes.items()]
        if how.samples.kind == "balanced" and (short := unequal(of_head)):
            lines.append(f"    cannot be equal: {', '.join(f'{name} {round(of_head[name])}' for name in short)}")
    return Rebalancing(how.apply_as, boost, [labels.samples[i] for i in chosen], draws), lines
