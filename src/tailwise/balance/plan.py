"""A phase's rebalancing, decided, checked and told."""

from collections.abc import Sequence

from tailwise.balance.counts import Counts, count_classes
from tailwise.balance.files import Boost, Rebalancing
from tailwise.balance.guard import Balance, check_drawn, check_ratio, effective_ratio, effective_weights
from tailwise.balance.subset import Rebalance, unequal


def rebalance(
    phase: str,
    how: Rebalance,
    boost: Boost,
    counts: Counts,
    names: Sequence[str],
    labels: dict[str, Sequence[str]],
    balance: Balance,
) -> tuple[Rebalancing, list[str]]:
    """What a phase sees and how loud, and the lines that say so.

    names, labels: of the training samples; counts: of their classes, all of the head included.
    Raises UserError where samples and boosts together would make two classes too unlike.
    """
    chosen = how.samples.choose(labels)
    seen = count_classes({head: [of_head[i] for i in chosen] for head, of_head in labels.items()}, counts)
    lines = [f"{phase}: {len(chosen)} draws of {len(set(chosen))} of {len(names)} samples an epoch"]
    for head, drawn in seen.items():
        classes = effective_weights(counts[head], drawn, boost[head], how.acts)
        check_drawn(phase, head, counts[head], drawn)
        check_ratio(phase, head, classes, balance)
        lines.append(f"  {head}, felt at most {effective_ratio(classes):.1f} times as much as another:")
        lines += [f"    {name:<20}{drawn[name]:>6} drawn, {one}" for name, one in classes.items()]
        if how.samples.kind == "balanced" and (short := unequal(drawn)):
            lines.append(f"    not to be equalled: {', '.join(f'{name} {drawn[name]}' for name in short)}")
    return Rebalancing(how.acts, boost, [names[i] for i in chosen]), lines
