"""Rules answer as the forest that they were fitted by, from their file too, and sort what they are sure of."""

import json
from dataclasses import replace

import numpy as np
import pytest
from sklearn.ensemble import ExtraTreesClassifier

from tailwise.core.errors import UserError
from tailwise.data.tables.partition import Split
from tailwise.recipes.logos.properties.rules import Fitting, fit_rules, read_rules
from tailwise.recipes.logos.sort import Sorting, sort_logos

NAMES = ("a", "b", "c")
HOW = Fitting(trees=10, depth=5)


@pytest.fixture(scope="module")
def data():
    """Three classes, each with one of three measures larger."""
    rng = np.random.default_rng(1)
    places = rng.integers(3, size=300)
    values = rng.normal(size=(300, 3)) + 2.5 * np.eye(3)[places]
    return values, [("gradient", "simple", "text")[place] for place in places]


def test_rules_answer_as_the_forest(data):
    values, labels = data
    forest = ExtraTreesClassifier(10, max_depth=5, min_samples_leaf=2, class_weight="balanced", random_state=1)
    expected = forest.fit(values, labels).predict_proba(values.astype(np.float32))
    rules = fit_rules(values, labels, NAMES, HOW)
    assert rules.classes == ("gradient", "simple", "text")
    assert np.abs(rules.probabilities(values) - expected).max(1).mean() < 1e-3
    assert (rules.probabilities(values).argmax(1) == expected.argmax(1)).mean() > 0.99


def test_rules_are_the_same_in_their_file(data, tmp_path):
    values, labels = data
    rules = fit_rules(values, labels, NAMES, HOW)
    rules.save(tmp_path / "rules.json")
    again = read_rules(tmp_path / "rules.json")
    np.testing.assert_array_equal(again.probabilities(values), rules.probabilities(values))
    assert (again.classes, again.measures) == (rules.classes, rules.measures)
    fit_rules(values, labels, NAMES, HOW).save(tmp_path / "second.json")
    assert (tmp_path / "second.json").read_bytes() == (tmp_path / "rules.json").read_bytes()


@pytest.mark.parametrize("damage", ["loop", "measure", "shares", "trees", "keys"])
def test_a_file_that_holds_no_rules_is_refused(data, tmp_path, damage):
    file = tmp_path / "rules.json"
    fit_rules(*data, NAMES, HOW).save(file)
    found = json.loads(file.read_text())
    tree = found["trees"][0]
    if damage == "loop":
        tree["low"][0] = 0
    elif damage == "measure":
        tree["measure"][0] = 3
    elif damage == "shares":
        tree["shares"][0] = [1.0]
    else:
        found = {**found, "trees": []} if damage == "trees" else {"classes": []}
    file.write_text(json.dumps(found))
    with pytest.raises(UserError, match=r"rules\.json: are no rules"):
        read_rules(file)


@pytest.mark.parametrize("wrong", [{"trees": 0}, {"depth": 0}, {"least": 0}, {"seed": -1}])
def test_fittings_that_cannot_be(wrong):
    with pytest.raises(ValueError, match="trees must be"):
        Fitting(**wrong)


@pytest.fixture(scope="module")
def raw(data):
    values, labels = data
    return {f"brand{place // 2}-{place % 2}.svg": each for place, each in enumerate(values)}, fit_rules(
        values, labels, NAMES, HOW
    )


def test_sorted_logos_are_balanced_and_their_brands_are_in_one_split(raw):
    found = sort_logos(*raw_of(raw), Sorting(0.6, 20, Split(0.2, 0.1, 1)))
    kinds = [row[1] for row in found.rows]
    assert {kind: kinds.count(kind) for kind in set(kinds)} == {"gradient": 20, "simple": 20, "text": 20}
    of_brand: dict = {}
    for _, _, group, split, confidence in found.rows:
        assert of_brand.setdefault(group, split) == split and confidence >= 0.6
    shares = [[row[3] for row in found.rows].count(split) / 60 for split in ("train", "valid", "test")]
    assert shares == pytest.approx([0.7, 0.2, 0.1], abs=0.08)


def raw_of(raw):
    measured, rules = raw
    return measured, {"broken.svg": "broken: x"}, rules


def test_every_other_logo_is_listed_with_its_reason(raw):
    measured, faults, rules = raw_of(raw)
    found = sort_logos(measured, faults, rules, Sorting(0.8, 30, Split(0.2, 0.2, 1)))
    listed = dict(found.left_out)
    assert len(found.rows) + len(listed) == len(measured) + 1 and not {row[0] for row in found.rows} & listed.keys()
    assert listed["broken.svg"] == "broken: x"
    assert {reason.partition(":")[0] for reason in listed.values()} == {"broken", "unsure", "surplus"}
    unsure = next(path for path, reason in listed.items() if reason.startswith("unsure"))
    assert rules.probabilities(measured[unsure][None]).max() < 0.8


def test_the_rarest_class_sets_the_number(raw):
    measured, faults, rules = raw_of(raw)
    chosen = rules.probabilities(np.array(list(measured.values()))).argmax(1)
    fewer = {path: each for (path, each), kind in zip(measured.items(), chosen) if kind != 2}
    fewer |= dict([(path, each) for (path, each), kind in zip(measured.items(), chosen) if kind == 2][:25])
    found = sort_logos(fewer, faults, rules, Sorting(0.0, 200, Split(0.2, 0.2, 1)))
    assert len(found.rows) == 75


def test_a_confidence_that_nothing_reaches(raw):
    measured, faults, rules = raw_of(raw)
    few = dict(list(measured.items())[:6])
    with pytest.raises(UserError, match="too few sure logos to draw splits"):
        sort_logos(few, faults, replace(rules, classes=rules.classes), Sorting(0.0, 200))
