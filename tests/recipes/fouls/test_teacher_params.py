"""Phases with a teacher: what contradicts what is refused, and its nearest neighbour is allowed."""

from copy import deepcopy
from pathlib import Path

import pytest

from support.params import with_values
from tailwise.core.errors import UserError
from tailwise.core.params.config import read_params, section
from tailwise.recipes.fouls.params import Params

PARAMS = read_params(Path(__file__).parents[3] / "params.yaml")
LARGE = {"distillation.teachers": {"large": "teachers/large.safetensors"}}
TAUGHT = LARGE | {"phase2.teacher": "large", "phase2.train.distil": {"weight": 0.5, "temperature": 2.0}}


def read(values: dict) -> Params:
    """params.yaml with values at dotted keys changed, as `check` reads it."""
    return section(with_values(PARAMS, values), "", Params)


def test_a_phase_with_a_teacher_is_allowed():
    found = read(TAUGHT).phase2
    assert found.teacher == "large" and found.train.distil and found.train.distil.temperature == 2.0
    ensemble = {"distillation.teachers": {"large": "ensembles/main/ensemble.json"}}
    per_head = {"phase2.train.distil": {"weight": 1, "temperatures": {"action": 4.0}}}
    assert read(TAUGHT | ensemble | per_head).phase2.train.distil.temperature_of("action") == 4.0


def test_params_of_a_version_without_these_keys_mean_no_teacher():
    old = deepcopy(PARAMS)
    del old["distillation"]
    for name in ("phase1", "phase2", "phase3"):
        del old[name]["teacher"], old[name]["train"]["distil"]
    assert section(old, "", Params) == section(PARAMS, "", Params)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (LARGE, "distillation.teachers.large has no effect: it is the teacher of no phase"),
        (TAUGHT | {"phase2.train.distil": None}, "phase2: teacher large has no effect: train.distil is null"),
        (TAUGHT | {"phase2.teacher": "none"}, "phase2: train.distil needs a teacher"),
        (
            TAUGHT | {"distillation.teachers": {}},
            "phase2.teacher large: distillation.teachers has no such name, it has n",
        ),
        (
            TAUGHT | {"distillation.teachers": {"big": "t.json"}},
            "phase2.teacher large: distillation.teachers has no such name, it has big",
        ),
        (
            TAUGHT | {"distillation.teachers": {"large": "teachers"}},
            "'teachers' is no weights file and no ensemble.json",
        ),
        (TAUGHT | {"distillation.teachers": {"none": "t.json"}}, "'none' cannot name a teacher"),
        (TAUGHT | {"distillation.teachers": {"../a": "t.json"}}, "'../a' cannot name a teacher: take letters, digits"),
        (TAUGHT | {"phase2.train.distil": {"weight": 2}}, "phase2.train.distil: weight must be within"),
        (
            TAUGHT | {"phase2.train.distil": {"weight": 0.5, "temperatures": {"actoin": 1.0}}},
            "phase2.train.distil.temperatures.actoin: the task has no such head; it has action, severity",
        ),
    ],
)
def test_what_contradicts_itself_is_one_line(wrong, said):
    with pytest.raises(UserError) as found:
        read(wrong)
    assert said in str(found.value) and "\n" not in str(found.value)
