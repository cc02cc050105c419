"""Sections that people marked: JAMS, SALAMI, .lab; two annotators and how far they agree."""

import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from tailwise.core.errors import UserError
from tailwise.data.tables.rows import SPLITS
from tailwise.recipes.sections.index import index
from tailwise.recipes.sections.readers.agreement import agreement, boundary_f1
from tailwise.recipes.sections.readers.annotations import read_intervals, read_jams, section_name
from tailwise.recipes.sections.readers.jams import Jams
from tailwise.recipes.sections.readers.windows import Interval

FIRST = [(0, 2, "Intro"), (2, 4, "Verse"), (6, 4, "Chorus")]
SECOND = [(0, 2.5, "Intro"), (2.5, 7.5, "verse")]
LABELS = ("intro",) * 4 + ("verse",) * 8 + ("chorus",) * 8


def annotation(rows, namespace="segment_open", dense=False):
    data = [{"time": time, "duration": length, "value": value, "confidence": None} for time, length, value in rows]
    if dense:
        data = {name: [row[name] for row in data] for name in data[0]}
    return {"namespace": namespace, "data": data, "annotation_metadata": {}}


def jams(file, *annotations, **about):
    file.write_text(json.dumps({"file_metadata": about, "annotations": list(annotations)}))


def chroma(file, seconds=10, seed=0):
    values = np.random.default_rng(seed).random((seconds * 10 + 1, 24))
    rows = [f",{place / 10}," + ",".join(f"{value:.3f}" for value in row) for place, row in enumerate(values)]
    file.write_text("\n".join(rows) + "\n")


@pytest.fixture
def root(tmp_path):
    jams(tmp_path / "a.jams", annotation(FIRST), annotation(SECOND, dense=True), title="A  Song", artist="Some One")
    chroma(tmp_path / "a.csv")
    return tmp_path


def read(root, **params):
    return list(Jams("jams", **params).songs(root))


def test_jams_of_one_or_both_annotators(root):
    (first,), (second,), both = (read(root, annotators=whose) for whose in ("first", "second", "both"))
    assert first.labels == LABELS and second.labels == ("intro",) * 5 + ("verse",) * 15
    assert (first.name, first.group, first.path, first.seconds) == ("a", "a song|some one", "a.jams", 0.5)
    assert [song.name for song in both] == ["a#1", "a#2"] and [song.labels for song in both] == [
        first.labels,
        second.labels,
    ]
    assert both[0].group == both[1].group and np.array_equal(both[0].chroma, both[1].chroma)
    assert Jams("jams").read_file(root / "a.jams").labels == LABELS


def test_agreement_is_reported(root):
    jams(root / "b.jams", annotation(FIRST))
    chroma(root / "b.csv")
    assert Jams("jams").notes(root, ["b"]) == []
    said = "boundary F1 0.667 within 0.5 s and 0.667 within 3 s, the same label 0.550"
    for songs in (["a", "b"], ["a#1", "a#2", "b"]):
        assert Jams("jams").notes(root, songs) == [f"two annotators of 1 songs agree: {said}"]


class ThreeTimes:
    """Every song of both annotators in each split, with another content there."""

    split, heads = None, {}

    def __init__(self, given):
        self.given = given

    def songs(self, root):
        for number, split in enumerate(SPLITS):
            for song in self.given:
                other = {"name": f"{split} {song.name}", "group": split, "split": split}
                yield replace(song, chroma=song.chroma + number, **other)


def test_two_people_may_differ_about_a_song(root):
    reader = ThreeTimes(read(root, annotators="both"))
    found = index(SimpleNamespace(root=str(root), leaks="refuse", reader=reader))
    assert [leak.crosses for leak in found.leaks] == [False] * 3


def test_salami_folders(root):
    folder = root / "10"
    folder.mkdir()
    lines = ["0\tSilence", "1.0\tA, a, Intro, (guitar", "2.0\tb, guitar)", "3.0\tB, b, Verse", "", "5.0\tEnd"]
    (folder / "textfile1.txt").write_text("\n".join(lines))
    (folder / "textfile2.txt").write_text("0.0 Silence\n1.0 Pre-Chorus\n5.0 End\n")
    chroma(folder / "bothchroma.csv", 5)
    first, second, *_ = read(root, annotators="both")
    assert first.labels == ("silence",) * 2 + ("intro",) * 4 + ("verse",) * 4
    assert (first.name, first.group, second.name) == ("10#1", "10", "10#2")
    assert second.labels == ("silence",) * 2 + ("pre-chorus",) * 8
    assert Jams("jams").read_file(folder / "textfile1.txt").name == "10"


