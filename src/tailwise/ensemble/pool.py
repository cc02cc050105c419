"""The members' answers on the same labels, side by side. M members, N labels and C classes of a head."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from tailwise.core.errors import UserError
from tailwise.core.heads import Head
from tailwise.metrics.predictions import Predictions

ROUNDING = 2e-6
"""Tables round probabilities to 6 places: a smaller lead of another class does not show that an answer was decoded."""

Answers = Sequence[np.ndarray]
"""A model's probabilities: of each head (N, C)."""


@dataclass(frozen=True)
class HeadPool:
    """first: answers of the first member, for samples, groups, positions and targets; probabilities: (M, N, C)"""

    first: Predictions
    probabilities: np.ndarray

    @property
    def head(self) -> Head:
        return self.first.head

    @property
    def targets(self) -> np.ndarray:
        return self.first.targets

    def take(self, rows: np.ndarray) -> "HeadPool":
        """These labels. rows: mask (N,)"""
        return HeadPool(self.first.take(rows), self.probabilities[:, rows])

    def average(self, weights: np.ndarray) -> np.ndarray:
        """(N, C), the members' probabilities averaged. weights: (M,), at least 0, not all 0; a copy for one member"""
        return np.tensordot(weights / weights.sum(), self.probabilities, axes=1)

    def answers(self, probabilities: np.ndarray) -> Predictions:
        """A model's answers, the most probable classes. probabilities: (N, C)"""
        return replace(self.first, probabilities=probabilities, predicted=probabilities.argmax(axis=1))


@dataclass(frozen=True)
class Pool:
    """members: M names; heads: at least one; decoded: names of those with decoded answers, which are left out here"""

    members: tuple[str, ...]
    heads: tuple[HeadPool, ...]
    decoded: tuple[str, ...] = ()

    @property
    def groups(self) -> np.ndarray:
        """Names of the groups of all heads, sorted."""
        return np.unique(np.concatenate([np.array(of.first.groups) for of in self.heads]))

    def average(self, weights: np.ndarray) -> Answers:
        return [of_head.average(weights) for of_head in self.heads]

    def member(self, place: int) -> Answers:
        return [of_head.probabilities[place] for of_head in self.heads]

    def within(self, groups: set[str]) -> list[np.ndarray]:
        """Of each head a mask (N,) of the labels of these groups."""
        return [np.array([group in groups for group in of_head.first.groups], bool) for of_head in self.heads]

    def take(self, rows: Sequence[np.ndarray]) -> "Pool":
        """rows: of each head a mask (N,)"""
        return replace(self, heads=tuple(of_head.take(mask) for of_head, mask in zip(self.heads, rows)))


def make_pool(answers: Mapping[str, Mapping[str, Predictions]], undecoded: bool = False) -> Pool:
    """answers: {member: {head: its answers}}, two members or more.

    undecoded: whether decoded answers are replaced by the most probable classes
    Raises UserError for other heads, classes, samples or labels than the first member's, and for answers that an
    average of probabilities does not give: without probabilities, adjusted, or decoded.
    """
    if len(answers) < 2:
        raise UserError("an ensemble needs two members or more: name another run")
    members = {name: {head: found.labelled for head, found in of.items()} for name, of in answers.items()}
    (first, heads), *others = members.items()
    for name, of_member in members.items():
        for found in of_member.values():
            _check_averaged(name, found, undecoded)
    for name, of_member in others:
        _check_same(first, heads, name, of_member)
    stacked = {head: np.stack([of[head].known_probabilities for of in members.values()]) for head in heads}
    decoded = tuple(head for head in heads if any(is_decoded(of[head]) for of in members.values()))
    return Pool(tuple(members), tuple(HeadPool(found, stacked[head]) for head, found in heads.items()), decoded)


def _check_averaged(name: str, found: Predictions, undecoded: bool) -> None:
    head = found.head.name
    if found.probabilities is None:
        raise UserError(f"{name}: its answers of {head} have no probabilities to average: run its stage evaluate again")
    if found.tau is not None:
        raise UserError(
            f"{name}: its probabilities of {head} are adjusted, those of a weights file are not: run it again with "
            "evaluation.adjust=null"
        )
    if not undecoded and is_decoded(found):
        raise UserError(
            f"{name}: its answers of {head} are decoded, and no decoding was fitted to an average: with --undecoded "
            "the most probable classes count, of the ensemble and of its members"
        )


def is_decoded(found: Predictions) -> bool:
    """Whether an answer is not the most probable class."""
    likely = found.known_probabilities
    given = np.take_along_axis(likely, found.predicted[:, None], axis=1)[:, 0]
    return bool((given < likely.max(axis=1, initial=0) - ROUNDING).any())


def _check_same(first: str, heads: Mapping[str, Predictions], name: str, own: Mapping[str, Predictions]) -> None:
    if list(own) != list(heads):
        raise UserError(f"{name}: predicts {', '.join(own)}, but {first} {', '.join(heads)}: leave one of them out")
    for head, found in heads.items():
        if own[head].head != found.head:
            raise UserError(f"{name}: has other classes of {head} than {first}: leave one of them out")
        if _rows(own[head]) != _rows(found):
            raise UserError(
                f"{name}: its answers of {head} are of other validation samples or labels, or in another order, than "
                f"those of {first}: run both on the same data"
            )


def _rows(found: Predictions) -> list[tuple[str, str, int, int]]:
    """(sample, group, position, target) of each label."""
    positions = [0] * len(found) if found.positions is None else found.positions.tolist()
    return list(zip(found.samples, found.groups, positions, found.targets.tolist()))
