"""Chosen values replace `auto`, and nothing else."""

import pytest

from tailwise.core.errors import UserError
from tailwise.core.files import write_json
from tailwise.core.params.auto import auto_paths, fill_auto, with_chosen

PHASE = {"a": "auto", "b": {"c": "auto", "d": 1, "e": ["auto"]}, "kind": "all"}
PARAMS = {"phase1": PHASE, "phase2": {"a": "auto"}, "phase3": {"a": 1}, "runtime": {"workers": "auto"}}


def test_auto_values_are_found_by_path():
    assert auto_paths(PHASE) == ["a", "b.c"]
    assert auto_paths({"a": 1}) == []


def test_only_auto_values_are_filled():
    chosen = {"a": 3, "b.c": 0.5, "b.d": 9, "kind": "x"}
    assert fill_auto(PHASE, chosen) == {"a": 3, "b": {"c": 0.5, "d": 1, "e": ["auto"]}, "kind": "all"}
    assert fill_auto(PHASE, {"c": 1}) == PHASE


def test_a_phase_gets_its_own_file_and_other_sections_stay(folder):
    write_json(folder / "data/chosen/phase1.json", {"a": 3, "b.c": 0.5})
    params = with_chosen(PARAMS, "phase1")
    assert params == {**PARAMS, "phase1": {"a": 3, "b": {"c": 0.5, "d": 1, "e": ["auto"]}, "kind": "all"}}
    assert PARAMS["phase1"] is PHASE and PHASE["a"] == "auto"


def test_without_auto_no_file_is_read(folder):
    assert with_chosen(PARAMS, "phase3") is PARAMS
    assert with_chosen(PARAMS, "phase4") is PARAMS


def test_an_auto_value_without_a_choice_is_refused(folder):
    with pytest.raises(UserError, match="data/chosen/phase2.json: No such file"):
        with_chosen(PARAMS, "phase2")
    write_json(folder / "data/chosen/phase1.json", {"a": 3})
    with pytest.raises(UserError, match=r"phase1.json has no b.c, and phase1.b.c is auto: run the stage choose"):
        with_chosen(PARAMS, "phase1")
