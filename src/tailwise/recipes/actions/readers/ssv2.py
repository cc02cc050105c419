"""Something-Something-V2 on disk to the labelled videos of each split.

Layout: ``<root>/{labels,train,validation,test}.json``, and ``<id>.webm`` in any folders below the root.
The official test split has no labels. So the official validation is what this data set is tested on, and a part of the
official train split is set aside for validation.

A group is a video; videos whose files have the same bytes are one group. The files say nothing of who filmed them.
"""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

from tailwise.core.errors import UserError
from tailwise.data.tables.rows import SPLITS, Index
from tailwise.recipes.actions.readers.annotations import (
    Entry,
    find_file,
    need_file,
    read_classes,
    read_entries,
    read_ids,
)
from tailwise.recipes.actions.readers.videos import check_any, find_videos, main_folder

if TYPE_CHECKING:
    import pandas as pd

HEAD = "action"
COLUMNS = ("sample", "group", "path", "content", HEAD, "template", "placeholders")
FILES = {"train": "train", "test": "validation"}
"""{split: official file}; `valid` is a part of train."""
OFFICIAL = {"train": 168_913, "validation": 24_777, "test": 27_157}
"""Videos of the official files."""
OFFICIAL_CLASSES = 174
NAMED = 3
"""Ids that a message lists."""


@dataclass(frozen=True)
class Ssv2:
    """The data set in its official layout.

    valid: share of the official train split that is set aside for validation; seed: of that choice
    """

    kind: Literal["ssv2"]
    valid: float = 0.1
    seed: int = 1
    missing_class: ClassVar[str] = (
        "this reader takes classes and splits as they are: is train.json whole? "
        "A table of the clips (data.reader.kind: table) can have others"
    )
    """What to do about a class without a training sample."""

    def __post_init__(self) -> None:
        if not 0 < self.valid < 1:
            raise ValueError(f"valid must be within 0 and 1, found {self.valid:g}")
        if not 0 <= self.seed < 2**32:
            raise ValueError(f"seed must be within [0, 2**32), found {self.seed}")

    def read(self, root: Path) -> Index:
        """Reads every file once, to find duplicates. UserError for files that contradict each other."""
        from tailwise.core.tables import column  # here, as params are checked without pandas
        from tailwise.data.tables.checks.contents import contents_of
        from tailwise.data.tables.partition import by_hash

        classes = read_classes(need_file(root, "labels"))
        videos = find_videos(root)
        check_any(root, videos)
        folder = main_folder(videos)
        tables = {split: _table(root, name, classes, videos, folder) for split, name in FILES.items()}
        _check_apart(root, tables)
        contents = contents_of(root, [path for table in tables.values() for path in table["path"]])
        tables = _grouped(tables, contents)
        labels, groups = (column(tables["train"], name).to_list() for name in (HEAD, "group"))
        chosen = by_hash(labels, groups, self.valid, self.seed)
        rows = {"train": tables["train"][~chosen], "valid": tables["train"][chosen], "test": tables["test"]}
        notes = {split: [] for split in SPLITS} | {
            split: list(_notes(root, split, tables[split], contents, len(classes))) for split in FILES
        }
        notes["valid"].append(f"{self.valid:g} of each class of {FILES['train']}.json, by group")
        return Index(
            {HEAD: classes},
            {split: rows[split].reset_index(drop=True) for split in SPLITS},
            {split: {} for split in SPLITS},
            notes,
            "clip",
        )


def _table(root: Path, name: str, classes: tuple[str, ...], videos: dict[str, str], folder: str) -> "pd.DataFrame":
    """The rows of an official file; UserError for an id that is listed twice."""
    from tailwise.core.tables import text_table

    file = need_file(root, name)
    table = text_table(COLUMNS, (_row(entry, videos, folder) for entry in read_entries(file, classes)))
    for sample in table.loc[table["sample"].duplicated(), "sample"].head(1):
        raise UserError(f"{file}: the id {sample} is listed twice: each video is listed once")
    return table


def _row(entry: Entry, videos: dict[str, str], folder: str) -> tuple[str, ...]:
    path = videos.get(entry.id) or f"{folder}/{entry.id}.webm"
    return entry.id, entry.id, path, "", entry.action, entry.template, json.dumps(entry.words, ensure_ascii=False)


def _check_apart(root: Path, tables: dict[str, "pd.DataFrame"]) -> None:
    both = tables["train"].loc[tables["train"]["sample"].isin(tables["test"]["sample"]), "sample"]
    for sample in both.head(1):
        names = " and ".join(f"{name}.json" for name in FILES.values())
        raise UserError(f"{root}: the id {sample} is in {names}, as are {len(both) - 1} more: are they of one release?")


def _grouped(tables: dict[str, "pd.DataFrame"], contents: dict[str, tuple[str, int]]) -> dict[str, "pd.DataFrame"]:
    """The tables with contents, and with one group for files of the same bytes: the first id in order of the files."""
    from tailwise.core.tables import column
    from tailwise.data.raw import SMALLEST_CLIP

    first: dict[str, str] = {}
    found = {}
    for split, table in tables.items():
        groups = []
        for sample, path in zip(table["sample"], table["path"]):
            digest, size = contents[path]
            groups.append(first.setdefault(digest, sample) if size >= SMALLEST_CLIP else sample)
        digests = {path: digest for path, (digest, _) in contents.items()}
        found[split] = table.assign(group=groups, content=column(table, "path").map(digests)).astype("str")
    return found


def _notes(
    root: Path, split: str, table: "pd.DataFrame", contents: dict[str, tuple[str, int]], classes: int
) -> Iterator[str]:
    """What was read, what is missing, and whether the official data came out as it should."""
    name = FILES[split]
    counts = Counter(table[HEAD]).values()
    spread = f"{min(counts)} to {max(counts)} a class"
    yield f"{name}.json: {len(table)} videos in {len(counts)} classes, {spread}{_official(name, len(table), classes)}"
    missing = [sample for sample, path in zip(table["sample"], table["path"]) if not contents[path][0]]
    if missing:
        more = ", ..." if len(missing) > NAMED else ""
        yield f"{len(missing)} of {len(table)} videos of {name}.json are missing: {', '.join(missing[:NAMED])}{more}"
    same = len(table) - len(set(table["group"]))
    if same:
        yield f"{same} videos have the bytes of another one, with which they are in one group"
    if split == "test" and (file := find_file(root, "test")):
        count = sum(1 for _ in read_ids(file))
        yield f"test.json: {count} videos without labels, for predictions alone{_official('test', count, classes)}"


def _official(name: str, count: int, classes: int) -> str:
    """A comment on the number of videos, where the list of labels is the official one."""
    if classes != OFFICIAL_CLASSES:
        return ""
    if count == OFFICIAL[name]:
        return ", as it must be for the official data"
    return f"; WARNING: of the official data it must be {OFFICIAL[name]}"
