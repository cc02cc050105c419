"""Labels as the data have them to the classes that are predicted, by a table in params."""

from collections.abc import Mapping, Sequence

from tailwise.core.errors import UserError
from tailwise.data.tables.spelling import quote
from tailwise.recipes.sections.readers.song import HEAD

Merge = Mapping[str, Sequence[str]]
"""{class: the labels that are merged into it}; empty: each label is a class."""


def heads(classes: Merge) -> dict[str, tuple[str, ...]]:
    """`Reader.heads` of such a table."""
    return {HEAD: tuple(classes)} if classes else {}


def check_merge(classes: Merge, unlabelled: Sequence[str] = ()) -> None:
    """Raise ValueError for a label in two classes, or a class without labels."""
    seen: dict[str, str] = dict.fromkeys(unlabelled, "unlabelled")
    for name, labels in classes.items():
        if not name or not labels:
            raise ValueError(f"classes.{name}: needs a name, and one label or more")
        for label in labels:
            if seen.setdefault(label, name) != name:
                raise ValueError(f"classes: the label {label!r} is in {seen[label]} and in {name}: leave it in one")


def merged(labels: Sequence[str], classes: Merge, unlabelled: Sequence[str], where: str) -> tuple[str, ...]:
    """The classes of a song's positions, "" for a label in `unlabelled` or "".

    where: file and song, for the message; raises UserError for a label that is in no class, by its name
    """
    found = {label: name for name, of_class in classes.items() for label in of_class}
    found |= dict.fromkeys((*unlabelled, ""), "")
    for label in dict.fromkeys(labels):
        if classes and label not in found:
            listed = f"add it to one of {', '.join(classes)}, or to data.reader.unlabelled"
            raise UserError(f"{where}: the label {quote(label)} is in no class of data.reader.classes: {listed}")
    return tuple(found.get(label, label) for label in labels)
