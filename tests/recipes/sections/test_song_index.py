"""The tables of songs: what they say, and what is refused in one line."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest

from tailwise.core.errors import UserError
from tailwise.core.files import read_csv
from tailwise.core.tables import write_table
from tailwise.data.tables.packed import PackedText
from tailwise.data.tables.partition import Split
from tailwise.recipes.sections.index import content, index
from tailwise.recipes.sections.readers.song import Song


@dataclass(frozen=True)
class Fixed:
    """A reader of songs that are given."""

    given: list[Song]
    split: Split | None = None
    classes: tuple[str, ...] = ()

    @property
    def heads(self) -> dict[str, tuple[str, ...]]:
        return {"section": self.classes} if self.classes else {}

    def songs(self, root: Path) -> Iterator[Song]:
        yield from self.given

    def read_file(self, file: Path) -> Song:
        raise NotImplementedError


@dataclass(frozen=True)
class Source:
    root: str
    reader: Fixed
    leaks: str = "refuse"


def lyrics(name: str, cell: str, split: str = "train", **changes) -> Song:
    given = tuple(cell.split("|"))
    lines = tuple(f"{name} line {place}" for place in range(len(given)))
    return Song(
        **{"name": name, "group": f"of {name}", "path": f"{name}.txt", "labels": given, "lines": lines, "split": split}
        | changes
    )


def vectors(name: str, split: str = "train", width: int = 2, **changes) -> Song:
    values = np.random.default_rng([len(name), ord(name[0])]).random((2, width), np.float32)
    return replace(lyrics(name, "verse|chorus", split, lines=()), **{"vectors": values, "seconds": 0.5} | changes)


GOOD = [lyrics("a", "verse|verse|chorus"), lyrics("b", "|chorus", "valid"), lyrics("c", "verse", "test")]
OF_VECTORS = [vectors("a"), vectors("b", "valid"), vectors("c", "test")]


@pytest.fixture
def read(tmp_path):
    (tmp_path / "any.txt").write_text("any")
    return lambda songs, classes=(), split=None, **more: index(
        Source(str(tmp_path), Fixed(songs, split, classes), **more)
    )


def test_a_row_a_song(read):
    found = read(GOOD)
    assert found.index.heads == {"section": ("chorus", "verse")} and found.index.positions
    (row,) = found.index.rows["valid"].to_dict("records")
    assert row == {
        "sample": "b",
        "group": "of b",
        "path": "b.txt",
        "content": content(GOOD[1]),
        "seconds": "",
        "section": "|chorus",
    }
    assert read(OF_VECTORS).index.rows["train"]["seconds"].to_list() == ["0.5"]
    assert found.leaks == found.warnings == []


def test_labels_are_held_compressed_and_written_as_text(read, tmp_path):
    cell = "verse|chorus|" * 1000 + "verse"
    rows = read([lyrics("z", cell), *GOOD, lyrics("0", "", labels=("",), lines=("a",))]).index.rows["train"]
    packed = rows["section"][0]
    assert isinstance(packed, PackedText) and packed == cell and len(packed.content) < len(cell) / 50
    write_table(tmp_path / "packed.csv", rows)
    write_table(tmp_path / "text.csv", rows.astype("str"))
    assert (tmp_path / "packed.csv").read_bytes() == (tmp_path / "text.csv").read_bytes()
    assert [row["section"] for row in read_csv(tmp_path / "packed.csv")] == [cell, "verse|verse|chorus"]


def test_classes_are_in_the_order_given(read):
    assert read(GOOD, ("verse", "chorus")).index.heads == {"section": ("verse", "chorus")}
    with pytest.raises(UserError, match="the class 'chorus' is in the songs and not among the classes verse, bridge"):
        read(GOOD, ("verse", "bridge"))
    with pytest.raises(UserError, match="'bridge' has no training position, it is in no split"):
        read(GOOD, ("verse", "chorus", "bridge"))


def test_songs_without_labels_are_left_out_and_counted(read):
    found = read([*GOOD, lyrics("d", "||", "valid"), lyrics("e", "x", labels=())]).index
    assert {split: rows["sample"].to_list() for split, rows in found.rows.items()} == {
        "train": ["a"],
        "valid": ["b"],
        "test": ["c"],
    }
    assert found.dropped["valid"] == {"without labels": 1} == found.dropped["train"] and not found.dropped["test"]


def test_splits_are_drawn_by_group(read):
    songs = [lyrics(f"s{i:02}", "verse|chorus", "", group=f"g{i // 2}") for i in range(40)]
    found = read(songs, split=Split(0.2, 0.2, 1)).index.rows
    assert {split: len(rows) for split, rows in found.items()} == {"train": 24, "valid": 8, "test": 8}
    groups = [set(rows["group"]) for rows in found.values()]
    assert not groups[0] & groups[1] and not groups[0] & groups[2] and not groups[1] & groups[2]
    again = read(songs[::-1], split=Split(0.2, 0.2, 1)).index.rows
    assert all(set(found[split]["sample"]) == set(again[split]["sample"]) for split in found)


@pytest.mark.parametrize(
    ("songs", "message"),
    [
        ([], "has no song that data.reader reads"),
        ([*GOOD, lyrics("d", "x", lines=(), labels=())], "d.txt: song 'd': has no line or window"),
        ([*GOOD, lyrics("d", "verse", labels=("verse", "verse"))], "d.txt: song 'd': has 2 labels of 1 positions"),
        ([*GOOD, lyrics("d", "verse", group="")], "has no group"),
        ([*GOOD, lyrics("d", "verse", labels=("a|b",))], r"position 1: the class 'a\|b' has a \| or a line break"),
        ([*GOOD, lyrics("d", "actual")], "the class 'actual' is a reserved name"),
        ([*GOOD, lyrics("d", "|".join(["pre-chorus"] * 10_000))], "its 10000 positions are too many"),
        ([*GOOD, lyrics("a", "verse", path="d.txt")], "a.txt and .*d.txt: are two songs of the name 'a'"),
        ([*GOOD, lyrics("d", "verse", "dev")], "song 'd' has the split 'dev', which is not one of train, valid, test"),
        ([*GOOD, lyrics("d", "verse", "")], "song 'd' has no split; see data.reader.split"),
        ([*GOOD, lyrics("d", "Verse|chorus")], "the classes 'Verse' .* and 'verse' .* look alike"),
        ([*GOOD, lyrics("d", "bridge", "test")], "'bridge' has no training position, it is in test"),
        (GOOD[:2], "no song in the split test|no sample in the split test"),
        ([*GOOD, lyrics("d", "verse", "test", group="of a")], "the group 'of a' is in train .* and in test"),
        ([*GOOD, lyrics("d", "verse|verse|verse", "test", lines=GOOD[0].lines)], "a.txt in train and d.txt in test"),
        ([*OF_VECTORS, vectors("d", width=3)], "d.txt: song 'd': has rows of 3 features, songs before have 2"),
        (
            [*OF_VECTORS, vectors("d", vectors=np.array([[0, 1], [0, np.nan]]))],
            "d.txt: song 'd': position 2: feature 2 is nan",
        ),
        ([*OF_VECTORS, vectors("d", vectors=np.array([[np.inf, 1], [0, 1]]))], "position 1: feature 1 is inf"),
    ],
)
def test_refused_in_one_line(read, songs, message):
    with pytest.raises(UserError, match=message) as error:
        read(songs)
    assert "\n" not in str(error.value)


def test_a_song_on_both_sides_may_be_a_warning(read):
    found = read([*GOOD, lyrics("d", "verse", "test", group="of a")], leaks="warn")
    assert [leak.split for leak in found.leaks] == ["test"]


@pytest.mark.parametrize(
    ("songs", "split", "message"),
    [
        (GOOD, Split(0.2, 0.2, 1), "song 'a' has a split of its own, so data.reader.split must be null"),
        ([lyrics(name, "verse|chorus", "") for name in "abc"], Split(0.2, 0.2, 1), "too few songs to draw splits"),
    ],
)
def test_splits_that_cannot_be_drawn(read, songs, split, message):
    with pytest.raises(UserError, match=message):
        read(songs, split=split)


def test_a_reader_may_say_something_of_a_split(tmp_path):
    @dataclass(frozen=True)
    class Saying(Fixed):
        asked: list = field(default_factory=list)

        def notes(self, root, songs):
            self.asked.append(list(songs))
            return [f"{len(songs)} read"]

    (tmp_path / "any.txt").write_text("any")
    reader = Saying(GOOD)
    assert index(Source(str(tmp_path), reader)).index.notes["valid"] == ["1 read"]
    assert reader.asked == [["a"], ["b"], ["c"]]


def test_content_is_of_what_features_follow_from():
    song = lyrics("a", "verse|verse")
    assert content(song) == content(replace(song, name="b", labels=("x", "y"), path="z"))
    assert content(song) != content(replace(song, lines=("other", "lines")))
    values = np.ones((2, 3), np.float32)
    of = [content(replace(song, lines=(), vectors=value)) for value in (values, values.copy(), values.reshape(3, 2))]
    assert of[0] == of[1] != of[2]
