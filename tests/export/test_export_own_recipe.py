"""``tailwise export`` of a recipe outside of the package, whose model is of no known family."""

import sys
from pathlib import Path

import pytest
import torch

from tailwise.cli.main import main
from tailwise.engine.checkpoint.weights import write_tensors

for needed in ("onnxscript", "onnxruntime"):
    pytest.importorskip(needed, reason="needs requirements-export.txt")

RECIPE = """
from types import SimpleNamespace

import numpy as np

from tailwise.core.heads import Head
from tailwise.recipes.prediction import Inputs, Sample
from tailwise.recipes.recipe import Recipe


class Numbers(Recipe):
    name = "numbers"
    params = index = labels = config = build = None

    def find_inputs(self, args):
        return Inputs(args.paths, form="text")

    def from_specification(self, spec):
        from torch import nn

        class Model(nn.Module):
            def __init__(self):
                super().__init__()
                self.layer = nn.Linear(3, 2)

            def forward(self, numbers):
                return {"sign": self.layer(numbers)}

        return Model(), SimpleNamespace(heads=(Head("sign", ("up", "down")),), factor=spec["factor"])

    def read_samples(self, inputs, spec, workers):
        for index, path in enumerate(inputs.samples):
            numbers = np.array(path.read_text().split(), np.float32) * spec.factor
            yield Sample(index, str(path), {"numbers": numbers})


RECIPE = Numbers()
"""


@pytest.fixture
def toy(folder, monkeypatch):
    """A package of a recipe, weights, and a file to predict."""
    (folder / "toy_numbers").mkdir()
    (folder / "toy_numbers/recipe.py").write_text(RECIPE)
    monkeypatch.syspath_prepend(str(folder))
    tensors = {"layer.weight": torch.tensor([[1.0, 2, 3], [-1, 0, 2]]), "layer.bias": torch.zeros(2)}
    write_tensors(folder / "w.safetensors", tensors, {"recipe": "numbers", "factor": 0.5})
    (folder / "a.txt").write_text("1 2 -3")
    yield folder
    for name in [name for name in sys.modules if name.startswith("toy_numbers")]:
        del sys.modules[name]


def test_it_is_exported_with_an_example_and_predicts_the_same(toy, capsys):
    given = ["--weights", "w.safetensors", "--to", "onnx", "--out", "out", "--recipe", "toy_numbers"]
    assert main(["export", *given]) == 1
    assert "are exported with an example: add --example PATH" in capsys.readouterr().err
    assert main(["export", *given, "--example", "a.txt"]) == 0
    capsys.readouterr()
    printed = []
    for place in (["--model", "out"], ["--weights", "w.safetensors"]):
        assert main(["predict", "a.txt", *place, "--recipe", "toy_numbers"]) == 0
        printed.append(capsys.readouterr().out)
    assert printed[0] == printed[1] and "sign: " in printed[0] and Path("out/card.json").is_file()
