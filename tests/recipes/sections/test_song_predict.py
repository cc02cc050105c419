"""A song from its file to its marks, given what stands in a weights file."""

import argparse
import copy
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
import torch

from tailwise.cli.predict.predictor import Predictor
from tailwise.core.errors import UserError
from tailwise.core.files import write_json
from tailwise.models.sequence.tagger import SequenceModel
from tailwise.recipes.sections.features.chroma import CHROMA_FEATURES, chroma_features
from tailwise.recipes.sections.features.text import TEXT_FEATURES, text_features
from tailwise.recipes.sections.inputs import SongFile, SongInputs, find_inputs
from tailwise.recipes.sections.outputs import as_text
from tailwise.recipes.sections.predict import fit_inputs, from_specification, read_samples
from tailwise.recipes.sections.readers.billboard import unlabelled_song
from tailwise.recipes.sections.readers.song import Song
from tailwise.recipes.sections.recipe import RECIPE

LINES = ("one line", "another line", "la la la", "la la la")


def plain(value):
    """As a weights file holds it."""
    if isinstance(value, dict):
        return {name: plain(each) for name, each in value.items()}
    return [plain(each) for each in value] if isinstance(value, tuple | list) else value


def specification(kind="text", names=TEXT_FEATURES, seconds=None) -> dict:
    width = len(names)
    features = {"kind": kind, "names": list(names), "mean": [0.25] * width, "std": [2.0] * width}
    heads = [{"name": "section", "classes": ["verse", "chorus"]}]
    model = plain(asdict(SequenceModel()))
    return {"recipe": "sections", "model": model, "heads": heads, "features": features, "seconds": seconds}


@pytest.fixture
def song(tmp_path):
    file = tmp_path / "song.txt"
    file.write_text("\n".join(LINES) + "\n")
    return file


def found(*paths) -> SongInputs:
    return find_inputs(argparse.Namespace(paths=list(paths), table=None, folder=None, root=None, format=None))


def vectors(*songs: np.ndarray, named=True) -> SongInputs:
    files = [
        SongFile(f"s{i}", Path(f"s{i}"), Song(f"s{i}", "g", f"s{i}", (), vectors=song)) for i, song in enumerate(songs)
    ]
    return SongInputs(files, "t.csv", "song", kind="vectors", named=named)


def test_features_are_normalised_by_what_the_weights_file_says(song):
    _, spec = from_specification(specification())
    (sample,) = read_samples(fit_inputs(found(song), spec, None), spec)
    np.testing.assert_allclose(sample.inputs["features"], (text_features(LINES) - 0.25) / 2, atol=1e-6)
    assert sample.inputs["features"].dtype == np.float32 and sample.inputs["length"] == 4
    assert tuple(sample.parts) == LINES and sample.name == str(song)


def test_a_song_is_printed_with_a_label_for_each_line(song):
    torch.manual_seed(0)
    model, spec = from_specification(specification())
    inputs = fit_inputs(found(song), spec, None)
    predictor = Predictor(model, spec.heads, lambda model, inputs: (model(**inputs), {}), torch.device("cpu"))
    text = as_text([predictor.predict(sample) for sample in read_samples(inputs, spec)], inputs)
    rows = [line.rsplit("  ", 1)[0].strip() for line in text.splitlines() if line]
    assert rows[0] in ("[Verse]", "[Chorus]") and [row for row in rows if not row.startswith("[")] == list(LINES)


@pytest.mark.parametrize(
    "kind, given, message",
    [
        ("chroma", "song.txt", "song.txt: lyrics, but the model was trained on audio: give *.wav"),
        ("text", "song.wav", "song.wav: audio, but the model was trained on lyrics: give text files"),
        ("vectors", "song.txt", "lyrics, but the model was trained on feature vectors"),
    ],
)
def test_songs_of_another_kind_are_refused(tmp_path, kind, given, message):
    (tmp_path / given).write_text("a line\n")
    _, spec = from_specification(specification(kind, ("a", "b"), 0.5))
    with pytest.raises(UserError) as error:
        fit_inputs(found(tmp_path / given), spec, None)
    assert message in str(error.value)


@pytest.mark.parametrize("form", ["jams", "lab"])
def test_files_of_one_song_refuse_two_and_say_what_their_times_are(tmp_path, form, capsys):
    for name in "ab":
        (tmp_path / f"{name}.txt").write_text("a line\n")
    _, spec = from_specification(specification())
    with pytest.raises(UserError, match=f"2 songs, but a file of --format {form} has one"):
        fit_inputs(found(tmp_path), spec, form)
    fit_inputs(found(tmp_path / "a.txt"), spec, form)
    assert "positions, counted from 0" in capsys.readouterr().err


