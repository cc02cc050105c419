"""params.yaml is read as YAML 1.2, and a wrong key is refused with its dotted path."""

import math
import os
from dataclasses import dataclass
from typing import Literal

import pytest
from dvc.utils.hydra import apply_overrides
from ruamel.yaml import YAML

from tailwise.core.errors import UserError
from tailwise.core.params.config import read_params, section, sections

SCALARS = {
    # text: value by https://yaml.org/spec/1.2.2/#103-core-schema
    "1e-4": 1e-4,
    "1e-05": 1e-5,
    "1E5": 1e5,
    "1e+5": 1e5,
    ".5": 0.5,
    "5.": 5.0,
    "5.e3": 5000.0,
    "1.5e-3": 1.5e-3,
    "-0.0": -0.0,
    "+1.5": 1.5,
    ".inf": math.inf,
    "-.Inf": -math.inf,
    "+.INF": math.inf,
    ".nan": math.nan,
    ".NaN": math.nan,
    "0": 0,
    "+1": 1,
    "-12": -12,
    "010": 10,
    "0o17": 15,
    "0x1F": 31,
    "null": None,
    "Null": None,
    "~": None,
    "": None,
    "true": True,
    "True": True,
    "FALSE": False,
    "yes": "yes",
    "no": "no",
    "on": "on",
    "Off": "Off",
    "y": "y",
    "tRUE": "tRUE",
    "nULL": "nULL",
    "1:30": "1:30",
    "2020-01-01": "2020-01-01",
    "1_000": "1_000",
    "0b11": "0b11",
    "e5": "e5",
    "1e": "1e",
    ".": ".",
    "+": "+",
    "inf": "inf",
    "nan": "nan",
    "-.nan": "-.nan",
    "-0o7": "-0o7",
    "1.2.3": "1.2.3",
    "'1e-4'": "1e-4",
    '"true"': "true",
}
RUAMEL_DIFFERS = {"1_000", "2020-01-01", "0b11", "-.nan", "-0o7"}
"""Where ruamel keeps forms of YAML 1.1, or reads a sign that the core schema does not have."""


def read(path, text):
    path.write_text(text, encoding="utf8")
    return read_params(path)


def alike(a, b) -> bool:
    return type(a) is type(b) and repr(a) == repr(b)


@pytest.mark.parametrize("text", SCALARS)
def test_a_scalar_is_what_yaml_1_2_says(tmp_path, text):
    assert alike(read(tmp_path / "params.yaml", f"key: {text}\n")["key"], SCALARS[text])


@pytest.mark.parametrize("text", [text for text in SCALARS if text not in RUAMEL_DIFFERS])
@pytest.mark.parametrize("pure", [True, False])
def test_ruamel_which_dvc_reads_with_agrees(text, pure):
    """In Python, and in C where ruamel.yaml.clib is installed."""
    found = YAML(typ="safe", pure=pure).load(f"key: {text}\n")["key"]
    assert alike(found, SCALARS[text])


@pytest.mark.parametrize(
    ("override", "value"),
    [
        ("1e-5", 1e-5),
        ("1e-10", 1e-10),
        ("2.5e+20", 2.5e20),
        ("0.1", 0.1),
        ("3", 3),
        ("true", True),
        ("null", None),
        ("[1,2]", [1, 2]),
        ("text", "text"),
        ("'yes'", "yes"),
        ("'010'", "010"),
        ("'1e-5'", "1e-5"),
    ],
)
def test_values_written_by_dvc_exp_run_are_read_back(tmp_path, override, value):
    path = tmp_path / "params.yaml"
    path.write_text("phase1:\n  train:\n    lr: 2e-3   # the rate\n    epochs: 10\n")
    apply_overrides(path, [f"phase1.train.lr={override}"])
    train = read_params(path)["phase1"]["train"]
    assert alike(train["lr"], value) and train["epochs"] == 10


@pytest.mark.parametrize("text", ["a: 1\nb: 2\na: 3\n", "top:\n  a: 1\n  a: 1\n", "top: {a: 1, a: 2}\n"])
def test_a_key_that_stands_twice_is_refused(tmp_path, text):
    with pytest.raises(UserError, match="params.yaml: line [12]: the key 'a' is repeated"):
        read(tmp_path / "params.yaml", text)


@pytest.mark.parametrize(
    ("text", "reason"), [("- 1\n", "expected sections, found list"), ("", "found NoneType"), ("a: [1\n", "expected")]
)
def test_a_file_that_is_no_params_file_is_refused_in_one_line(tmp_path, text, reason):
    with pytest.raises(UserError, match=reason) as error:
        read(tmp_path / "params.yaml", text)
    assert "params.yaml" in str(error.value) and "\n" not in str(error.value)


def test_an_absent_file_is_named(tmp_path):
    with pytest.raises(UserError, match="absent.yaml: No such file"):
        read_params(tmp_path / "absent.yaml")


