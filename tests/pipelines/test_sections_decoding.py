"""Kinds of decoding compared, on songs made of blocks whose single positions are hard to tell."""

import numpy as np
import pytest
import torch

import decoding
from tailwise.core.batch import Batch
from tailwise.core.errors import UserError
from tailwise.core.heads import Head
from tailwise.evaluation.calibration.options import Calibration
from tailwise.metrics.classification import Classification
from tailwise.metrics.sequence.boundaries import Boundaries
from tailwise.metrics.sequence.segments import Segments

HEAD = Head("section", ("verse", "chorus"))
TRUTH = np.repeat([0, 1, 0, 1], [12, 8, 12, 8])


class Made:
    """What is read of a task."""

    heads = (HEAD,)
    metrics = {"section": Classification(HEAD), "boundaries": Boundaries(HEAD), "segments": Segments(HEAD)}


def songs(seed, noise, count=6):
    """The right class has a logit that is 1 higher before noise; features change where the sections do."""
    rng = np.random.default_rng(seed)
    for _ in range(count):
        logits = torch.from_numpy(np.eye(2)[TRUTH] + noise * rng.normal(size=(1, 40, 2))).float()
        features = torch.from_numpy(np.eye(2)[TRUTH][None] + 0.05 * rng.normal(size=(1, 40, 2)))
        inputs = {"features": features, "length": torch.tensor([40])}
        yield Batch(inputs, {"section": torch.from_numpy(TRUTH)[None]}, torch.zeros(1)), {"section": logits}


@pytest.fixture
def train(tmp_path):
    cell = "|".join(HEAD.classes[label] for label in TRUTH)
    (tmp_path / "manifest.csv").write_text(f"sample,section\na,{cell}\nb,{cell}\n")
    return tmp_path


def test_each_decoding_finds_blocks_that_single_positions_hide(train):
    held_out, valid = (list(songs(seed, 0.8)) for seed in (0, 1))
    plain, *decoded = decoding.compare(Made(), train, held_out, valid, Calibration("none")).values()
    assert len(decoded) == 2 and list(plain) == [
        *(f"boundary f1_{tolerance}" for tolerance in (0, 1, 2)),
        *("segments f1", "macro_f1", "accuracy"),
    ]
    for found in decoded:
        assert found["boundary f1_1"] > plain["boundary f1_1"] + 0.1 and found["macro_f1"] > plain["macro_f1"]


def test_settings_are_chosen_on_calibration_songs_alone(train):
    """Calibration songs that need no decoding choose the first weight, whatever the validation songs need."""
    held_out, valid = list(songs(0, 0.0)), list(songs(1, 0.8))
    found = decoding.compare(Made(), train, held_out, valid, Calibration("none"))
    assert list(found)[:2] == ["most_probable", "durations weight 0.1, tau 0"]


def test_without_a_run_it_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["decoding.py"])
    with pytest.raises(UserError, match="selected.safetensors: not there: run the pipeline first, with dvc repro"):
        decoding.main()
