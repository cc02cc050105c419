"""A model loaded from its weights file predicts as in the pipeline."""

from dataclasses import replace

import numpy as np
import pytest

from support.helpers import CPU
from support.training.trained import HEADS, WINDOW, film_split, split_with_store, store_of, trained
from tailwise.cli.predict.command import find_recipe
from tailwise.cli.predict.predictor import load_predictor
from tailwise.core.errors import UserError
from tailwise.core.heads import Head
from tailwise.data.video.decode.window import Window
from tailwise.engine.checkpoint.weights import read_tensors, write_tensors
from tailwise.recipes.fouls.predict.fouls import Foul
from tailwise.recipes.fouls.predict.views import decode_fouls
from tailwise.recipes.prediction import Sample

VIEWS = {"0": 2, "3": 1, "10": 3}


@pytest.fixture
def made(tmp_path, tmp_path_factory):
    """The split, and the task that wrote w.safetensors beside it."""
    split = split_with_store(tmp_path_factory, VIEWS, tmp_path)
    return split, trained(tmp_path / "store" / "valid", tmp_path / "w.safetensors")


def load(path):
    """(predictor, what it was trained for) of a weights file."""
    return load_predictor(path, find_recipe(path, None), CPU)


def predicted(predictor, views):
    return predictor.predict(Sample(0, "foul", {"clips": np.stack(views), "mask": np.ones(len(views), bool)}))


def fouls(split):
    return [Foul(n, split, tuple(f"action_{n}/clip_{j}.mp4" for j in range(count))) for n, count in VIEWS.items()]


@pytest.mark.parametrize("workers", [1, 2])
def test_its_frames_are_those_of_the_clip_store_byte_for_byte(made, workers):
    split, task = made
    decoded = dict(decode_fouls(fouls(split), WINDOW, workers))
    assert sorted(decoded) == [0, 1, 2]
    for place, views in decoded.items():
        assert views.faults == {} and list(views.frames) == list(views.foul.clips)
        np.testing.assert_array_equal(np.stack(list(views.frames.values())), np.stack(task.valid[place][1]))


def test_its_answers_are_those_of_the_model_in_the_pipeline(made, tmp_path):
    _, task = made
    predictor, seen = load(tmp_path / "w.safetensors")
    assert predictor.heads == HEADS and seen.window == WINDOW
    for place in range(3):
        item = task.valid[place]
        logits, attention = task.model.look(**task.valid.collate([item]).inputs)
        found = predicted(predictor, item[1])
        for of_head in found.heads:
            expected = logits[of_head.head.name].softmax(dim=1).numpy()
            np.testing.assert_array_equal(of_head.probabilities, expected)
            np.testing.assert_array_equal(found.attention[of_head.head.name], attention[of_head.head.name][0].numpy())
            assert of_head.predicted.tolist() == [expected.argmax()] and of_head.positions is None


def test_a_window_in_seconds_and_padding_travel_with_the_weights(tmp_path):
    split, window = film_split(tmp_path, VIEWS), Window(0.52, 0.12, 4, 0, 40, 64, "seconds")
    assert window.indices(25) == [7, 10, 13, 16], "a frame beyond the clips' 16"
    task = trained(store_of(split, VIEWS, tmp_path / "store" / "valid", window, "pad"), tmp_path / "w.safetensors")
    _, seen = load(tmp_path / "w.safetensors")
    assert (seen.window, seen.short) == (window, "pad")
    for place, views in decode_fouls(fouls(split), seen.window, 1, seen.short):
        np.testing.assert_array_equal(np.stack(list(views.frames.values())), np.stack(task.valid[place][1]))
    for _, views in decode_fouls(fouls(split), seen.window, 1):
        assert set(views.faults.values()) == {"shorter than the window: 16 frames, 17 needed"}


def test_a_training_window_with_a_margin_gives_the_same_specification(made, tmp_path):
    """The stores of the training split have a margin, those of the others none."""
    split, task = made
    wide = replace(WINDOW, margin=1)
    other = trained(store_of(split, VIEWS, tmp_path / "other" / "train", wide), tmp_path / "other.safetensors")
    assert other.spec == task.spec