@pytest.mark.parametrize("name", ["int", "float", "bool", "null", "map", "timestamp", "binary", "set"])
def test_a_tag_that_does_not_fit_its_value_is_refused(tmp_path, name):
    with pytest.raises(UserError, match="params.yaml: .* line 1, column 4") as refused:
        read(tmp_path / "params.yaml", f"a: !!{name} x\n")
    assert "\n" not in str(refused.value)


def test_a_tag_that_fits_is_read(tmp_path):
    text = 'a: !!int "3"\nb: !!float "1"\nc: !!bool "true"\nd: !!str 1\n'
    assert read(tmp_path / "params.yaml", text) == {"a": 3, "b": 1.0, "c": True, "d": "1"}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"a: \xff", "'utf-8' codec can't decode byte 0xff"),
        ("a: 1\n".encode("utf16"), "'utf-8' codec can't decode"),
        (b"a: " + b"9" * 5000, "5000 digits"),
        (b"a: " + b"[" * 20_000, "its lists or sections are nested too deeply"),
        (b"a: " + b"[" * 20_000 + b"]" * 20_000, "its lists or sections are nested too deeply"),
    ],
    ids=["no UTF-8", "UTF-16", "digits", "open lists", "nested lists"],
)
def test_a_file_that_no_reader_can_take_is_refused(tmp_path, content, said):
    (tmp_path / "params.yaml").write_bytes(content)
    with pytest.raises(UserError, match=f"params.yaml: .*{said}|params.yaml: {said}"):
        read_params(tmp_path / "params.yaml")


def bomb(levels: int) -> str:
    """Each line has the one before nine times."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, levels)]
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (bomb(30), "more than 100000 values, counting those that its aliases repeat"),
        ("a: &a [1, *a]\n", "line 1: a list or section that contains itself through an alias"),
        ("a: &a\n  b: *a\n", "line 1: a list or section that contains itself through an alias"),
        ("a: " + "x" * 2**18, "262147 bytes, a params file has at most 262144"),
        (f"? {'k' * 5000}\n: 1\n? {'k' * 5000}\n", "line 1: the key 'kkk.* ... k*' is repeated"),
    ],
    ids=["bomb", "list in itself", "section in itself", "size", "long key"],
)
def test_a_file_that_would_be_larger_in_memory_than_any_is_refused(tmp_path, text, said):
    with pytest.raises(UserError, match=f"params.yaml: {said}$") as refused:
        read(tmp_path / "params.yaml", text)
    assert len(str(refused.value)) < 1000


def test_an_alias_is_what_its_anchor_is(tmp_path):
    assert read(tmp_path / "params.yaml", "a: &x {b: [1, 2]}\nc: *x\n" + bomb(4))["c"] == {"b": [1, 2]}


def test_many_keys_are_read_in_time(tmp_path):
    """As many as a file may hold; looked for one by one in all others they would take minutes."""
    text = "".join(f"{n:x}:\n" for n in range(30_000))
    assert len(read(tmp_path / "params.yaml", "".join(f"k{line}" for line in text.splitlines(True)))) == 30_000


def test_a_pipe_is_refused_without_blocking(tmp_path):
    os.mkfifo(tmp_path / "params.yaml")
    with pytest.raises(UserError, match="params.yaml: is a pipe, not a file"):
        read_params(tmp_path / "params.yaml")


def test_no_object_is_built_from_a_tag(tmp_path):
    with pytest.raises(UserError, match="could not determine a constructor"):
        read(tmp_path / "params.yaml", "a: !!python/object/apply:os.getcwd []\n")


@dataclass(frozen=True)
class Small:
    kind: Literal["small"]


@dataclass(frozen=True)
class Train:
    epochs: int
    lr: float
    model: Small


@dataclass(frozen=True)
class Params:
    train: Train
    seed: int


GOOD = {"train": {"epochs": 2, "lr": 0.1, "model": {"kind": "small"}}, "seed": 3, "other": {}}


def test_a_section_is_its_dataclass():
    assert section(GOOD, "train", Train) == Train(2, 0.1, Small("small"))
    assert section(GOOD, "train.lr", float) == 0.1
    assert sections(GOOD, Params) == Params(Train(2, 0.1, Small("small")), 3)


def test_keys_of_another_reader_are_left_to_it():
    params = {"phase": {"max_weight": 2, **GOOD["train"]}}
    assert section(params, "phase", Train, ignore=("max_weight",)).epochs == 2
    with pytest.raises(UserError, match="params.yaml: phase.max_weight is unknown"):
        section(params, "phase", Train)


@pytest.mark.parametrize(
    ("path", "refusal"),
    [("trian", "params.yaml: trian is missing"), ("train.model.width", "params.yaml: train.model.width is missing")],
)
def test_an_absent_section_is_refused_with_its_path(path, refusal):
    with pytest.raises(UserError, match=refusal):
        section(GOOD, path, Train)


def test_the_whole_file_knows_its_top_level_keys():
    with pytest.raises(UserError, match="params.yaml: other is unknown; known: train, seed"):
        section(GOOD, "", Params)
