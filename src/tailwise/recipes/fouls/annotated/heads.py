"""Labels of SoccerNet-MVFoul besides action and severity, as auxiliary heads; and fouls that the label rule drops."""

from typing import Literal

from tailwise.core.heads import Head

AuxiliaryName = Literal["contact", "bodypart", "upper_body_part", "try_to_play", "touch_ball"]

AUXILIARY: dict[str, tuple[str, ...]] = {
    "contact": ("With contact", "Without contact"),
    "bodypart": ("Upper body", "Under body"),
    "upper_body_part": ("Use of arms", "Use of shoulder"),
    "try_to_play": ("No", "Yes"),
    "touch_ball": ("No", "Yes", "Maybe"),
}
"""{column of the index: classes}"""
SAME = {"use of shoulders": "use of shoulder"}
"""Two spellings of the official files."""


def dropped_column(head: str) -> str:
    """The column with a head's labels of training fouls that the official rule drops, see `Soccernet.keep_dropped`."""
    return f"dropped_{head}"


def auxiliary_heads(names: tuple[str, ...]) -> tuple[Head, ...]:
    return tuple(Head(name, AUXILIARY[name]) for name in names)


def official_label(row: dict[str, str], head: Head) -> str:
    """The class that the official rule gives; "" for a foul that it drops."""
    return row[head.name]


def training_label(row: dict[str, str], head: Head) -> str:
    """The class that a head is trained on: an auxiliary one; the official one; or what a dropped foul has of it.

    Raises ValueError for a cell of an auxiliary column that is no class.
    """
    if head.classes == AUXILIARY.get(head.name):
        return auxiliary_class(row[head.name], head)
    return row[head.name] or row.get(dropped_column(head.name), "")


def auxiliary_class(cell: str, head: Head) -> str:
    """The class of a cell, whatever its case; "" for an empty cell."""
    known = {name.casefold(): name for name in head.classes}
    found = SAME.get(cell.casefold(), cell.casefold())
    if found and found not in known:
        raise ValueError(f"unknown label {cell!r}; known: {', '.join(head.classes)}")
    return known.get(found, "")
