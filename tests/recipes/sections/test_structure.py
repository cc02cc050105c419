"""Figures of the structure of songs, and the songs of the report."""

import base64
import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from support.sections.songs import FORM, HEAD, Made, make_songs, predictions, write_index, write_prepared
from tailwise.core.batch import Batch
from tailwise.core.heads import IGNORE
from tailwise.engine.contract.metric import labels_of
from tailwise.metrics.sequence.boundaries import Boundaries
from tailwise.metrics.sequence.transitions import found_transitions
from tailwise.recipes.sections.features.chroma import CHROMA_FEATURES
from tailwise.recipes.sections.features.kinds import position_name
from tailwise.recipes.sections.features.text import TEXT_FEATURES
from tailwise.recipes.sections.task import metrics
from tailwise.recipes.sections.tracks import songs as report_songs
from tailwise.recipes.sections.tracks.matrices import attention, packed, similarity
from tailwise.recipes.sections.tracks.structure import (
    Tolerances,
    extra,
    found_changes,
    lines,
    structure_figures,
    structure_labels,
)
from tailwise.recipes.sections.tracks.track import tracks


def extra_of(root, made):
    write_prepared(root, made)
    return extra(write_index(root, made), {"section": predictions(made)})


def one_song(truth, answer, seconds=None) -> Made:
    return Made(["a - b"], [np.array(truth)], [np.array(answer)], seconds)


def test_right_answers_have_every_figure_at_its_best(tmp_path):
    made = make_songs(5)
    found = extra_of(tmp_path, replace(made, answer=made.truth))
    assert set(found.figures["structure"].values()) == {1.0}
    songs = found.files["songs"]["songs"]
    assert all(song["truth"] == song["answer"] and set(song["found"]) == {1} for song in songs)
    assert {song["confident"] for song in songs} == {None}


def test_figures_are_those_of_training_on_the_padded_batch(tmp_path):
    made = make_songs(7)
    longest = max(map(len, made.truth))
    truth, answer = (
        torch.stack([torch.from_numpy(np.pad(row, (0, longest - len(row)), constant_values=filler)) for row in rows])
        for rows, filler in ((made.truth, IGNORE), (made.answer, 0))
    )
    outputs = {"section": torch.nn.functional.one_hot(answer, len(HEAD.classes)).float()}
    metric = Boundaries(HEAD)
    expected = metric.value(metric.part(outputs, Batch({}, {"section": truth}, torch.arange(7))))
    figures = extra_of(tmp_path, made).figures["structure"]
    assert {f"boundary_{name}": value for name, value in expected.items()}.items() <= figures.items()


def test_a_table_worked_out_by_hand(tmp_path):
    """Truth verse verse chorus chorus verse; the answer changes a position late, and not back."""
    found = extra_of(tmp_path, one_song([1, 1, 3, 3, 1], [1, 1, 1, 3, 3]))
    figures = found.figures["structure"]
    assert [figures[f"boundary_f1_{tolerance}"] for tolerance in (0, 1)] == [0, pytest.approx(2 / 3)]
    rows = {(row["source"], row["target"]): row for row in found.files["structure"]["transitions"]}
    assert list(rows) == [("verse", "chorus"), ("chorus", "verse")]
    forth, back = rows["verse", "chorus"], rows["chorus", "verse"]
    assert (forth["truth"], forth["answers"], forth["found"], forth["taken_for"]) == (1, 1, 1, None)
    assert (back["truth"], back["answers"], back["found"], back["share"]) == (1, 0, 0, 0)
    assert back["taken_for"] == "chorus throughout (1)"
    (song,) = found.files["songs"]["songs"]
    assert song["truth"] == [[1, 0, 2], [3, 2, 4], [1, 4, 5]] and song["answer"] == [[1, 0, 3], [3, 3, 5]]
    assert song["found"] == [1, 0] and song["accuracy"] == 0.6 and song["boundary_f1"] == 0
    lengths = {row["name"]: row for row in found.files["structure"]["lengths"]["classes"]}
    assert found.files["structure"]["lengths"]["edges"] == [1, 2, 3]
    assert lengths["verse"]["truth"] == {"count": 2, "median": 1.5, "counts": [1, 1, 0]}
    assert lengths["verse"]["answer"] == {"count": 1, "median": 3.0, "counts": [0, 0, 1]}


def test_transitions_found_one_by_one_add_up_to_the_metric():
    rng = np.random.default_rng(0)
    for _ in range(200):
        length, tolerance = rng.integers(1, 30), int(rng.integers(0, 4))
        truth, answer = rng.integers(0, 3, length), rng.integers(0, 3, length)
        found = found_changes(truth, answer, tolerance)
        assert found.sum() == found_transitions(truth, answer, 3, tolerance).sum()


def test_positions_without_a_label_are_gaps(tmp_path):
    """No change is known beside a gap."""
    truth = [1, 1, IGNORE, IGNORE, 3, 3, 1]
    found = extra_of(tmp_path, one_song(truth, [1, 1, 0, 0, 3, 3, 1]))
    (song,) = found.files["songs"]["songs"]
    assert song["truth"] == song["answer"] == [[1, 0, 2], [3, 4, 6], [1, 6, 7]] and song["length"] == 7
    assert song["found"] == [None, 1] and song["confidence"][2:4] == [None, None] and song["accuracy"] == 1
    assert found.files["structure"]["positions"] == 5
    assert [(row["labels"], row["truth"]) for row in found.files["structure"]["transitions"]] == [([3, 1], 1)]


