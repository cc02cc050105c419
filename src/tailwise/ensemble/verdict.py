"""Whether an ensemble is better than its best member, as a sentence, and all that is told of it as JSON."""

from dataclasses import asdict
from typing import Any

from tailwise.ensemble.assessment import BEST, ENSEMBLE, PLAIN, Assessment
from tailwise.ensemble.scores import BY
from tailwise.evaluation.intervals import DRAWS, LEVEL, SEED, Interval
from tailwise.evaluation.measure import Measured

TITLES = {"macro_recall": "macro recall", "log_loss": "log loss"}
MODELS = {"ensemble": ENSEMBLE, "best": BEST, "plain": PLAIN}


def figure_names(found: Assessment) -> dict[tuple[int, int], tuple[str, str]]:
    """{place in `scores.figures`: (name in JSON, name for people)}; of one head not that head once more."""
    heads = [of_head.head.name for of_head in found.pool.heads]
    names = {(0, column): (name, TITLES[name]) for column, name in enumerate(BY)}
    for row, head in enumerate(heads, 1) if len(heads) > 1 else ():
        names |= {(row, column): (f"{head}.{name}", f"{head} {TITLES[name]}") for column, name in enumerate(BY)}
    return names


def verdict(found: Assessment) -> str:
    """What to use, and why."""
    title, best = TITLES[found.options.by], found.pool.members[found.best]
    gain = f"its advantage in {title} over the best member, cross-fitted, is"
    if found.wins():
        return f"Use the ensemble: {gain} {spanned(found.gain())}."
    shown = f"No gain of the ensemble is shown: {gain} {spanned(found.gain())}."
    if not found.options.equal and found.wins(PLAIN):
        return f"{shown} Use the plain average of all members, --equal: its advantage is {spanned(found.gain(PLAIN))}."
    return f"{shown} Use {best} alone."


def spanned(span: Interval) -> str:
    if span.value is None or span.low is None or span.high is None:
        return "an unknown amount"
    return f"{span.value:+.3f} [{span.low:+.3f}, {span.high:+.3f}]"


def to_json(found: Assessment) -> dict[str, Any]:
    """Figures, intervals and agreement; without time, machine or place."""
    return {
        "selection": {**asdict(found.options), "folds": len(found.bests)},
        "bootstrap": {"over": "groups", "groups": len(found.pool.groups), "draws": DRAWS, "level": LEVEL, "seed": SEED},
        "verdict": verdict(found),
        "gain": asdict(found.gain()),
        "best": {"member": found.pool.members[found.best], "of_folds": [found.pool.members[i] for i in found.bests]},
        "figures": {name: _figure(found, place) for place, (name, _) in figure_names(found).items()},
        "heads": {of.head.name: list(of.head.classes) for of in found.pool.heads},
        "agreement": {head: asdict(of) for head, of in found.agreements.items()},
        "recall": {head: _recalls(*of) for head, of in found.classes.items()},
        "limits": found.limits,
    }


def _figure(found: Assessment, place: tuple[int, int]) -> dict[str, Any]:
    """Of each member on all labels, of the ensemble on those that it was chosen on, and cross-fitted of each model."""
    values = found.members[:, *place].tolist()
    crossed = {name: asdict(found.measured.interval(model, place)) for name, model in MODELS.items()}
    differences = {
        f"{name}_minus_best": asdict(found.measured.difference(model, BEST, place))
        for name, model in MODELS.items()
        if model != BEST
    }
    optimistic = float(found.same[place])
    return {"members": dict(zip(found.pool.members, values)), "same_samples": optimistic, **crossed, **differences}


def _recalls(own: Measured, best: Measured) -> dict[str, Any]:
    pairs = zip(own.support.items(), own.figures["recall"], best.figures["recall"])
    return {
        name: {"labels": count, "ensemble": asdict(mine), "best": asdict(other)} for (name, count), mine, other in pairs
    }
