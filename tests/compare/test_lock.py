"""What a dvc.lock says of a file, on one made by hand."""

import pytest

from tailwise.compare.lock import read_lock, same
from tailwise.core.errors import UserError

LOCK = """
stages:
  train:
    deps: [{path: src, md5: s.dir}, {path: data/raw, md5: d.dir}]
    params: {params.yaml: {model: {kind: a, rate: 1e-5}, training.seed: 1}}
    outs: [{path: models, md5: m.dir}]
  evaluate:
    deps: [{path: models/last, md5: l}, {path: src/evaluate.py, md5: e}, {path: models, md5: MODELS}]
    outs: [{path: metrics.json, md5: f}]
  report:
    deps: [{path: metrics.json, md5: f}, {path: src/report.py, md5: r}]
    params: {params.yaml: {title: old}}
    outs: [{path: page.html, md5: p}]
"""
PARAMS = {"model": {"kind": "a", "rate": 1e-5}, "training": {"seed": 1}, "title": "new"}


def lock(models="m.dir"):
    return read_lock(LOCK.replace("MODELS", models), "main")


def test_a_file_is_made_from_what_no_stage_makes():
    assert lock().sources("metrics.json") == {"src/evaluate.py": "e", "src": "s.dir", "data/raw": "d.dir"}
    assert set(lock().needed_by("page.html")) == {"report", "evaluate", "train"}
    assert lock().sources("unknown") == {} and lock().hash_of("unknown") is None


def test_a_file_is_up_to_date_if_its_stages_are_whatever_later_ones_are():
    assert lock().outdated("metrics.json", PARAMS) is None
    assert lock().outdated("page.html", PARAMS) == "the stage report ran with another title than params.yaml has"


def test_what_a_target_does_not_need_is_told():
    assert lock().later_outs("evaluate") == {"page.html": "p"} and lock().later_outs("report") == {}
    assert set(lock().later_outs("unknown")) == {"models", "metrics.json", "page.html"}


def test_other_params_are_named_by_key():
    found = lock().outdated("metrics.json", {**PARAMS, "model": {"kind": "b", "rate": 1e-5}})
    assert found == "the stage train ran with another model.kind than params.yaml has"
    assert lock().outdated("metrics.json", {"model": PARAMS["model"]}).startswith("the stage train ran with another tr")
    assert lock().outdated("metrics.json", {"model": PARAMS["model"]}, ("training",)) is None


def test_a_stage_that_has_not_run_on_what_another_made_is_named():
    expected = "the stage evaluate has not run on the present models"
    assert lock("older.dir").outdated("metrics.json", PARAMS) == expected


def test_numbers_of_both_versions_of_yaml_are_the_same():
    assert same("1e-5", 1e-5) and same(1, 1.0) and same({"a": ["1e-5"]}, {"a": [1e-5]})
    assert not same("1e-5", 1e-4) and not same("a", 1.0) and not same({"a": 1}, {"b": 1}) and not same([1], [1, 2])


@pytest.mark.parametrize("text", ["stages: [", "- a", "text"])
def test_a_file_that_is_no_lock_is_one_line(text):
    with pytest.raises(UserError, match="^dvc.lock of main: is not one of DVC"):
        read_lock(text, "main")


def test_without_a_lock_nothing_is_known():
    assert read_lock(None, "main").outdated("metrics.json", {}) is None
