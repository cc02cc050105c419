"""The stages of a dvc.yaml for given params: lists make one stage an item, as DVC has it."""

from pathlib import Path

import pytest
from dvc.repo import Repo

from tailwise.core.errors import UserError
from tailwise.core.stage.chain import outputs
from tailwise.core.stage.definition import read_stages

DVC = """
vars:
  - run: exec python
  - recipe: songs
stages:
  one:
    cmd: ${run} scripts/one.py ${recipe} "a file" ${phase.epochs}
    deps: ["data/${phase.start}"]
    outs: [out.json]
  each:
    foreach: ${teachers}
    do:
      cmd: ${run} each.py ${item}
      outs: ["data/${item}.csv"]
  all:
    matrix:
      size: ${sizes}
      kind: [a, b]
    cmd: ${run} all.py ${item.size} ${item.kind}
    metrics: ["${item.size}-${item.kind}.json": {cache: false}]
"""
VALUES = {"recipe": "songs", "phase": {"epochs": 3, "start": "x.npz"}, "teachers": ["large", "old"], "sizes": [1, 2]}


@pytest.fixture
def file(tmp_path) -> Path:
    (tmp_path / "dvc.yaml").write_text(DVC)
    return tmp_path / "dvc.yaml"


def test_values_take_the_place_of_templates(file):
    stages = read_stages(file, VALUES)
    assert stages["one"]["cmd"] == 'scripts/one.py songs "a file" 3'
    assert stages["one"]["deps"] == ["data/x.npz"]
    assert stages["each@old"]["cmd"] == "each.py old" and stages["each@old"]["outs"] == ["data/old.csv"]
    assert stages["all@2-a"]["cmd"] == "all.py 2 a"


def test_names_and_outputs_are_those_that_dvc_gives(file, tmp_path):
    values = {name: value for name, value in VALUES.items() if name != "recipe"}
    (tmp_path / "params.yaml").write_text(str(values))
    repo = Repo.init(str(tmp_path), no_scm=True)
    dvc = {stage.name: [out.def_path for out in stage.outs] for stage in repo.index.stages}
    assert dvc == {name: outputs(stage) for name, stage in read_stages(file, VALUES).items()}


def test_an_empty_list_makes_no_stage(file):
    assert set(read_stages(file, {**VALUES, "teachers": [], "sizes": []})) == {"one"}


def test_a_template_without_a_value_is_told(file):
    with pytest.raises(UserError, match="{phase.epochs} is no key of params.yaml"):
        read_stages(file, {**VALUES, "phase": {"start": "x"}})