def test_lab_files_and_classes(root):
    (root / "c.lab").write_text("0.0\t2.0\tintro\n2.0 10.0 Guitar Solo\n")
    chroma(root / "c.csv")
    *_, song = read(root, classes={"rest": ("intro", "guitar solo")}, unlabelled=("verse", "chorus"))
    assert song.labels == ("rest",) * 20
    with pytest.raises(UserError, match=r"a.jams: the label 'intro' is in no class of data.reader.classes"):
        read(root, classes={"solo": ("guitar solo",)})


def test_of_several_namespaces_the_first_known_is_read(tmp_path):
    upper = annotation([(0, 10, "A")], "segment_salami_upper")
    function = annotation(FIRST, "segment_salami_function")
    jams(tmp_path / "a.jams", upper, annotation([(0, 1, "C:maj")], "chord"), function)
    assert read_jams(tmp_path / "a.jams")[1] == [
        [Interval(0, 2, "intro"), Interval(2, 6, "verse"), Interval(6, 10, "chorus")]
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("no json", "a.jams: is no JAMS file: JSONDecodeError"),
        ("[]", "a.jams: is no JAMS file: TypeError"),
        ('{"annotations": [{"namespace": "segment_open"}]}', "a.jams: is no JAMS file: KeyError: 'data'"),
        ('{"annotations": []}', "a.jams: has no annotation of sections: one of segment_salami_function"),
        ('{"annotations": [{"namespace": "segment_open", "data": []}]}', "has no section with a start and an end"),
        (
            '{"annotations": [{"namespace": "segment_open", "data": [{"time": 0, "duration": 5, "value": "a"}, '
            '{"time": 1, "duration": 1, "value": "b"}]}]}',
            "the section at 0 s must end after it begins and before the next",
        ),
    ],
)
def test_jams_that_is_refused(tmp_path, text, message):
    (tmp_path / "a.jams").write_text(text)
    with pytest.raises(UserError, match=message) as error:
        read(tmp_path)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.lab", "0.0 verse\n", "a.lab: line 1: must be start, end and label"),
        ("a.lab", "0.0 x verse\n", "line 1: must begin with a time in seconds, found 'x'"),
        ("a.lab", "", "a.lab: has no section"),
        ("textfile1.txt", "0.0\tA, a\n1.0\tEnd\n", "textfile1.txt: has no section"),
    ],
)
def test_text_that_is_refused(tmp_path, name, text, message):
    (tmp_path / name).write_text(text)
    with pytest.raises(UserError, match=message):
        read_intervals(tmp_path / name)


def test_songs_that_are_refused(root):
    (root / "a.lab").write_text("0 1 verse\n")
    with pytest.raises(UserError, match=r"a.jams and .*a.lab: are two annotations of a song|a.lab and .*a.jams"):
        read(root)
    (root / "a.lab").unlink()
    (root / "a.csv").unlink()
    with pytest.raises(UserError, match=r"a.jams: there is no a.csv beside it, nor a as .wav, .flac, .mp3"):
        read(root)
    (root / "a.jams").unlink()
    with pytest.raises(UserError, match="has no annotation: .jams, .lab or textfile1.txt"):
        read(root)


@pytest.mark.parametrize(
    ("text", "name"),
    [("A, a, Verse, (vocal", "verse"), ("B', b", ""), ("Silence", "silence"), ("(voice", ""), ("a, voice)", "")],
)
def test_names_of_sections_in_salami(text, name):
    assert section_name(text) == name


@pytest.mark.parametrize(
    ("first", "second", "tolerance", "value"),
    [([], [], 0, 1.0), ([3], [], 5, 0.0), ([3, 8], [3, 9], 0, 0.5), ([3, 8], [3, 9], 1, 1.0), ([3, 4], [4], 1, 2 / 3)],
)
def test_boundaries_match_one_to_one(first, second, tolerance, value):
    assert boundary_f1(np.array(first), np.array(second), tolerance) == pytest.approx(value)


def test_agreement_by_hand():
    first, second = (tuple(text.split()) for text in ("a a a a b b b b", "a a b b b b c c"))
    assert agreement(first, second, 0.5) == pytest.approx((0, 2 / 3, 4 / 8))
    assert agreement(first, first, 0.5) == (1, 1, 1)
    assert agreement(("a", ""), ("a", "b"), 0.5)[2] == 1


def test_classes_are_in_the_order_of_the_table():
    assert Jams("jams").heads == {}
    assert Jams("jams", classes={"verse": ("v",), "chorus": ("c",)}).heads == {"section": ("verse", "chorus")}
