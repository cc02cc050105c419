"""The prepared splits that training reads: features of every song, and of altered training songs."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tailwise.core.errors import UserError
from tailwise.core.stage.progress import Progress
from tailwise.core.tables import column, read_table
from tailwise.data.sequences.labels import join_labels, split_labels
from tailwise.data.sequences.store import SplitWriter, write_features
from tailwise.data.tables.partition import folds, split_off, strata
from tailwise.data.tables.rows import SPLITS
from tailwise.recipes.sections.features.song import feature_names, song_features
from tailwise.recipes.sections.index import COLUMNS, Source
from tailwise.recipes.sections.readers.song import HEAD, Song
from tailwise.recipes.sections.variants import Variants, altered_songs

CALIBRATION = "calibration"


@dataclass(frozen=True)
class Prepare:
    """calibration: share of the training songs that is set aside by group to fit calibration; 0 for none
    seed: of that draw, and of the altered songs; variants: altered songs, of those that are trained on
    """

    calibration: float = 0.15
    seed: int = 1
    variants: Variants = field(default=Variants())

    def __post_init__(self):
        if not 0 <= self.calibration < 1 or not 0 <= self.seed < 2**32:
            raise ValueError("calibration must be within [0, 1), seed within [0, 2**32)")


def prepare(how: Prepare, source: Source, folder: Path, tables: Path = Path("data/index")) -> Iterator[str]:
    """Write ``<folder>/<split>`` and ``<folder>/features.json`` from the tables of the index; yields lines to print.

    Reads the songs once more; holds the features of one shard a split in memory.
    """
    rows = set_aside(how, {split: read_index(tables / f"{split}.csv") for split in SPLITS})
    of_song = {row["sample"]: (split, row) for split, of_split in rows.items() for row in of_split}
    writers = {split: SplitWriter(folder / split, COLUMNS) for split, of_split in rows.items() if of_split}
    names: tuple[str, ...] = ()
    altered = 0
    with Progress("songs", len(of_song), "songs") as progress:
        for song in source.reader.songs(Path(source.root)):
            if song.name in of_song:
                split, row = of_song.pop(song.name)
                names = names or feature_names(song)
                copies = altered_songs(song, how.variants, how.seed) if split == "train" else ()
                altered += _write(writers[split], row, [song, *copies]) - 1
                progress.advance(1)
    for name in of_song:
        raise UserError(f"{source.root}: has no song {name!r}, which {tables} lists: run the stage index again")
    for split, writer in writers.items():
        writer.close()
        more = f", {altered} of them altered" if split == "train" and altered else ""
        yield f"{split}: {len(writer.rows)} songs{more}, {writer.moments.count} positions"
    write_features(folder / "features.json", writers["train"].moments.features(names))


def read_index(file: Path) -> list[dict[str, str]]:
    """The rows of a table of the index."""
    table = read_table(file, dict.fromkeys(COLUMNS, "text"))
    return [dict(zip(COLUMNS, cells)) for cells in zip(*(column(table, name) for name in COLUMNS))]


def set_aside(how: Prepare, rows: dict[str, list[dict[str, str]]]) -> dict[str, list[dict[str, str]]]:
    """The splits with `calibration` taken from `train`, whole groups; UserError where there are too few."""
    if not how.calibration:
        return rows
    labels = strata((split_labels(row[HEAD]) for row in rows["train"]), folds(how.calibration)[1])
    try:
        kept, aside = split_off(rows["train"], labels, how.calibration, how.seed)
    except UserError as error:
        raise UserError(f"prepare.calibration: too few training songs to set some aside: {error}") from error
    return {**rows, "train": kept, CALIBRATION: aside}


def _write(writer: SplitWriter, row: dict[str, str], songs: list[Song]) -> int:
    """Write a song, whose row has its labels, and its altered copies; how many these are together."""
    for song in songs:
        own = row if song is songs[0] else {**row, "sample": song.name, HEAD: join_labels(song.labels)}
        writer.add(own, song_features(song))
    return len(songs)
