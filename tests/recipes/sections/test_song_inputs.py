"""Which songs `tailwise predict` finds, and its one line for what it cannot use."""

import argparse
import os
import re

import numpy as np
import pytest

from tailwise.core.errors import UserError
from tailwise.recipes.sections.inputs import find_inputs

SONG = "[Verse 1]\nfirst line\nsecond line\n\n[Chorus]\nla la\n"


def arguments(*paths, table=None, folder=None, root=None, format=None):
    return argparse.Namespace(paths=list(paths), table=table, folder=folder, root=root, format=format)


@pytest.fixture
def song(tmp_path):
    file = tmp_path / "song.txt"
    file.write_text(SONG, encoding="utf8")
    return file


def test_a_file_of_lyrics_gives_its_lines_without_the_marks(song):
    inputs = find_inputs(arguments(song))
    assert (inputs.kind, inputs.form, inputs.named) == ("text", "text", True)
    assert inputs.samples[0].name == str(song)
    assert inputs.samples[0].song.lines == ("first line", "second line", "la la")


def test_marks_of_any_name_are_left_out(tmp_path):
    (tmp_path / "song.txt").write_text("[What is this?]\none line\n")
    assert find_inputs(arguments(tmp_path / "song.txt")).samples[0].song.lines == ("one line",)


def test_a_folder_gives_its_songs_by_name_and_a_note_for_each_that_cannot_be_read(tmp_path, song):
    (tmp_path / "b").mkdir()
    (tmp_path / "b/other.txt").write_text("a line\n")
    (tmp_path / "b/empty.txt").write_text("[Chorus]\n")
    (tmp_path / ".hidden").mkdir()
    (tmp_path / ".hidden/x.txt").write_text("a line\n")
    (tmp_path / "notes.md").write_text("no song")
    for given in (arguments(tmp_path), arguments(folder=tmp_path)):
        inputs = find_inputs(given)
        assert [sample.name for sample in inputs.samples] == ["b/other.txt", "song.txt"] and not inputs.named
        (note,) = inputs.notes
        assert note.startswith("left out: ") and "empty.txt" in note and "no lines" in note


def test_audio_is_found_and_not_read(tmp_path):
    (tmp_path / "song.WAV").write_bytes(b"no audio at all")
    inputs = find_inputs(arguments(tmp_path / "song.WAV"))
    assert inputs.kind == "chroma" and inputs.samples[0].song is None


def test_the_chroma_of_billboard_is_audio_and_not_a_table_of_vectors(tmp_path):
    for name in ("0003", "0006"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "bothchroma.csv").write_text("")
    (tmp_path / "songs.csv").write_text("song,group\n")
    inputs = find_inputs(arguments(tmp_path))
    assert inputs.kind == "chroma"
    assert [sample.name for sample in inputs.samples] == ["0003/bothchroma.csv", "0006/bothchroma.csv"]


REFUSED = {
    "nothing given": (lambda folder: arguments(), "give one of"),
    "two ways": (lambda folder: arguments(folder / "a.txt", folder=folder), "give one of"),
    "a root": (lambda folder: arguments(folder / "a.txt", root=folder), "--root is not used"),
    "an absent file": (lambda folder: arguments(folder / "absent.txt"), "absent.txt: absent"),
    "another ending": (lambda folder: arguments(folder / "a.pdf"), r"a.pdf: names of songs end in \.txt"),
    "a file as a folder": (lambda folder: arguments(folder=folder / "a.txt"), "is not a folder"),
    "a folder without songs": (lambda folder: arguments(folder / "none"), "no song below it"),
    "two kinds": (lambda folder: arguments(folder / "a.txt", folder / "a.wav"), "one kind at a time"),
    "a file twice": (lambda folder: arguments(folder / "a.txt", folder / "none/../a.txt"), "given twice"),
    "binary": (lambda folder: arguments(folder / "binary.txt"), "binary.txt: line 2: not UTF-8"),
    "no lines": (lambda folder: arguments(folder / "empty.txt"), "empty.txt: a song of no lines"),
    "huge": (lambda folder: arguments(folder / "huge.txt"), "huge.txt: 3000000 bytes"),
    "a pipe": (lambda folder: arguments(folder / "pipe.txt"), "is a pipe, not a file"),
    "none readable": (lambda folder: arguments(folder / "bad"), "no song of it can be read"),
    "a binary table": (lambda folder: arguments(table=folder / "t.npz"), "t.npz: cannot be read"),
    "a table without songs": (lambda folder: arguments(table=folder / "none.npz"), "none.npz: has no song"),
    "a table without features": (lambda folder: arguments(folder / "t.csv"), "t.csv: needs a column song"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_used_is_refused_in_one_line(tmp_path, case):
    for name in ("none", "bad"):
        (tmp_path / name).mkdir()
    for name in ("a.txt", "a.pdf", "a.wav"):
        (tmp_path / name).write_text("a line\n")
    (tmp_path / "binary.txt").write_bytes(bytes(range(256)))
    (tmp_path / "empty.txt").write_text("\n\n[Chorus]\n")
    (tmp_path / "bad/empty.txt").write_text("")
    (tmp_path / "huge.txt").write_text("la\n" * 1_000_000)
    (tmp_path / "t.npz").write_bytes(b"PK\x03\x04 broken")
    np.savez(tmp_path / "none.npz", other=np.ones(3))
    (tmp_path / "t.csv").write_text("song\na\n")
    os.mkfifo(tmp_path / "pipe.txt")
    given, message = REFUSED[case]
    with pytest.raises(UserError) as error:
        find_inputs(given(tmp_path))
    assert re.search(message, str(error.value)) and "\n" not in str(error.value)


def test_vectors_are_read_from_a_table(tmp_path):
    rows = [f"{song},{value},{value + 1}" for song, value in (("a", 0.5), ("a", 1.5), ("b", 2.5))]
    (tmp_path / "t.csv").write_text("\n".join(["song,f1,f2", *rows]) + "\n")
    inputs = find_inputs(arguments(table=tmp_path / "t.csv"))
    assert inputs.kind == "vectors" and [sample.name for sample in inputs.samples] == ["a", "b"]
    np.testing.assert_array_equal(inputs.samples[0].song.vectors, [[0.5, 1.5], [1.5, 2.5]])
