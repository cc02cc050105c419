"""Weights files: complete, reproducible, and refused by another model."""

import json
import os

import pytest
import torch

from tailwise.core.errors import UserError
from tailwise.engine.checkpoint.header import LARGEST_HEADER
from tailwise.engine.checkpoint.weights import (
    SEEN,
    fallback_spec,
    load_into,
    read_tensors,
    read_weights,
    write_tensors,
    write_weights,
)

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


def test_sample_statistics_do_not_change_the_models_identity(file, tmp_path):
    _, model = file
    seen, asked = {**SPEC, SEEN: {"views": 3}}, {**SPEC, "seed": 2}
    write_weights(tmp_path / "seen", model.state_dict(), seen, {**asked, SEEN: {"views": 3}})
    for spec in (SPEC, seen, {**SPEC, SEEN: {"views": 1}}):
        other = torch.nn.Linear(3, 2)
        load_into(other, spec, tmp_path / "seen")
        assert torch.equal(other.weight, model.weight)
    assert (
        fallback_spec(tmp_path / "seen", asked)[SEEN] == {"views": 3} and fallback_spec(tmp_path / "seen", SPEC) is None
    )
    write_weights(tmp_path / "itself", model.state_dict(), seen, seen)
    assert read_weights(tmp_path / "itself")[1] == seen and fallback_spec(tmp_path / "itself", SPEC) is None


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda t: {"weight": t["weight"].fill_(float("nan"))}, "weight has NaN or infinite numbers"),
        (lambda t: {"bias": t["bias"].double().fill_(1e300)}, "bias has NaN or infinite numbers"),
        (lambda t: {"weight": t["weight"].int()}, "weight is int32, not floats"),
        (lambda t: {"weight": t["weight"].bool()}, "weight is bool, not floats"),
        (lambda t: {"bias": t["bias"].to(torch.complex64)}, "bias is complex64, not floats"),
        (lambda t: {"bias": t["bias"].to(torch.float8_e4m3fn)}, "bias is float8_e4m3fn, not floats"),
        (lambda t: {"bias": torch.zeros(3)}, r"bias is \(3,\), not \(2,\)"),
        (lambda t: {"other": torch.zeros(3)}, "other is left over"),
    ],
)
def test_tensors_that_are_not_the_model_s_are_refused_by_name(file, change, said):
    path, model = file
    tensors = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    write_tensors(path, {**tensors, **change(tensors)}, SPEC)
    with pytest.raises(UserError, match=f"w.safetensors: not the weights of this model: {said}$"):
        load_into(model, SPEC, path)


@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16, torch.float64])
def test_other_floats_are_taken(file, kind):
    path, model = file
    write_tensors(path, {name: tensor.to(kind) for name, tensor in model.state_dict().items()}, SPEC)
    other = torch.nn.Linear(3, 2)
    load_into(other, SPEC, path)
    assert other.weight.dtype == torch.float32
    torch.testing.assert_close(other.weight, model.weight, rtol=0.01, atol=0)


def raw(path, header: bytes, content: bytes = b"") -> None:
    path.write_bytes(len(header).to_bytes(8, "little") + header + content)


def with_facts(path, facts: str, padding: int = 0) -> None:
    header = json.dumps({"__metadata__": {"tailwise": facts}, "a" * (padding + 1): EMPTY}).encode()
    raw(path, header)


EMPTY = {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]}


def test_a_header_of_more_than_the_limit_is_refused_before_it_is_read(tmp_path):
    with_facts(tmp_path / "w", "{}", LARGEST_HEADER)
    size = len((tmp_path / "w").read_bytes()) - 8
    (tmp_path / "w").write_bytes((tmp_path / "w").read_bytes() + b"0")
    with pytest.raises(UserError, match=f"w: .* names and specification of {size} bytes, at most 4 MiB are read"):
        read_weights(tmp_path / "w")


@pytest.mark.parametrize("facts", ["[" * 100_000, '{"a":' * 100_000, "9" * 5000, "nothing", "NaN,"])
def test_facts_that_no_reader_can_take_are_refused(tmp_path, facts):
    with_facts(tmp_path / "w", facts)
    with pytest.raises(UserError, match="w: not a whole weights file of tailwise"):
        read_weights(tmp_path / "w")


@pytest.mark.parametrize("facts", ["[1]", "null", "3", '"text"'])
def test_facts_that_are_no_object_are_another_model_s(tmp_path, facts):
    with_facts(tmp_path / "w", facts)
    assert fallback_spec(tmp_path / "w", SPEC) is None
    with pytest.raises(UserError, match="w: weights of another model"):
        load_into(torch.nn.Linear(3, 2), SPEC, tmp_path / "w")


def test_a_special_file_is_refused_without_blocking(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path, kind in ((tmp_path / "pipe", "a pipe"), (tmp_path, "a folder"), ("/dev/zero", "a device")):
        with pytest.raises(UserError, match=f"not a whole weights file of tailwise \\(is {kind}, not a file\\)"):
            load_into(torch.nn.Linear(3, 2), SPEC, type(tmp_path)(path))
