"""The choice among phases' models: the one-standard-error rule on paired draws of groups."""

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score, f1_score

from tailwise.core.errors import UserError
from tailwise.core.heads import IGNORE, Head
from tailwise.evaluation.selection import Selection, choose, figure_of_draws, only
from tailwise.metrics.predictions import Predictions

HEAD = Head("colour", ("red", "blue"))
OTHER = Head("shape", ("dot", "bar", "star"))


def answers(actual, predicted, head=HEAD, groups=None) -> Predictions:
    """Classes by id; every sample is its own group unless they are given."""
    names = [f"sample{i}" for i in range(len(actual))]
    return Predictions(head, names, groups or names, np.array(actual), np.array(predicted))


def wrong(count: int, of: int = 100, start: int = 0) -> dict[str, Predictions]:
    """A model that is wrong on `count` samples from `start`; samples are red and blue in turns."""
    actual, place = np.arange(of) % 2, np.arange(of)
    return {"colour": answers(actual, np.where((start <= place) & (place < start + count), 1 - actual, actual))}


def test_a_preferred_model_within_one_error_is_taken_and_one_beyond_it_is_not():
    models = ({"phase2": wrong(count, start=50), "phase1": wrong(8)} for count in (10, 20))
    near, far = (choose(of_phases, "macro_recall") for of_phases in models)
    assert (near.chosen, near.best) == ("phase2", "phase1")
    assert near.of("phase2").behind == pytest.approx(0.02) and near.of("phase2").error == pytest.approx(0.042, rel=0.1)
    assert (far.chosen, far.best) == ("phase1", "phase1")
    assert far.of("phase2").behind == pytest.approx(0.12) and far.of("phase2").error < 0.06
    assert "0.900, is 0.020 below that of phase1, no more than 1 standard error of the difference" in near.reason
    assert far.reason == "phase1: the best macro recall on validation, 0.920."


def test_without_tolerance_the_best_is_taken_and_of_equals_the_preferred_one():
    assert choose({"phase2": wrong(9), "phase1": wrong(8)}, "macro_recall", standard_errors=0).chosen == "phase1"
    assert choose({"phase2": wrong(9), "phase1": wrong(9)}, "macro_recall", standard_errors=0).chosen == "phase2"


def test_the_error_is_of_the_difference_on_the_same_groups():
    """Both models miss the same samples: what is hard for both does not count, however much the figures vary."""
    shared = choose({"a": wrong(40), "b": wrong(40)}, "accuracy").of("a")
    assert shared.error == 0
    flipped = {"colour": answers(np.arange(100) % 2, np.where(np.arange(100) >= 60, 1, 0) ^ (np.arange(100) % 2))}
    apart = choose({"a": wrong(40), "b": flipped}, "accuracy").of("b")
    assert apart.error == pytest.approx(np.sqrt(0.8 / 100), rel=0.1)  # of differences -1, 0, 1: variance 0.8


def test_groups_are_drawn_whole():
    """Ten samples to a group, all right or all wrong: the error is that of 10 groups, not of 100 samples."""
    groups = [f"match{i // 10}" for i in range(100)]
    actual = np.arange(100) % 2
    good = {"colour": answers(actual, actual, groups=groups)}
    bad = {"colour": answers(actual, np.where(np.arange(100) < 30, 1 - actual, actual), groups=groups)}
    assert choose({"bad": bad, "good": good}, "accuracy").of("bad").error == pytest.approx(
        np.sqrt(0.3 * 0.7 / 10), rel=0.1
    )


@pytest.mark.parametrize("figure", ["macro_recall", "macro_f1", "accuracy"])
def test_the_figure_is_the_mean_over_heads_as_scikit_learn_has_it(figure):
    rng = np.random.default_rng(3)
    heads = {head.name: answers(*rng.integers(0, len(head.classes), (2, 200)), head) for head in (HEAD, OTHER)}
    theirs = {
        "macro_recall": balanced_accuracy_score,
        "macro_f1": lambda *pair: f1_score(*pair, average="macro"),
        "accuracy": lambda actual, predicted: np.mean(actual == predicted),
    }[figure]
    expected = np.mean([theirs(found.targets, found.predicted) for found in heads.values()])
    assert figure_of_draws(heads, figure)[0] == pytest.approx(expected)


def test_samples_without_a_label_are_left_out():
    found = {"colour": answers([0, 1, IGNORE], [0, 1, 1])}
    assert figure_of_draws(found, "accuracy")[0] == 1


def test_what_cannot_be_compared_is_refused():
    with pytest.raises(UserError, match="selected by one of macro_recall, macro_f1, accuracy, not by retrieval"):
        choose({"a": wrong(1)}, "retrieval")
    with pytest.raises(UserError, match="b: its answers for colour are of other samples"):
        choose({"a": wrong(1), "b": wrong(1, of=50)}, "accuracy")


def test_the_order_of_preference_is_that_of_params_or_of_the_pipeline():
    assert Selection().of(["phase3", "phase2"]) == ["phase3", "phase2"]
    assert Selection(("phase2",)).of(["phase3", "phase2"]) == ["phase2"]
    with pytest.raises(ValueError, match="twice"):
        Selection(("phase2", "phase2"))
    with pytest.raises(ValueError, match="negative"):
        Selection(standard_errors=-1.0)
    assert only("phase3").reason == "phase3: the only candidate."


def test_the_file_has_rounded_numbers():
    (row, _) = choose({"a": wrong(3), "b": wrong(1)}, "accuracy").to_json()["candidates"]
    assert row == {"name": "a", "value": 0.97, "behind": 0.02, "error": round(row["error"], 6)}
