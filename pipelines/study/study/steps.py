"""The length of a method's training: as many optimizer steps as the default's."""

from collections.abc import Sequence
from typing import Any

from study.effective import PHASES
from tailwise.balance.labels import LabelTable


def draws(parsed: Any, labels: LabelTable) -> list[int]:
    """Samples that an epoch of each phase draws."""
    return [len(getattr(parsed, phase).samples.choose(labels)) for phase in PHASES]


def steps_of(epochs: Sequence[int], drawn: Sequence[int], batch: int) -> list[int]:
    """Optimizer steps of each phase; the last batch of an epoch may be smaller."""
    return [of_phase * -(-count // batch) for of_phase, count in zip(epochs, drawn)]


def fitted(epochs: Sequence[int], drawn: Sequence[int], batch: int, total: int) -> list[int]:
    """Epochs of each phase whose steps add up to about `total`, in the shares that `epochs` gives; at least one each.

    What rounding leaves in one phase is made up for in the next.
    """
    shares, found, due, done = steps_of(epochs, drawn, batch), [], 0.0, 0
    for share, count in zip(shares, drawn):
        due += total * share / sum(shares)
        of_epoch = -(-count // batch)
        found.append(max(1, round((due - done) / of_epoch)))
        done += found[-1] * of_epoch
    return found


def with_steps(params: dict[str, Any], parsed: Any, default: Any, labels: LabelTable) -> dict[str, Any]:
    """The params with epochs fitted to the default's steps. parsed, default: of the method and of the default"""
    lengths = [[getattr(of, phase).train.epochs for phase in PHASES] for of in (parsed, default)]
    drawn = [draws(of, labels) for of in (parsed, default)]
    total = sum(steps_of(lengths[1], drawn[1], default.training.batch_size))
    epochs = fitted(lengths[0], drawn[0], parsed.training.batch_size, total)
    changed = {
        phase: {**params[phase], "train": {**params[phase]["train"], "epochs": count}}
        for phase, count in zip(PHASES, epochs)
    }
    return {**params, **changed}