def test_vectors_of_another_width_and_values_that_are_not_finite_are_refused(capsys):
    _, spec = from_specification(specification("vectors", ("a", "b")))
    wide, broken, good = np.ones((3, 5)), np.array([[1, np.nan]]), np.ones((3, 2))
    for songs, message in ((wide, "5 features a position, but the model takes 2"), (broken, "not finite")):
        with pytest.raises(UserError, match=message):
            list(read_samples(vectors(songs.astype(np.float32)), spec))
    samples = list(read_samples(vectors(*(each.astype(np.float32) for each in (wide, good)), named=False), spec))
    assert [sample.index for sample in samples] == [1] and capsys.readouterr().err.startswith("left out: s0")


def test_vectors_of_chroma_are_taken_by_a_model_of_audio():
    rng = np.random.default_rng(0)
    chroma = rng.random((40, 24)).astype(np.float32)
    _, spec = from_specification(specification("chroma", CHROMA_FEATURES, 0.5))
    (sample,) = read_samples(fit_inputs(vectors(chroma), spec, None), spec)
    expected = chroma_features(chroma, 0.5)
    np.testing.assert_allclose(sample.inputs["features"], (expected - 0.25) / 2, atol=1e-6)
    with pytest.raises(UserError, match="12 features a position, but .* 24 columns of chroma"):
        fit_inputs(vectors(chroma[:, :12]), spec, None)


def test_the_chroma_of_billboard_is_read_in_windows_of_the_model(tmp_path):
    frames = np.random.default_rng(0).random((40, 24)).astype(np.float32)
    rows = [f",{0.25 * n}," + ",".join(map(str, frame)) for n, frame in enumerate(frames.tolist())]
    (tmp_path / "bothchroma.csv").write_text("\n".join(rows) + "\n")
    (tmp_path / "salami_chords.txt").write_text("no annotation")
    _, spec = from_specification(specification("chroma", CHROMA_FEATURES, 0.5))
    (sample,) = read_samples(fit_inputs(found(tmp_path / "bothchroma.csv"), spec, None), spec)
    expected = chroma_features(unlabelled_song(tmp_path / "bothchroma.csv", 0.5).chroma, 0.5)
    np.testing.assert_allclose(sample.inputs["features"], (expected - 0.25) / 2, atol=1e-6)
    assert len(expected) == 19


WRONG = {
    "another recipe": (("recipe",), "fouls", "recipe"),
    "an unknown kind": (("features", "kind"), "video", "features.kind"),
    "names of another number": (("features", "names"), ["a"], "differ in length"),
    "a deviation of 0": (("features", "std"), [0.0] * 60, "std above 0"),
    "a mean that is text": (("features", "mean"), ["x"] * 60, "features.mean"),
    "no head": (("heads",), [], "one or more heads"),
    "negative seconds": (("seconds",), -1.0, "seconds"),
    "audio without seconds": (("features", "kind"), "chroma", "seconds must be given"),
    "no model": (("model",), None, "model"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_specification_is_refused(case):
    keys, value, message = WRONG[case]
    spec = copy.deepcopy(specification())
    inner = spec
    for key in keys[:-1]:
        inner = inner[key]
    inner[keys[-1]] = value
    with pytest.raises((UserError, ValueError)) as error:
        from_specification(spec)
    assert message in str(error.value) and "\n" not in str(error.value)


def test_decoding_changes_answers_and_no_probability(song, tmp_path):
    """Decoded from probabilities that Platt's calibration turns to one class."""
    torch.manual_seed(0)
    model, spec = from_specification(specification())
    (sample,) = read_samples(fit_inputs(found(song), spec, None), spec)
    plain = Predictor(model, spec.heads, lambda model, inputs: (model(**inputs), {}), torch.device("cpu"))
    classes = ["verse", "chorus"]
    for answer, towards in ((0, [50.0, -50.0]), (1, [-50.0, 50.0])):
        platt = {"kind": "platt", "classes": classes, "slopes": [1.0, 1.0], "intercepts": towards}
        adjustment = {"calibrator": platt, "tau": 0.0, "shares": [0.5, 0.5]}
        fitted = {"kind": "novelty", "classes": classes, "adjustment": adjustment, "kernel": 2, "height": 0.0}
        write_json(tmp_path / "d.json", {"section": fitted})
        decode = RECIPE.decoder(tmp_path / "d.json", spec.heads)
        (one,) = Predictor(model, spec.heads, plain.forward, torch.device("cpu"), decode).predict(sample).heads
        assert one.predicted.tolist() == [answer] * len(LINES)
        assert (one.probabilities == plain.predict(sample).heads[0].probabilities).all()
