"""Songs that are longer than an exported chain answers rightly are refused."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from support.exporting import made, write_weights
from tailwise.cli.main import main
from tailwise.core.errors import UserError
from tailwise.core.heads import Head
from tailwise.export.graph.exportable import prepare
from tailwise.export.run.folder import Card, Input
from tailwise.export.run.predictor import ExportedPredictor
from tailwise.recipes.prediction import Sample
from tailwise.recipes.recipe import load_recipe


@pytest.mark.parametrize(("name", "largest"), [("sections-chain", {"length": 8192}), ("sections", {})])
def test_a_chain_alone_has_a_largest_length(name, largest):
    model, spec = made(name)
    assert prepare(model, load_recipe("tailwise.recipes.sections"), spec, None).largest == largest


def predictor(largest):
    inputs = Input("features", "float32", ("batch", "length", 2)), Input("length", "int64", ("batch",))
    head = Head("section", ("verse", "chorus"))
    card = Card("sections", "onnx", "m", "0", (head,), inputs, largest, ("section",), {}, {})
    return ExportedPredictor(lambda batch: {"section": batch["features"]}, card)


def song(positions):
    return Sample(0, "song", {"features": np.zeros((positions, 2), np.float32), "length": np.array(positions)})


def test_the_longest_song_is_answered_and_a_longer_one_refused():
    one = predictor({"length": 8192})
    assert len(one.predict(song(8192)).heads[0]) == 8192
    with pytest.raises(UserError, match="song: a length of 8,193, but at most 8,192 in this export: use the weights"):
        one.predict(song(8193))
    assert len(predictor({}).predict(song(8193)).heads[0]) == 8193


def test_the_command_and_the_script_refuse_in_one_line(folder, capsys):
    for needed in ("onnxscript", "onnxruntime"):
        pytest.importorskip(needed, reason="needs requirements-export.txt")
    write_weights(Path("w.safetensors"), "sections")
    Path("song.txt").write_text("one line\nanother line\nla la la\nla la la\n")
    for form in ("onnx", "torchscript"):
        assert main(["export", "--weights", "w.safetensors", "--to", form, "--out", form]) == 0
        card = json.loads(Path(form, "card.json").read_text())
        Path(form, "card.json").write_text(json.dumps({**card, "largest": {"length": 3}}))
        done = subprocess.run([sys.executable, f"{form}/predict.py"], capture_output=True, text=True, check=False)
        assert done.returncode == 1 and done.stderr.splitlines()[-1] == "features: a length of 12, but at most 3"
    capsys.readouterr()
    assert main(["predict", "song.txt", "--model", "onnx"]) == 1
    error = capsys.readouterr().err
    assert "song.txt: a length of 4, but at most 3" in error and error.count("\n") == 1
