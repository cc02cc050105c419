"""Recordings, with a stand-in for librosa: the package is optional."""

import sys
from types import SimpleNamespace

import numpy as np
import pytest

from tailwise.core.errors import UserError
from tailwise.recipes.sections.readers.audio import HOP, RATE, Audio, read_audio


def stand_in(seconds=4.0, fails=None):
    """What is used of librosa: a chroma with one strong bin, C in the bass and E in the treble."""

    def load(file, sr, mono):
        if fails:
            raise fails
        return np.zeros(int(seconds * sr), np.float32), sr

    def chroma(y, sr, hop_length, fmin, n_octaves, norm):
        found = np.zeros((12, 1 + len(y) // hop_length))
        found[0 if fmin < 100 else 4] = 1 + np.arange(found.shape[1])
        return found

    def mfcc(y, sr, n_mfcc, hop_length):
        return np.ones((n_mfcc, 1 + len(y) // hop_length))

    notes = {"A1": 55.0, "A3": 220.0}
    feature = SimpleNamespace(chroma_cqt=chroma, mfcc=mfcc)
    return SimpleNamespace(load=load, feature=feature, note_to_hz=notes.__getitem__)


@pytest.fixture
def root(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "librosa", stand_in())
    for name in ("b.wav", "a.MP3", "c.flac", "note.txt"):
        (tmp_path / name).write_bytes(b"sound")
    (tmp_path / "b.lab").write_text("0 2 Verse\n2 4 Chorus\n")
    return tmp_path


def test_bass_and_treble_from_a_on(root):
    values = read_audio(root / "b.wav", 0.5, 3)
    assert values.shape == (8, 27) and values.dtype == np.float32
    assert values[0].nonzero()[0].tolist() == [3, 19, 24, 25, 26]  # C is 3 semitones above A, E is 7
    frames = np.flatnonzero(np.arange(44) * HOP / RATE < 0.5)
    assert values[0, 3] == pytest.approx(1 + frames.mean())


def test_recordings_with_their_sections(root):
    songs = list(Audio("audio", timbre=2, classes={"sung": ("verse", "chorus")}).songs(root))
    assert [song.name for song in songs] == ["a", "b", "c"] and songs[1].labels == ("sung",) * 8
    assert songs[0].labels == () and songs[0].chroma.shape == (8, 26) and songs[0].path == "a.MP3"
    assert Audio("audio").read_file(root / "b.wav").labels == ("verse",) * 4 + ("chorus",) * 4


def test_without_the_package_one_line_says_so(root, monkeypatch):
    monkeypatch.setitem(sys.modules, "librosa", None)
    with pytest.raises(
        UserError, match=r"a.MP3: reading recordings needs the package librosa: pip install -r"
    ) as error:
        list(Audio("audio").songs(root))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("package", "message"),
    [
        (stand_in(fails=RuntimeError("no\nformat")), "a.MP3: cannot be decoded: no format: convert it to wav or flac"),
        (stand_in(fails=EOFError()), "a.MP3: cannot be decoded: EOFError"),
        (stand_in(seconds=0), "a.MP3: has no sound"),
    ],
)
def test_recordings_that_are_refused(root, monkeypatch, package, message):
    monkeypatch.setitem(sys.modules, "librosa", package)
    with pytest.raises(UserError, match=message):
        list(Audio("audio").songs(root))


def test_a_folder_without_recordings(tmp_path):
    with pytest.raises(UserError, match=r"has no recording \(.wav, .flac, .mp3\)"):
        list(Audio("audio").songs(tmp_path))


@pytest.mark.parametrize("wrong", [{"window": 0.0}, {"timbre": -1}, {"classes": {"a": ()}}])
def test_params_that_cannot_be(wrong):
    with pytest.raises(ValueError):
        Audio("audio", **wrong)
