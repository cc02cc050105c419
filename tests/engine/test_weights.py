"""Weights files: whole, the same bytes, and refused by another model."""

import pytest
import torch

from tailwise.core.errors import UserError
from tailwise.engine.weights import load_into, read_tensors, write_tensors

SPEC = {
    "model": {"backbone": {"kind": "tiny", "width": 8}},
    "heads": {"action": ["a", "b"]},
    "parts": [{"a": 2, "b": 1}],
    "seed": 1,
}


@pytest.fixture
def file(tmp_path):
    torch.manual_seed(0)
    model = torch.nn.Linear(3, 2)
    write_tensors(tmp_path / "w.safetensors", model.state_dict(), SPEC)
    return tmp_path / "w.safetensors", model


def test_tensors_and_specification_are_read_back(file):
    path, model = file
    tensors, spec = read_tensors(path)
    assert spec == SPEC and all(torch.equal(tensors[name], t) for name, t in model.state_dict().items())


def test_two_saves_are_the_same_bytes_whatever_the_order_of_keys(file, tmp_path):
    path, model = file
    other = {**dict(reversed(SPEC.items())), "model": {"backbone": {"width": 8, "kind": "tiny"}}}
    write_tensors(tmp_path / "again", dict(reversed(model.state_dict().items())), other)
    assert (tmp_path / "again").read_bytes() == path.read_bytes()


def test_transposed_tensors_are_saved_as_they_read(tmp_path):
    tensor = torch.arange(6.0).view(2, 3).T
    write_tensors(tmp_path / "w", {"a": tensor}, {})
    assert torch.equal(read_tensors(tmp_path / "w")[0]["a"], tensor)


def test_a_model_takes_its_own_weights(file):
    path, model = file
    other = torch.nn.Linear(3, 2)
    load_into(other, {**SPEC, "heads": {"action": ("a", "b")}}, path)
    assert torch.equal(other.weight, model.weight)


@pytest.mark.parametrize(
    ("spec", "difference"),
    [
        ({**SPEC, "model": {"backbone": {"kind": "tiny", "width": 16}}}, "model.backbone.width is 8 there, 16 here"),
        ({**SPEC, "heads": {"action": ["b", "a"]}}, r"heads.action is \['a', 'b'\] there, \['b', 'a'\] here"),
        ({**SPEC, "model": None}, "model is {.*} there, None here"),
        ({**SPEC, "parts": [{"b": 1, "a": 2}], "seed": 2}, "seed is 1 there, 2 here"),
    ],
)
def test_weights_of_another_model_are_refused_with_the_difference(file, spec, difference):
    path, _ = file
    model = torch.nn.Linear(3, 2)
    before = model.weight.clone()
    with pytest.raises(UserError, match=f"w.safetensors: weights of another model: {difference}"):
        load_into(model, spec, path)
    assert torch.equal(model.weight, before)


@pytest.mark.parametrize("cut", [1, 50, -1, 0])
def test_a_file_that_is_cut_short_is_refused(file, cut):
    path, _ = file
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(UserError, match="w.safetensors: not a whole weights file"):
        read_tensors(path)


def test_a_file_of_another_program_and_an_absent_one_are_refused(tmp_path):
    from safetensors.torch import save_file

    save_file({"a": torch.zeros(1)}, tmp_path / "other")
    with pytest.raises(UserError, match="other: not a whole weights file of tailwise"):
        read_tensors(tmp_path / "other")
    with pytest.raises(UserError, match="absent: no such file"):
        read_tensors(tmp_path / "absent")
    (tmp_path / "folder").mkdir()
    with pytest.raises(UserError, match="folder: not a whole weights file of tailwise"):
        read_tensors(tmp_path / "folder")
