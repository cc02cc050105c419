"""From the logos of a reader to the tables of the splits, checked: a row an image."""

from collections import Counter
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Literal, Protocol

import pandas as pd

from tailwise.core.errors import UserError
from tailwise.core.tables import text_table
from tailwise.data.images.fingerprints import Fingerprint, fingerprints, joined, near_duplicates
from tailwise.data.tables.checks.leaks import APART, Leak, find_leaks
from tailwise.data.tables.checks.root import check_root, check_tree
from tailwise.data.tables.checks.source import Checked, check_classes, check_names, refusal
from tailwise.data.tables.checks.warnings import find_warnings
from tailwise.data.tables.partition import assign
from tailwise.data.tables.rows import SPLITS, Index
from tailwise.recipes.logos.readers.logo import HEAD, Logo, Reader

COLUMNS = ("sample", "group", "path", "content", HEAD)
ADVICE = "move one to train (for drawn splits, try another seed), or drop the class"


class Source(Protocol):
    """What `index` reads of the section `data`."""

    @property
    def root(self) -> str: ...
    @property
    def leaks(self) -> Literal["refuse", "warn"]: ...
    @property
    def reader(self) -> Reader: ...


def index(source: Source, workers: int = 1) -> Checked:
    """Read and check the logos; UserError for any fault in them. Pictures that cannot be used stay, and are counted.

    workers: processes that look at the pictures
    Where splits are drawn, groups with near-duplicates are joined; else a near-duplicate in another split is a leak.
    """
    root = Path(source.root)
    check_root(root)
    check_tree(root)
    logos = source.reader.logos(root)
    of_path = fingerprints([logo.path for logo in logos], partial(source.reader.read, root), workers)
    seen = [of_path[logo.path] for logo in logos]
    pairs = list(near_duplicates(seen))
    logos, near = _with_splits(root, logos, pairs, source.reader)
    found = _index(logos, seen)
    check_names(found, root)
    check_classes(found, root, ADVICE)
    stubs = {""}
    leaks = [*find_leaks(found, stubs), *_near_leaks(logos, seen, near)]
    if leaks and source.leaks == "refuse":
        raise UserError(refusal(root, leaks))
    return Checked(found, leaks, find_warnings(found, stubs))


def _with_splits(
    root: Path, logos: list[Logo], pairs: list[tuple[int, int]], reader: Reader
) -> tuple[list[Logo], list[tuple[int, int]]]:
    """The logos with a split each, their own or drawn, and the near-duplicates in two splits."""
    if reader.split is None:
        return logos, [(a, b) for a, b in pairs if logos[a].split != logos[b].split]
    groups = joined([logo.group for logo in logos], pairs)
    try:
        splits = assign([logo.kind for logo in logos], groups, reader.split)
    except UserError as error:
        raise UserError(f"{root}: too few logos to draw splits: {error}; see data.reader.split") from error
    drawn = zip(logos, groups, splits)
    return [Logo(logo.name, group, logo.path, logo.kind, split) for logo, group, split in drawn], []


def _near_leaks(logos: Sequence[Logo], seen: Sequence[Fingerprint], pairs: Sequence[tuple[int, int]]) -> list[Leak]:
    """Near-duplicates in two splits, but for equal files, which are leaks already."""
    found = []
    for a, b in pairs:
        if seen[a].content != seen[b].content:
            where = " and ".join(f"{logos[place].path} in {logos[place].split}" for place in (a, b))
            found.append(Leak(max(logos[a].split, logos[b].split, key=SPLITS.index), f"{where} look the same", APART))
    return found


def _index(logos: Sequence[Logo], seen: Sequence[Fingerprint]) -> Index:
    cells = [[logo.name, logo.group, logo.path, found.content, logo.kind] for logo, found in zip(logos, seen)]
    rows = text_table(COLUMNS, cells)
    splits = pd.Series([logo.split for logo in logos], dtype="str")
    parts = {split: rows.loc[splits == split].reset_index(drop=True) for split in SPLITS}
    unusable = Counter(logo.split for logo, found in zip(logos, seen) if found.content and found.hash is None)
    notes = {
        split: [f"pictures that cannot be used, which the stage prepare lists: {unusable[split]}"]
        if unusable[split]
        else []
        for split in SPLITS
    }
    classes = tuple(sorted({logo.kind for logo in logos} - {""}))
    return Index({HEAD: classes}, parts, {split: {} for split in SPLITS}, notes, "image")
