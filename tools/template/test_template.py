"""The template pipeline on its demo: params, labels, and a model that learns."""

from pathlib import Path

import pytest
from template.recipe import RECIPE

from tailwise.core.heads import Head
from tailwise.core.params.config import read_params, section, sections
from tailwise.core.tables import write_table
from tailwise.engine.contract.task import Task

HERE = Path(__file__).parent


@pytest.fixture
def task(tmp_path, monkeypatch) -> Task:
    """The task on the demo's splits, which lie in the working folder as the stage `index` leaves them."""
    monkeypatch.chdir(tmp_path)
    params = read_params(HERE / "params.yaml")
    RECIPE.make_demo(params, Path(params["data"]["root"]))
    index = RECIPE.index(params).index
    for split, rows in index.rows.items():
        write_table(Path(split) / "manifest.csv", rows)
    heads = tuple(Head(name, classes) for name, classes in index.heads.items())
    return RECIPE.build(sections(params, RECIPE.config()), heads, Path("train"), Path("valid"), seed=1)


def test_params_are_read_by_their_dataclasses():
    assert section(read_params(HERE / "params.yaml"), "", RECIPE.params())


def test_labels_of_the_table_are_those_of_the_samples(task):
    labels = RECIPE.labels(Path("train"), ["shape"])
    assert labels.samples == task.train.names
    assert [task.heads[0].id(name) for name in labels.classes["shape"]] == task.train.labels("shape").tolist()


def test_the_model_answers_with_a_logit_a_class(task):
    batch = task.valid.collate([task.valid[i] for i in range(3)])
    assert task.model(**batch.inputs)["shape"].shape == (3, len(task.heads[0].classes))
