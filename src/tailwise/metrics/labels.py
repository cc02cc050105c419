"""Readable names of figures, for people who read a report or a terminal."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

WORDS = {
    "min_recall": "lowest recall",
    "class_recall": "recall of a class",
    "rare_macro_recall": "macro recall, rare classes",
    "rare_macro_f1": "macro F1, rare classes",
    "ece": "ECE",
}
"""Names that are not their key with spaces."""


@dataclass(frozen=True)
class Label:
    """The name of a figure.

    family: what it has in common with others, which one chart shows: "boundary F1"
    member: which of them it is, "within 2 positions"; "" for a figure that is alone
    """

    family: str
    member: str = ""

    @property
    def text(self) -> str:
        """Both, as one name."""
        return f"{self.family}, {self.member}" if self.member else self.family


Labels = Mapping[str, Label]
"""{dotted name of a figure: its name for people}"""


def above_label(threshold: float) -> Label:
    """Of the share of answers with a higher confidence."""
    return Label("answers by confidence", f"share above {threshold:.2f}")


def readable(name: str) -> str:
    """A key as words, where nothing names the figure: "macro_f1" is "macro F1"."""
    words = WORDS.get(name) or name.replace("_", " ").replace(".", " ")
    return " ".join("F1" if word == "f1" else word for word in words.split(" "))


def label_of(name: str, labels: Labels) -> Label:
    """The label of a figure by dotted name; its key as words, if it has none."""
    return labels.get(name) or Label(readable(name))


def families(names: Iterable[str], labels: Labels) -> dict[str, dict[str, str]]:
    """{family: {dotted name: member}}, in the order of the names."""
    found: dict[str, dict[str, str]] = {}
    for name in names:
        label = label_of(name, labels)
        found.setdefault(label.family, {})[name] = label.member
    return found


def family_lines(figures: Mapping[str, str], labels: Labels) -> Iterator[str]:
    """ "boundary F1: exact 0.71, within 1 line 0.84", one line a family. figures: {dotted name: its value as text}"""
    for family, members in families(figures, labels).items():
        told = [f"{member} {figures[name]}" for name, member in members.items() if member]
        yield f"{family}: {', '.join(told)}" if told else f"{family} {figures[next(iter(members))]}"


def labels_to_json(labels: Labels) -> dict[str, dict[str, str]]:
    return {name: asdict(label) for name, label in labels.items()}


def labels_from_json(found: Mapping[str, Mapping[str, Any]]) -> dict[str, Label]:
    return {name: Label(**of) for name, of in found.items()}
