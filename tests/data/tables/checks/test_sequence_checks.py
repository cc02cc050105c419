"""The checks of tables whose labels are of positions, without views and with or without paths."""

from pathlib import Path

import pytest

from support.tables import table
from tailwise.core.errors import UserError
from tailwise.data.tables.checks.contents import fill_content
from tailwise.data.tables.checks.leaks import find_leaks
from tailwise.data.tables.checks.source import Checked, check_classes, check_names, refusal
from tailwise.data.tables.checks.summary import describe, summarize
from tailwise.data.tables.checks.warnings import find_warnings
from tailwise.data.tables.rows import SPLITS, Index

CLASSES = ("verse", "chorus")
ROWS = ("train s1 A verse|chorus|verse", "valid s2 B |verse", "test s3 C chorus")


def songs(*rows: str, paths: bool = False, classes=CLASSES) -> Index:
    """Rows of "split sample content section", "-" for a song without a label; each a group of its own."""
    parts = [dict(zip(("split", "sample", "content", "section"), row.split())) for row in rows]
    named = [
        {**row, "group": row["sample"], "section": row["section"].strip("-")}
        | ({"path": f"{row['sample']}.txt"} if paths else {})
        for row in parts
    ]
    every = table(named)
    of_splits = {split: every[every["split"] == split].drop(columns="split") for split in SPLITS}
    nothing = {split: {} for split in SPLITS}
    return Index({"section": classes}, of_splits, nothing, {split: [] for split in SPLITS}, "song", positions=True)


def texts(found) -> list[str]:
    return [each.text for each in found]


def test_a_cell_holds_the_classes_of_its_labelled_positions():
    of = songs(*ROWS)
    assert of.classes_in("verse||chorus|chorus") == ["verse", "chorus", "chorus"]
    assert of.classes_in("") == of.classes_in("||") == []
    assert Index({}, {}, {}, {}).classes_in("verse|chorus") == ["verse|chorus"]


def test_each_class_needs_a_training_position():
    check_classes(songs(*ROWS), Path("raw"), "label one")
    missing = songs("train s1 A verse|verse", *ROWS[1:])
    said = "raw: head section: 'chorus' has no training position, it is in test; label one"
    with pytest.raises(UserError, match=said):
        check_classes(missing, Path("raw"), "label one")
    unlabelled = songs(ROWS[0], "valid s2 B ||", ROWS[2])
    with pytest.raises(UserError, match="no sample of the split valid has a label"):
        check_classes(unlabelled, Path("raw"), "label one")


def test_class_names_of_positions_that_look_alike_are_refused():
    alike = songs("train s1 A verse|chorus", "valid s2 B chorus|Verse", "test s3 C chorus", classes=(*CLASSES, "Verse"))
    with pytest.raises(UserError, match="the classes 'verse' .sample 's1'. and 'Verse' .sample 's2'. look alike"):
        check_names(alike, Path("raw"))


@pytest.mark.parametrize(("paths", "places"), [(True, ("s1.txt", "s4.txt")), (False, ("sample s1", "sample s4"))])
def test_a_song_on_both_sides_is_called_a_song(paths, places):
    shared = songs(*ROWS, "valid s4 A verse|chorus|verse", paths=paths)
    first, second = places
    assert texts(find_leaks(shared, {""})) == [f"the same song is {first} in train and {second} in valid"]
    other = songs(*ROWS, "valid s4 A verse|verse|verse", paths=paths)
    assert texts(find_leaks(other, {""})) == [
        f"the same song is {first} in train and {second} in valid; its section differs"
    ]


@pytest.mark.parametrize(
    ("paths", "twice"), [(True, "s1.txt (sample s1) and s4.txt (sample s4)"), (False, "sample s1 and sample s4")]
)
def test_a_song_twice_in_a_split_is_warned_of_and_refused_with_two_labels(paths, twice):
    same, unlabelled = (songs(*ROWS, f"train s4 A {labels}", paths=paths) for labels in ("verse|chorus|verse", "||"))
    for of in (same, unlabelled):
        assert find_leaks(of, {""}) == []
        assert texts(find_warnings(of, {""})) == [f"the same song is {twice} in train"]
    (leak,) = find_leaks(songs(*ROWS, "train s4 A verse|verse|verse", paths=paths), {""})
    assert leak.text.startswith("the same song is ") and leak.text.endswith("in train; its section differs")
    assert not leak.crosses and "give each song one label" in refusal(Path("raw"), [leak])


def test_songs_that_are_absent_are_not_the_same_song():
    absent = songs("train s1 - verse|chorus", "valid s2 - verse", "test s3 - chorus")
    for rows in absent.rows.values():
        rows["content"] = ""
    assert find_leaks(absent, {""}) == find_warnings(absent, {""}) == []
    assert "  missing songs: 1" in list(describe(Checked(absent, [], [])))


def test_the_summary_counts_songs_and_no_views():
    facts = summarize(Checked(songs(*ROWS), [], []))
    assert facts["train"] == {"samples": 1, "dropped": {}}


def test_a_short_file_may_be_a_sample(tmp_path):
    (tmp_path / "s1.txt").write_text("la\n")
    of = songs(*ROWS, paths=True)
    assert "" in fill_content(of, tmp_path)[1] and len(fill_content(of, tmp_path)[1]) == 2
    assert fill_content(of, tmp_path, smallest=1)[1] == {""}