def test_audio_is_measured_in_seconds(tmp_path):
    truth, answer = np.repeat([1, 3, 1], 20), np.repeat([1, 3, 1], [24, 17, 19])
    found = extra_of(tmp_path, one_song(truth, answer, 0.5))
    figures = found.figures["structure"]
    assert (figures["boundary_f1_0.5s"], figures["boundary_f1_3s"]) == (0.5, 1)
    structure = found.files["structure"]
    assert structure["unit"] == "second" and [row["tolerance"] for row in structure["boundaries"]] == [0.5, 3]
    assert structure["lengths"]["classes"][1]["truth"]["median"] == 10
    assert found.files["songs"]["songs"][0]["seconds"] == 0.5


def test_only_validation_gets_files(tmp_path):
    made = make_songs(3)
    write_prepared(tmp_path, made)
    index = write_index(tmp_path, made)
    test = index.rename(index.with_name("test.csv"))
    found = extra(test, {"section": predictions(made)})
    assert found.files == {} and found.figures["structure"]["boundary_f1_1"] > 0


def test_the_most_wrong_songs_come_first_and_have_matrices_as_have_the_best(tmp_path, monkeypatch):
    monkeypatch.setattr(report_songs, "MOST_WRONG", 4)
    monkeypatch.setattr(report_songs, "BEST", 2)
    songs = extra_of(tmp_path, make_songs(12)).files["songs"]
    accuracies = [song["accuracy"] for song in songs["songs"]]
    assert accuracies == sorted(accuracies) and songs["count"] == 12
    with_matrix = [song["matrix"] is not None for song in songs["songs"]]
    assert with_matrix == [True] * 4 + [False] * 6 + [True] * 2


def test_a_large_split_keeps_the_page_small(tmp_path, monkeypatch):
    monkeypatch.setattr(report_songs, "LARGEST", 20_000)
    monkeypatch.setattr(report_songs, "BEST", 1)
    songs = extra_of(tmp_path, make_songs(40)).files["songs"]
    assert 1 < len(songs["songs"]) < 40 == songs["count"] and len(json.dumps(songs["songs"])) < 30_000
    assert songs["songs"][-1]["accuracy"] == 1 and songs["songs"][0]["accuracy"] < 0.8


def test_the_matrix_shows_which_positions_are_alike(tmp_path):
    made = make_songs(4, form=FORM * 3)
    (song, *_) = extra_of(tmp_path, made).files["songs"]["songs"]
    side = song["matrix"]["side"]
    values = np.frombuffer(base64.b64decode(song["matrix"]["bytes"]), np.uint8).reshape(side, side)
    assert side == 64 and (values.diagonal() == 255).all() and (values == values.T).all()
    assert values.mean() < 128


def test_similarity_is_the_cosine_of_blocks():
    features = np.array([[1.0, 0], [2, 0], [0, 3], [-1, 0], [0, 0]])
    expected = [[1, 1, 0, 0, 0], [1, 1, 0, 0, 0], [0, 0, 1, 0, 0], [0, 0, 0, 1, 0], [0, 0, 0, 0, 0]]
    np.testing.assert_allclose(similarity(features), expected, atol=1e-12)
    np.testing.assert_allclose(similarity(np.repeat(np.eye(64), 3, axis=0)), np.eye(64), atol=1e-12)


def test_attention_is_scaled_to_its_largest_block():
    weights = np.full((128, 128), 1 / 128)
    np.testing.assert_allclose(attention(weights), np.ones((64, 64)))
    assert packed(np.array([[0.0, 0.5], [1.0, 0.25]])) == {
        "side": 2,
        "bytes": base64.b64encode(b"\0\x80\xff\x40").decode(),
    }


def test_lines_name_the_tolerances():
    found = tracks(predictions(make_songs(3)), {})
    tolerances = Tolerances((0, 2))
    text = list(lines(structure_figures(found, HEAD, tolerances), structure_labels(HEAD, tolerances, None, "line")))
    assert text[0].startswith("boundary F1: exact 0.") and ", within 2 lines " in text[0]
    assert [line.split(":")[0] for line in text] == ["boundary F1", "segments found", "transitions found"]


@pytest.mark.parametrize(
    ("names", "seconds", "word"),
    [(TEXT_FEATURES, None, "line"), (CHROMA_FEATURES, 0.5, "window"), (("a", "b"), None, "position")],
)
def test_a_position_has_the_word_of_its_songs(names, seconds, word):
    assert position_name(names, seconds) == word


def test_every_figure_of_songs_has_a_name_for_people():
    figures = structure_figures(tracks(predictions(make_songs(3)), {}), HEAD, Tolerances())
    labels = structure_labels(HEAD, Tolerances(), None, "line")
    assert list(labels) == [f"structure.{name}" for name in figures]
    assert not [label.text for label in labels.values() if "_" in label.text]
    of_task = labels_of(metrics((HEAD,), 0.5))
    assert of_task["boundaries.f1_0.5s"].text == "boundary F1, within 0.5 s"
    assert len({label.text for label in of_task.values()}) == len(of_task)


def test_tolerances_are_not_negative():
    for boundaries, structure in (((), 1), ((0, -1), 1), ((0,), -1)):
        with pytest.raises(ValueError, match="tolerances"):
            Tolerances(boundaries, structure)
