"""Folds of a cross-validation together, checked by hand."""

import numpy as np
import pytest

from tailwise.core.errors import UserError
from tailwise.core.heads import Head
from tailwise.crossvalidation.folds import folds_sweep
from tailwise.crossvalidation.pooled import cross_validation, spread
from tailwise.crossvalidation.text import markdown, terminal
from tailwise.metrics.predictions import Predictions

HEAD = Head("tag", ("a", "b"))


def answers(names: str, targets: list[int], predicted: list[int], head: Head = HEAD) -> dict[str, Predictions]:
    """Each sample is a group of its own."""
    samples = list(names)
    probabilities = np.eye(2)[predicted]
    return {head.name: Predictions(head, samples, samples, np.array(targets), np.array(predicted), probabilities)}


def test_the_pooled_recall_counts_every_sample_once():
    found = cross_validation(
        {"fold 0": answers("abcd", [0, 0, 0, 1], [0, 0, 1, 1]), "fold 1": answers("efg", [0, 1, 1], [0, 0, 0])}
    )
    recall = [span.value for span in found.heads["tag"].figures["recall"]]
    assert recall == [3 / 4, 1 / 3] and (found.samples, found.groups) == (7, 7)
    assert found.heads["tag"].support == {"a": 4, "b": 3}
    assert [fold.figures["tag"]["macro_recall"] for fold in found.folds] == pytest.approx([(2 / 3 + 1) / 2, 1 / 2])


def test_a_class_that_a_fold_lacks_is_left_out_of_its_mean_and_counts_in_the_pool():
    found = cross_validation({"fold 0": answers("ab", [0, 0], [0, 1]), "fold 1": answers("cd", [0, 1], [0, 1])})
    assert found.folds[0].figures["tag"]["macro_recall"] == 0.5
    assert [span.value for span in found.heads["tag"].figures["recall"]] == [pytest.approx(2 / 3), 1]


def test_the_text_has_each_class_each_fold_and_what_is_too_few():
    found = cross_validation({"fold 0": answers("ab", [0, 1], [0, 1]), "fold 1": answers("cd", [0, 1], [0, 0])})
    text = markdown(found, "foul")
    assert text.startswith("# Cross-validation\n\n4 fouls of 4 groups, each answered by the model of the fold")
    assert "| fold 1 | 2 | 2 | 0.500 | 0.500 |" in text and "| mean ± deviation |  |  | 0.750 ± 0.354" in text
    assert "- tag: 2 fouls of b: too few to measure its recall." in text and "Only 4 groups" in text
    assert "## Tag" in text and "Tag" in terminal(found, "foul") and "#" not in terminal(found, "foul")
    assert spread([1.0, 3.0]) == (2.0, pytest.approx(2**0.5))


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (answers("bx", [0, 1], [0, 1]), "b is in fold 0 and fold 1"),
        (answers("xy", [0, 1], [0, 1], Head("tag", ("a", "c"))), "fold 1 has other classes than fold 0"),
    ],
)
def test_folds_that_do_not_fit_together_are_refused(other, said):
    with pytest.raises(UserError, match=said):
        cross_validation({"fold 0": answers("ab", [0, 1], [0, 1]), "fold 1": other})


def test_each_fold_is_a_row_with_the_seed_of_the_params():
    params = {"training": {"seed": 9}, "resampling": {"folds": 0, "fold": 0, "seed": 1}}
    sweep = folds_sweep(params, 3, 4)
    assert sweep.seeds == 1 and sweep.first_seed == 9 and list(sweep.rows) == ["fold 0", "fold 1", "fold 2"]
    assert sweep.rows["fold 2"] == {"resampling.folds": 3, "resampling.fold": 2, "resampling.seed": 4}


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({}, "params.yaml: has no section resampling"),
        ({"resampling": {"folds": 5}}, "params.yaml: resampling.folds must be 0"),
    ],
)
def test_params_without_folds_or_with_them_are_refused(params, said):
    with pytest.raises(UserError, match=said):
        folds_sweep(params, 3, 1)


def test_a_teacher_that_may_have_seen_the_fold_is_refused():
    params = {"resampling": {"folds": 0}, "distillation": {"teachers": {"large": "teachers/large.safetensors"}}}
    with pytest.raises(UserError, match="distillation.teachers.large: teachers/large.safetensors has seen the labels"):
        folds_sweep(params, 3, 1)
    own = {"distillation": {"teachers": {"first": "data/models/phase1.safetensors"}}}
    assert len(folds_sweep({**params, **own}, 3, 1).rows) == 3
