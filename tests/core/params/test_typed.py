"""Values become dataclasses by their annotations, or are refused with their dotted path."""

from dataclasses import dataclass, field
from typing import Literal

import pytest

from tailwise.core.errors import UserError
from tailwise.core.params.typed import convert


@dataclass(frozen=True)
class Plain:
    kind: Literal["plain"]


@dataclass(frozen=True)
class Heavy:
    kind: Literal["heavy"]
    weight: float = 1.0


@dataclass(frozen=True)
class Bulky:
    kind: Literal["crate", "barrel"]
    size: int


@dataclass(frozen=True)
class Load:
    item: Plain | Bulky


@dataclass(frozen=True)
class Config:
    count: int
    rate: float
    names: tuple[str, ...]
    choice: Plain | Heavy
    precision: Literal["float32", "bf16"] = "float32"
    limit: int | None = None
    on: bool = False
    shares: dict[str, float] = field(default_factory=dict)

    def __post_init__(self):
        if self.count < 0:
            raise ValueError(f"count must not be negative, found {self.count}")


GOOD = {"count": 1, "rate": 2, "names": ["a", "b"], "choice": {"kind": "heavy"}}


def test_every_kind_of_field_is_read():
    found = convert(Config, {**GOOD, "limit": 4, "on": True, "precision": "bf16", "shares": {"a": 1}}, "top")
    assert found == Config(1, 2.0, ("a", "b"), Heavy("heavy", 1.0), "bf16", 4, True, {"a": 1.0})
    assert type(found.rate) is float


def test_defaults_and_none_stand():
    found = convert(Config, {**GOOD, "limit": None}, "top")
    assert (found.limit, found.precision, found.choice.weight) == (None, "float32", 1.0)


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"coutn": 1}, "top.coutn is unknown; did you mean count?"),
        ({"zzz": 1}, "top.zzz is unknown; known: count, rate, names"),
        ({"count": "1"}, "top.count must be an integer, found '1'"),
        ({"count": 1.0}, "top.count must be an integer, found 1.0"),
        ({"count": True}, "top.count must be an integer, found True"),
        ({"count": None}, "top.count must be an integer, found None"),
        ({"rate": "1e-4"}, "top.rate must be a number, found '1e-4'"),
        ({"rate": True}, "top.rate must be a number, found True"),
        ({"rate": 10**400}, "top.rate must be a finite number, found 1000"),
        ({"rate": float("-inf")}, "top.rate must be a finite number, found -inf"),
        ({"count": 2**63}, "top.count must be an integer of at most 63 bits, found 9223372036854775808"),
        ({"count": -(2**63)}, "top.count must be an integer of at most 63 bits, found -9223372036854775808"),
        ({"on": "yes"}, "top.on must be true or false, found 'yes'"),
        ({"on": 1}, "top.on must be true or false, found 1"),
        ({"shares": {"a": "x"}}, "top.shares.a must be a number, found 'x'"),
        ({"shares": {1: 1}}, "top.shares must be a text, found 1"),
        ({"names": "a"}, "top.names must be a list, found 'a'"),
        ({"names": ["a", 1]}, r"top.names\[1\] must be a text, found 1"),
        ({"limit": "x"}, "top.limit must be an integer"),
        ({"precision": "fp16"}, "top.precision must be one of float32, bf16, found 'fp16'"),
        ({"choice": {"kind": "heavi"}}, "top.choice.kind must be one of plain, heavy, found 'heavi'"),
        ({"choice": {}}, "top.choice.kind must be one of plain, heavy, found None"),
        ({"choice": "plain"}, "top.choice.kind must be one of plain, heavy"),
        ({"choice": {"kind": ["plain"]}}, "top.choice.kind must be one of plain, heavy"),
        ({"choice": {"kind": "plain", "weight": 1}}, "top.choice.weight is unknown"),
        ({"choice": {"kind": "heavy", "wieght": 1}}, "top.choice.wieght is unknown; did you mean weight?"),
        ({"choice": {"kind": "heavy", "weight": "1"}}, "top.choice.weight must be a number"),
        ({"count": "1" * 10**6}, "top.count must be an integer, found '1{190,} ... 1*'$"),
        ({"count": [2] * 10**5}, r"top.count must be an integer, found \[2, 2, .* ... .*, 2\]$"),
        ({"count": 16**5000}, "top.count must be an integer of at most 63 bits, found a very long int$"),
        ({"c" * 10**6: 1}, "top.c{190,} ... c* is unknown; "),
        ({"count": -1}, "top: count must not be negative, found -1"),
    ],
)
def test_a_wrong_key_is_refused_with_its_path(change, refusal):
    with pytest.raises(UserError, match=refusal):
        convert(Config, {**GOOD, **change}, "top")


@pytest.mark.parametrize("key", GOOD)
def test_a_missing_key_is_refused_with_its_path(key):
    with pytest.raises(UserError, match=f"top.{key} is missing"):
        convert(Config, {name: value for name, value in GOOD.items() if name != key}, "top")


def test_at_the_top_of_a_file_a_path_is_the_key_alone():
    with pytest.raises(UserError, match="^count is missing"):
        convert(Config, {}, "")
    with pytest.raises(UserError, match="the file must be a section"):
        convert(Config, None, "")


@pytest.mark.parametrize("kind", ["crate", "barrel"])
def test_one_dataclass_may_stand_for_several_kinds(kind):
    assert convert(Load, {"item": {"kind": kind, "size": 3}}, "top") == Load(Bulky(kind, 3))
    assert convert(Load, {"item": {"kind": "plain"}}, "top") == Load(Plain("plain"))


@dataclass(frozen=True)
class Open:
    rate: float | Literal["auto"]
    count: int | Literal["auto", "all"] = 1


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"rate": "auto"}, Open("auto", 1)),
        ({"rate": 2, "count": "all"}, Open(2.0, "all")),
        ({"rate": 0.5, "count": 3}, Open(0.5, 3)),
    ],
)
def test_a_number_may_be_left_open_by_a_word(values, expected):
    found = convert(Open, values, "top")
    assert found == expected and type(found.rate) is type(expected.rate)


@pytest.mark.parametrize(
    ("values", "refusal"),
    [
        ({"rate": "atuo"}, "top.rate must be a number or auto, found 'atuo'"),
        ({"rate": True}, "top.rate must be a number or auto, found True"),
        ({"rate": None}, "top.rate must be a number or auto, found None"),
        ({"rate": ["auto"]}, r"top.rate must be a number or auto, found \['auto'\]"),
        ({"rate": float("nan")}, "top.rate must be a finite number, found nan"),
        ({"rate": 1, "count": 1.5}, "top.count must be an integer, found 1.5"),
        ({"rate": 1, "count": "none"}, "top.count must be an integer or auto or all, found 'none'"),
    ],
)
def test_another_word_or_kind_is_refused(values, refusal):
    with pytest.raises(UserError, match=refusal):
        convert(Open, values, "top")


def test_all_kinds_of_all_dataclasses_are_named_to_who_asks_for_another():
    with pytest.raises(UserError, match="top.item.kind must be one of plain, crate, barrel, found 'sack'"):
        convert(Load, {"item": {"kind": "sack", "size": 3}}, "top")
