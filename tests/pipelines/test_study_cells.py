"""The study's cells: which there are, what decides them, and that none is computed twice."""

import dataclasses
import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from study import run
from study.effective import PHASES, changed, difference, parse
from study.plan import Cell, Study, data_hash
from study.progress import with_data
from study.settings import Method
from study.stages import chain
from study.steps import fitted, steps_of
from support.study import METHODS, SETTINGS, make_place, settings
from tailwise.ablation.override import override
from tailwise.core.errors import UserError
from tailwise.core.files import write_json


@pytest.fixture
def place(tmp_path, monkeypatch) -> Path:
    """A folder with tiny splits of pictures, in which the study runs."""
    make_place(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def result(study: Study, cell: Cell, recall: float) -> None:
    """Write a finished cell."""
    made = {"params": study.key(cell), "data": study.data.get(cell.dataset, "")}
    content = {"made_from": made, "heads": {"label": {"macro_recall": recall}}}
    write_json(study.results / cell.file, content)


@pytest.mark.parametrize("dataset", SETTINGS.datasets)
@pytest.mark.parametrize("method", SETTINGS.methods)
def test_every_row_gives_params_that_the_pipeline_accepts(dataset, method):
    study = Study(SETTINGS)
    if not study.applies(dataset, method):  # raises for a row that is wrong
        return
    own = study.difference(Cell(dataset, method, 1))
    assert bool(own) == (method != "default") or SETTINGS.methods[method].like or dataset != "demo"


def test_ten_baselines_are_compared():
    assert sum(method.kind == "baseline" for method in SETTINGS.methods.values()) == 10


@pytest.mark.parametrize(
    ("rows", "line"),
    [
        ({"plain": METHODS["plain"]}, "exactly one has the kind default"),
        ({"default": METHODS["default"], "post": METHODS["post"]}, "methods.post.like: plain is no method"),
        ({"default": Method("default", "d", datasets=("x",))}, "methods.default.datasets: x is unknown"),
    ],
)
def test_rows_that_contradict_each_other_are_refused(rows, line):
    with pytest.raises(ValueError, match=line):
        replace(settings(), methods=rows)


@pytest.mark.parametrize("wrong", [{"like": "plain"}, {"taus": (1.0,)}, {"like": "plain", "taus": (1.0, 1.0)}])
def test_an_adjustment_needs_a_method_and_strengths(wrong):
    with pytest.raises(ValueError, match="needs taus|must be different"):
        Method("baseline", "x", **wrong)


def test_a_wrong_row_is_refused(place):
    typo = Method("ablation", "typo", {"phases.train.clap": 1.0})
    study = Study(replace(settings(), methods={**METHODS, "typo": typo}))
    with pytest.raises(UserError, match="typo on digits: .*phase1.train.clap is unknown"):
        study.applies("digits", "typo")


def test_a_dotted_path_replaces_a_value_and_phases_names_all_three():
    params = {phase: {"train": {"lr": 1.0}} for phase in ("phase1", "phase2", "phase3")} | {"target": {"recall": 0.4}}
    override(params, "phases.train.lr", 2.0, PHASES)
    override(params, "target.recall", 0.0, PHASES)
    override(params, "phase2.train.loss", {"kind": "focal"}, PHASES)
    assert [params[phase]["train"]["lr"] for phase in ("phase1", "phase2", "phase3")] == [2.0] * 3
    assert params["target"] == {"recall": 0.0} and params["phase2"]["train"]["loss"] == {"kind": "focal"}
    with pytest.raises(UserError, match="recall is no section"):
        override(params, "target.recall.x", 1, PHASES)


def test_the_rate_multiplies_the_learning_rates_and_the_seed_is_the_cells():
    study = Study(SETTINGS)
    found = study.params(Cell("digits", "plain", 3, rate=0.5))
    middle = SETTINGS.datasets["digits"].params["phases.train.lr"]
    assert [found[phase]["train"]["lr"] for phase in ("phase1", "phase2", "phase3")] == [middle / 2] * 3
    assert found["training"]["seed"] == 3 and found["training"]["threads"] == 1 and "window" not in found


def test_a_new_option_at_its_default_changes_no_key():
    @dataclasses.dataclass(frozen=True)
    class Old:
        lr: float

    @dataclasses.dataclass(frozen=True)
    class New(Old):
        loss: str = "cross_entropy"
        weights: dict = dataclasses.field(default_factory=dict)

    assert changed(Old(1.0)) == changed(New(1.0)) == {"lr": 1.0}
    assert changed(New(1.0, "focal", {"a": 1})) == {"lr": 1.0, "loss": "focal", "weights": {"a": 1}}


def test_differences_are_dotted_and_another_kind_differs_as_a_whole():
    own = {"a": {"x": 1, "y": 2}, "b": {"kind": "one", "k": 1}, "c": 3}
    other = {"a": {"x": 1, "y": 3}, "b": {"kind": "two", "k": 1}, "d": 4}
    assert difference(own, other) == {"a.y": 2, "b": {"kind": "one", "k": 1}, "c": 3, "d": None}


def test_epochs_are_fitted_to_the_steps_by_hand():
    """20 and 40 steps of 60; at twice the draws half the epochs, what rounding leaves is made up for."""
    assert steps_of([2, 4, 1], [160, 160, 160], 16) == [20, 40, 10]
    assert fitted([2, 4, 1], [160, 160, 160], 16, 70) == [2, 4, 1]
    assert fitted([2, 4, 1], [320, 320, 320], 16, 70) == [1, 2, 1]
    assert fitted([3, 3, 3], [320, 320, 320], 16, 90) == [2, 1, 2] or fitted([3, 3, 3], [320] * 3, 16, 90) == [1, 2, 1]
    assert fitted([10, 30, 20], [48, 160, 160], 16, 530) == [10, 30, 20]


def test_the_stages_of_a_cell_are_those_of_the_root_that_train_and_evaluate():
    found = chain("pictures", {}).commands()
    scripts = [Path(words[0]).stem for words in found]
    assert [name for name in scripts if name == "train"] == ["train"] * 3
    assert scripts[-1] == "evaluate" and "decode_clips" not in scripts and "make_demo" not in scripts
    assert {words[1] for words in found} == {"pictures"}


def test_the_hash_of_the_data_follows_contents_and_not_folders(place):
    before = data_hash(place / "clips", place / "index")
    shutil.copytree(place / "clips", place / "other")
    assert data_hash(place / "other", place / "index") == before
    (place / "other/valid/manifest.csv").write_text("sample\n")
    data_hash.cache_clear()
    assert data_hash(place / "other", place / "index") != before
    with pytest.raises(UserError, match="has no manifest.csv; `make study` prepares it"):
        data_hash(place / "nowhere", place / "index")


def test_rates_are_chosen_before_seeds_and_a_method_like_another_takes_its_rate(place):
    study = with_data(settings(), ["digits"])
    first = study.next(["digits"], list(METHODS))
    tried = [Cell("digits", method, 1, rate, grid=rate) for method in ("default", "plain") for rate in (0.5, 1.0)]
    assert set(first) == set(tried)
    assert study.choice("digits", "ablation") is None
    better = {"default": 1.0, "plain": 0.5}
    for cell in first:
        result(study, cell, recall=0.9 if cell.rate == better[cell.method] else 0.8)
    assert study.choice("digits", "plain") == 0.5
    assert study.choice("digits", "default") == study.choice("digits", "ablation") == 1.0
    taus = [Cell("digits", "post", 1, 0.5, tau, tau) for tau in (0.5, 1.0)]
    then = study.next(["digits"], list(METHODS))
    assert then == [Cell("digits", "default", 1, 1.0), *taus, Cell("digits", "default", 2, 1.0)]
    for cell in then:
        result(study, cell, recall=0.7)
    assert study.choice("digits", "post") == 0.5  # the smaller of equals
    baselines = study.next(["digits"], list(METHODS))
    assert set(baselines) == {Cell("digits", m, s, 0.5, t) for m, t in (("plain", 0.0), ("post", 0.5)) for s in (1, 2)}
    for cell in baselines:
        result(study, cell, recall=0.7)
    assert study.next(["digits"], list(METHODS)) == [Cell("digits", "ablation", 1)]


def test_a_cell_of_other_params_or_other_data_is_not_done(place):
    study, cell = with_data(settings(), ["digits"]), Cell("digits", "default", 1)
    assert study.result(cell) is None
    result(study, cell, 0.5)
    assert study.result(cell)
    assert replace(study, data={"digits": "other"}).result(cell) is None
    base = json.loads(json.dumps(SETTINGS.base))
    base["phase2"]["train"]["clip"] = 0.5
    assert Study(replace(study.settings, base=base), data=study.data).result(cell) is None
    base = json.loads(json.dumps(SETTINGS.base))
    base["certificate"]["loss"] = 3.0
    base["runtime"]["workers"] = 2
    base["export"]["formats"] = ["onnx"]
    assert Study(replace(study.settings, base=base), data=study.data).result(cell)


def test_a_baseline_follows_the_defaults_length(place):
    """Its epochs are fitted to the default's steps, so its key has them."""
    study, cell = with_data(settings(), ["digits"]), Cell("digits", "own", 1)
    own = Method("baseline", "own", {f"phase{i}.train.epochs": 2 for i in (1, 2, 3)})

    def key(epochs: int) -> str:
        params = {**study.settings.datasets["digits"].params, "phases.train.epochs": epochs}
        dataset = replace(study.settings.datasets["digits"], params=params)
        return Study(replace(study.settings, methods={**METHODS, "own": own}, datasets={"digits": dataset})).key(cell)

    assert key(1) != key(3)


def test_the_params_of_a_fitted_cell_parse(place):
    study = with_data(settings(), ["digits"])
    subset = Method("ablation", "subset", {"phase1.samples": {"kind": "balanced", "max_ratio": 1.0}})
    study = replace(study, settings=replace(study.settings, methods={**METHODS, "subset": subset}))
    cell = Cell("digits", "subset", 1)
    params = run.fitted_params(study, cell, study.settings.datasets["digits"])
    assert parse(params, "pictures").phase1.train.epochs >= 1
