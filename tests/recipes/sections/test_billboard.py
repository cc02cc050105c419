"""The official folders of McGill Billboard, and the windows of their times."""

import numpy as np
import pytest

from tailwise.core.errors import UserError
from tailwise.recipes.sections.readers.billboard import Billboard, song_key
from tailwise.recipes.sections.readers.windows import Interval, window_labels, window_means

ANNOTATION = """# title: I Don't mind
# artist: James Brown
# metre: 6/8

0.0\tsilence
0.3\tA, intro, | A:min | C:maj |, (guitar
1.0\t| A:min |, guitar)
2.1\tB, verse, | A:min |, (voice
# tonic: A
2.9\tC', pre chorus, fade out, | F:maj |
3.6\tfadeout, | F:maj |
4.0\tZ
4.5\tsilence
5.0\tend
"""


def write(folder, annotation=ANNOTATION, frames=50, name="0003", bins=24):
    for part in ("salami_chords", "chordino"):
        (folder / part / name).mkdir(parents=True, exist_ok=True)
    (folder / "salami_chords" / name / "salami_chords.txt").write_text(annotation)
    rows = [f"{'x.wav' if not i else ''},{i / 10}," + ",".join(str(i + b) for b in range(bins)) for i in range(frames)]
    (folder / "chordino" / name / "bothchroma.csv").write_text("\n".join(rows) + "\n")


def read(folder, **params):
    return list(Billboard("billboard", **params).songs(folder))


def test_a_song_in_windows_of_half_a_second(tmp_path):
    write(tmp_path)
    (song,) = read(tmp_path)
    assert (song.name, song.group, song.seconds) == ("0003", "i don t mind|james brown", 0.5)
    assert song.path == "salami_chords/0003/salami_chords.txt"
    labels = ("silence", "intro", "intro", "intro", "verse", "verse", "pre-chorus", "outro", "other")
    assert song.labels == labels
    np.testing.assert_allclose(song.chroma[:, 0], np.arange(9) * 5 + 2)


def test_sections_are_merged_by_tables_in_params(tmp_path):
    write(tmp_path, ANNOTATION.replace("verse", "strophe"))
    with pytest.raises(UserError, match=r"salami_chords.txt: line 8: the section 'strophe' is unknown: add it to"):
        read(tmp_path)
    classes = {"sung": ("verse", "pre-chorus"), "rest": ("silence", "intro", "outro")}
    (song,) = read(tmp_path, synonyms={"verse": ("Strophe",)}, classes=classes, unlabelled=("other",))
    assert song.labels == ("rest",) * 4 + ("sung",) * 3 + ("rest", "")
    with pytest.raises(UserError, match="the label 'other' is in no class of data.reader.classes"):
        read(tmp_path, synonyms={"verse": ("strophe",)}, classes=classes)


def test_longer_windows(tmp_path):
    write(tmp_path)
    (song,) = read(tmp_path, window=2.0)
    assert song.labels == ("intro", "verse") and song.chroma.shape == (2, 24)


def test_the_same_song_twice_is_of_one_group(tmp_path):
    write(tmp_path)
    write(tmp_path, ANNOTATION.replace("I Don't mind", "I don’t Mind"), name="0004")
    first, second = read(tmp_path)
    assert first.group == second.group and first.name != second.name
    assert song_key("", "") == ""


def test_a_song_to_predict(tmp_path):
    write(tmp_path)
    file = tmp_path / "chordino" / "0003" / "bothchroma.csv"
    song = Billboard("billboard").read_file(file)
    assert song.labels == () and song.chroma.shape == (9, 24)
    file.with_name("salami_chords.txt").write_text(ANNOTATION)
    assert Billboard("billboard").read_file(file).labels == read(tmp_path / "salami_chords" / "..")[0].labels


@pytest.mark.parametrize(
    ("annotation", "message"),
    [
        ("", "has no section with a time"),
        ("0.0\tsilence\n", "has no section with a time"),
        ("x\tsilence\n", "line 1: must begin with a time in seconds"),
        ("1.0\tsilence\n0.5\tend\n", "line 2: must begin with a time in seconds, not before that of the line above"),
        ("nan\tsilence\n", "line 1: must begin with a time in seconds"),
    ],
)
def test_annotations_that_are_refused(tmp_path, annotation, message):
    write(tmp_path, annotation)
    with pytest.raises(UserError, match=message):
        read(tmp_path)


def test_chroma_that_is_refused(tmp_path):
    with pytest.raises(UserError, match="has no salami_chords.txt in a folder of a song"):
        read(tmp_path)
    write(tmp_path, bins=12)
    with pytest.raises(UserError, match="line 1: has 14 fields: file, time and 24 bins are needed"):
        read(tmp_path)
    write(tmp_path)
    file = tmp_path / "chordino" / "0003" / "bothchroma.csv"
    file.write_text(file.read_text().replace(",25,", ",x,", 1))
    with pytest.raises(UserError, match="is no row of numbers"):
        read(tmp_path)
    file.write_text("")
    with pytest.raises(UserError, match=r"bothchroma.csv: is empty"):
        read(tmp_path)
    file.unlink()
    with pytest.raises(UserError, match="there is no 0003/bothchroma.csv: put it beside it"):
        read(tmp_path)


def test_a_window_has_the_label_of_the_largest_overlap():
    intervals = [Interval(0, 0.7, "a"), Interval(0.7, 0.8, "b"), Interval(0.8, 1.25, "c"), Interval(1.75, 2, "d")]
    assert window_labels(intervals, 5, 0.5) == ("a", "a", "c", "d", "")
    assert window_labels([Interval(0, 0.25, "a"), Interval(0.25, 1, "b")], 1, 0.5) == ("a",)
    assert window_labels([], 2, 0.5) == ("", "")


def test_a_window_has_the_mean_of_its_frames():
    means = window_means(np.array([0.1, 0.2, 1.0, 1.2]), np.array([[1.0], [3.0], [5.0], [8.0]]), 4, 0.5)
    assert means.tolist() == [[2], [2], [6.5], [6.5]]