def test_heads_in_any_order_keep_their_own_answers(made, tmp_path):
    """JSON objects are written with sorted keys, and the model's last layers go by the order of the heads."""
    heads = (HEADS[1], Head("body", ("arm", "leg")), HEADS[0])
    for name in ("train", "valid"):
        (tmp_path / "own" / name).mkdir(parents=True)
    rows = (tmp_path / "store/valid/manifest.csv").read_text().splitlines()
    for file in (tmp_path / "store/valid").iterdir():
        (tmp_path / "own/valid" / file.name).write_bytes(file.read_bytes())
    text = "\n".join([f"{rows[0]},body", *(f"{row},arm" for row in rows[1:])])
    (tmp_path / "own/valid/manifest.csv").write_text(text + "\n")
    task = trained(tmp_path / "own/valid", tmp_path / "own.safetensors", heads)
    predictor, _ = load(tmp_path / "own.safetensors")
    logits = task.model(**task.valid.collate([task.valid[0]]).inputs)
    assert predictor.heads == heads
    for of_head in predicted(predictor, task.valid[0][1]).heads:
        expected = logits[of_head.head.name].softmax(dim=1).detach().numpy()
        np.testing.assert_array_equal(of_head.probabilities, expected)


def without(key):
    return lambda spec: {name: value for name, value in spec.items() if name != key}


def width(spec, channels):
    return {**spec, "model": {**spec["model"], "backbone": {"kind": "tiny", "width": channels}}}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            without("recipe"),
            "written by no recipe, or by an older version: train it again; known recipes: actions, fouls",
        ),
        (lambda spec: {**spec, "recipe": "os"}, "written by the unknown recipe 'os'; known recipes: actions, fouls"),
        (lambda spec: {**spec, "recipe": ["fouls"]}, "written by the unknown recipe"),
        (lambda spec: [spec], "written by no recipe"),
        (without("window"), "its specification is wrong: window is missing"),
        (
            lambda spec: {**spec, "window": {**spec["window"], "stride": 0}},
            "its specification is wrong: stride must be at least 1, frames",
        ),
        (lambda spec: {**spec, "window": {**spec["window"], "path": "/"}}, "window.path is unknown"),
        (lambda spec: {**spec, "heads": spec["heads"][:1]}, "its tensors are not those of the model that it specifies"),
        (
            lambda spec: {**spec, "window": {**spec["window"], "height": 16384, "width": 16384}},
            "its specification is wrong: a window has at most 67108864 pixels in all its frames",
        ),
        (lambda spec: width(spec, 8 * 10**6), "its tensors are not those of the model that it specifies: "),
        (lambda spec: width(spec, 8 * 10**17), "its specification is of a model that cannot be built: "),
        (lambda spec: {**spec, "heads": [spec["heads"][0]] * 2}, "heads must be 1 to 1000 of different names, found 2"),
        (
            lambda spec: {**spec, "heads": [{"name": f"h{i}", "classes": ["a", "b"]} for i in range(1001)]},
            "heads must be 1 to 1000 of different names, found 1001",
        ),
        (lambda spec: {**spec, "recipe": "x" * 10**5}, " ... "),
        (lambda spec: {**spec, "seen": {"views": "many"}}, "seen.views must be an integer, found 'many'"),
        (lambda spec: {**spec, "seen": [3]}, "seen must be a section, found [3]"),
        (lambda spec: {**spec, "heads": {"a": ["b", "c"]}}, "its specification is wrong: heads must be a list"),
    ],
)
def test_a_file_whose_specification_is_not_whole_is_refused_in_one_line(made, tmp_path, change, said):
    tensors, spec = read_tensors(tmp_path / "w.safetensors")
    write_tensors(tmp_path / "w.safetensors", tensors, change(spec))
    with pytest.raises(UserError) as refused:
        load(tmp_path / "w.safetensors")
    text = str(refused.value)
    assert text.startswith(f"{tmp_path / 'w.safetensors'}: ") and said in text and "\n" not in text
