"""What the texts of classes say: which is another's mirror image, and which verb, direction or pretence they name.

The texts are those of Something-Something-V2's label list; other texts are read in the same way.
"""

import re
from collections.abc import Sequence

import numpy as np

PRETENDING = ("Pretending", "Trying", "Failing")
"""How the texts of classes begin in which the action is not brought about."""
SIDES = re.compile(r"\b(left|right)\b(?! out\b)")
"""A direction; "right out" means "at once"."""


def mirror_text(name: str) -> str:
    """The text with left and right exchanged; "right out" is no side.

    >>> mirror_text("Pushing something from left to right")
    'Pushing something from right to left'
    """
    return SIDES.sub(lambda side: "right" if side[1] == "left" else "left", name)


def mirror_pairs(classes: Sequence[str]) -> list[tuple[int, int]]:
    """Ids of classes that are each other's mirror image, the lower one first."""
    ids = {name: place for place, name in enumerate(classes)}
    pairs = ((place, ids.get(mirror_text(name), place)) for place, name in enumerate(classes))
    return [(one, other) for one, other in pairs if one < other]


def mirror_ids(classes: Sequence[str]) -> np.ndarray:
    """(C,) int64: the class of a mirrored clip, for each class; its own where no other class is its mirror image."""
    found = np.arange(len(classes))
    for one, other in mirror_pairs(classes):
        found[one], found[other] = other, one
    return found


def one_sided(classes: Sequence[str]) -> list[str]:
    """Classes that name a side but whose mirror image is no class: their clips must not be mirrored."""
    known = set(classes)
    return [name for name in classes if mirror_text(name) != name and mirror_text(name) not in known]


def verb(name: str) -> str:
    """The verb of a class: its first word, or after a pretence the verb of what is pretended.

    >>> verb("Pretending to put something onto something"), verb("Lifting up one end of something")
    ('put', 'lift')
    """
    words = re.findall(r"[a-z]+", name.lower())
    if is_pretence(name) and (pretended := re.findall(r"\bto (?:be )?([a-z]+)|\bor failing to ([a-z]+)", name.lower())):
        return _infinitive("".join(pretended[-1] if " or " in name else pretended[0]))
    if words[1:2] == ["being"]:
        return words[-1] if len(words) < 3 else words[2].removesuffix("ed")
    acting = [word for word in words if word.endswith("ing") and word != "something"]
    return _infinitive(acting[0]) if acting else next(iter(words), name)


def is_pretence(name: str) -> bool:
    """Whether the action is only pretended or fails."""
    return name.startswith(PRETENDING)


def groups_of(classes: Sequence[str]) -> dict[str, dict[str, list[str]]]:
    """{way of grouping: {group: classes}}, in the order of classes.

    verb: of the action; side: left, right, or neither; pretence: pretended or failing, or done
    """
    ways = {"verb": verb, "side": side, "pretence": lambda name: "pretended" if is_pretence(name) else "done"}
    found: dict[str, dict[str, list[str]]] = {}
    for way, of in ways.items():
        groups = found.setdefault(way, {})
        for name in classes:
            groups.setdefault(of(name), []).append(name)
    return found


def side(name: str) -> str:
    """Where an action goes: left, right, or neither. The side named last is where it ends."""
    sides = SIDES.findall(name)
    return sides[-1] if sides else "neither"


DOUBLED = ("bb", "dd", "gg", "mm", "nn", "pp", "rr", "tt")
"""Ends of stems whose last letter is doubled before "ing"."""
WITH_E = re.compile(r"(?:clos|collid|mov|tak|pil|pok|wip|squeez|sprinkl|slid|driv|shak|writ|us)$")
"""Stems that lose an "e" before "ing"."""


def _infinitive(word: str) -> str:
    """The infinitive of a form in "ing"; other words as they are."""
    if not word.endswith("ing"):
        return word
    stem = word.removesuffix("ing")
    return stem[:-1] if stem.endswith(DOUBLED) else stem + "e" if WITH_E.search(stem) else stem
