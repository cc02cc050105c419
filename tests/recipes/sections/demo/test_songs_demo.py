import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from tailwise.core.errors import UserError
from tailwise.core.params.typed import convert
from tailwise.recipes.sections.demo import Demo, Faults, make_demo
from tailwise.recipes.sections.demo.grammar import SECTIONS
from tailwise.recipes.sections.demo.marks import name_sections, swapped_songs
from tailwise.recipes.sections.demo.song import Section, draw_song
from tailwise.recipes.sections.demo.words import lexicon
from tailwise.recipes.sections.readers.lyrics import Lyrics
from tailwise.recipes.sections.readers.song import Song

FAULTS = Faults(swapped=0.1, wrong=0.02, missing=0.02)
NONE = Faults(swapped=0.0, wrong=0.0, missing=0.0)
DEMO = Demo(seed=3, train=40, valid=8, test=8, songs_per_artist=4, faults=FAULTS)
CLASSES = {name: (name,) for name in SECTIONS} | {"chorus": ("chorus", "hook", "refrain")}


def files(folder: Path) -> dict[str, str]:
    return {file.relative_to(folder).as_posix(): file.read_text("utf-8") for file in sorted(folder.rglob("*.txt"))}


def songs_of(demo: Demo, folder: Path) -> list[Song]:
    make_demo(demo, folder)
    return list(Lyrics("lyrics", CLASSES, "refuse", None).songs(folder))


@pytest.fixture(scope="module")
def songs(tmp_path_factory) -> list[Song]:
    return songs_of(DEMO, tmp_path_factory.mktemp("demo"))


def test_the_same_bytes_twice_and_in_another_process(tmp_path):
    make_demo(DEMO, tmp_path / "one")
    code = (
        f"import sys; sys.path[:] = {sys.path!r}; from pathlib import Path\n"
        f"from tailwise.recipes.sections.demo import *; make_demo({DEMO!r}, Path('two'))"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=tmp_path)
    assert files(tmp_path / "one") == files(tmp_path / "two")


def test_another_seed_makes_other_songs(tmp_path):
    make_demo(DEMO, tmp_path / "one")
    make_demo(Demo(4, 40, 8, 8, 4, FAULTS), tmp_path / "two")
    assert not set(files(tmp_path / "one").values()) & set(files(tmp_path / "two").values())


def test_the_reader_reads_all_songs_with_their_splits_and_artists(songs):
    assert Counter(song.split for song in songs) == {"train": 40, "valid": 8, "test": 8}
    assert all(song.labels and len(song.labels) == len(song.lines) for song in songs)
    groups = {split: {song.group for song in songs if song.split == split} for split in ("train", "valid", "test")}
    assert len(groups["train"]) == 10 and len(set().union(*groups.values())) == 14
    assert len({song.lines for song in songs}) == len(songs)


def test_more_songs_leave_the_first_ones_as_they_were(tmp_path):
    few, many = (Demo(3, train, 1, 1, 4, NONE) for train in (8, 12))
    make_demo(few, tmp_path / "few")
    make_demo(many, tmp_path / "many")
    assert files(tmp_path / "few").items() <= files(tmp_path / "many").items()


def test_every_class_is_there_and_the_rare_ones_are_rare(tmp_path):
    counts = Counter(label for song in songs_of(Demo(1, 200, 1, 1, 4, NONE), tmp_path) for label in song.labels)
    assert set(counts) == set(SECTIONS)
    common = min(counts["verse"], counts["chorus"])
    assert all(counts[name] < common / 5 for name in ("intro", "pre-chorus", "bridge", "outro"))
    assert counts["intro"] < common / 20


def test_very_short_and_very_long_songs(tmp_path):
    lengths = [len(song) for song in songs_of(Demo(1, 200, 1, 1, 4, NONE), tmp_path)]
    assert min(lengths) <= 8 and max(lengths) >= 120 and 25 <= np.median(lengths) <= 60


def test_a_chorus_comes_again_and_a_verse_does_not():
    words, shares = lexicon(0), {"verse": [], "chorus": []}
    for number in range(100):
        sections = draw_song(np.random.default_rng(number), words)
        for name, found in shares.items():
            first, *others = [set(section.lines) for section in sections if section.name == name] or [set()]
            found += [len(first & other) / len(first) for other in others]
    assert np.mean(shares["chorus"]) > 0.4 and np.mean(shares["verse"]) < 0.1


def test_faults_are_as_frequent_as_they_say():
    rng = np.random.default_rng(0)
    named = name_sections(rng, [Section("bridge", ("a",))] * 4000, Faults(0.0, 0.1, 0.2), swapped=False)
    counts = Counter(section.name for section in named)
    assert counts[""] / 4000 == pytest.approx(0.2, abs=0.03)
    assert counts["bridge"] / 4000 == pytest.approx(0.7, abs=0.03)
    assert set(counts) == {*SECTIONS, ""}


def test_a_swapped_song_names_verse_and_chorus_the_other_way_round():
    sections = [Section(name, ("a",)) for name in ("intro", "verse", "chorus")]
    named = name_sections(np.random.default_rng(0), sections, NONE, swapped=True)
    assert [section.name for section in named] == ["intro", "chorus", "verse"]


def test_swapped_songs_are_of_all_lengths():
    lengths = np.random.default_rng(0).permutation(200)
    assert sorted(lengths[[*swapped_songs(lengths.tolist(), 0.02)]]) == [25, 75, 125, 175]
    assert swapped_songs([4, 5], 0.0) == set()


@pytest.mark.parametrize(
    "key, value, text",
    [
        ("seed", -1, "demo: seed -1 is negative"),
        ("train", 0, "demo: train must be 1 or more, found 0"),
        ("songs_per_artist", 0, "demo: songs_per_artist must be 1 or more, found 0"),
        (
            "faults",
            {"swapped": 0.6, "wrong": 0.0, "missing": 0.0},
            "demo.faults: swapped must be within [0, 0.5], found 0.6",
        ),
    ],
)
def test_params_that_are_refused(key, value, text):
    params = {"seed": 1, "train": 1, "valid": 1, "test": 1, "songs_per_artist": 1, "faults": vars(NONE)} | {key: value}
    with pytest.raises(UserError) as caught:
        convert(Demo, params, "demo")
    assert str(caught.value) == text
