"""Logit adjustment by hand: which tau is chosen, what it does to probabilities, and what the files say."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from tailwise.core.heads import Head
from tailwise.engine.evaluate.adjusted import Adjusted, taus_in
from tailwise.evaluation.adjustment import Adjust, best_tau, choose_taus, log_prior
from tailwise.metrics.predictions import predictions, read_predictions, write_predictions

HEAD = Head("action", ("often", "rare"))
COUNTS = {"action": {"often": 90, "rare": 10}}
PROBABILITIES = np.array([[0.95, 0.05], [0.8, 0.2], [0.7, 0.3]])  # odds of often 19, 4, 2.33; of the prior 9


def found(targets):
    return predictions(HEAD, PROBABILITIES, np.array(targets), ["a", "b", "c"], ["g", "g", "g"])


@pytest.mark.parametrize(
    ("targets", "tau"),
    [
        ([0, 1, 1], 0.75),  # 9^0.5 is 3 and leaves b at often, 9^0.75 is 5.2
        ([0, 0, 1], 0.5),  # 9^0.5 takes c, and 9^0.75 would take b
        ([0, 0, 0], 0.0),
        ([1, 1, 1], 1.5),  # 9^1.25 is 15.6, 9^1.5 is 27
    ],
)
def test_the_smallest_tau_with_the_highest_macro_recall(targets, tau):
    assert best_tau(found(targets), log_prior(COUNTS["action"])) == tau
    assert choose_taus(Adjust("auto"), {"action": found(targets)}, COUNTS) == {"action": tau}
    assert choose_taus(Adjust(1.25), {"action": found(targets)}, COUNTS) == {"action": 1.25}


def test_tau_must_be_positive():
    with pytest.raises(ValueError, match="tau must be positive, found 0; without adjustment set adjust to null"):
        Adjust(0.0)


def test_a_class_without_training_labels_has_a_finite_prior():
    assert log_prior({"a": 3, "b": 0}).tolist() == pytest.approx([math.log(0.75), math.log(0.25)])


class Net(nn.Module):
    def forward(self, x):
        return {"action": x, "other": x}


def test_an_adjusted_model_divides_by_the_prior_and_leaves_other_outputs():
    shift = torch.tensor([-share for share in log_prior(COUNTS["action"])], dtype=torch.float32)
    logits = torch.tensor([[math.log(9.0), 0.0]])
    outputs = Adjusted(Net(), {"action": shift})(x=logits)
    assert outputs["action"].softmax(dim=-1).tolist() == [pytest.approx([0.5, 0.5])]
    assert outputs["other"].equal(logits)


def test_the_table_says_what_was_done_and_reads_back(tmp_path):
    plain, adjusted = found([0, 1, 1]), replace(found([0, 1, 1]), tau=0.75)
    write_predictions(tmp_path / "plain.csv", plain)
    write_predictions(tmp_path / "adjusted.csv", adjusted)
    assert (tmp_path / "plain.csv").read_text().splitlines()[0] == "sample,group,actual,predicted,often,rare"
    assert (tmp_path / "adjusted.csv").read_text().splitlines()[1] == "a,g,often,often,0.95,0.05,0.75"
    again = read_predictions(tmp_path / "adjusted.csv", HEAD)
    assert again.tau == 0.75 and again.known_probabilities.tolist() == PROBABILITIES.tolist()
    assert read_predictions(tmp_path / "plain.csv", HEAD).tau is None and again.labelled.tau == 0.75


def test_taus_are_read_from_the_figures_of_heads():
    assert taus_in({"balanced_accuracy": 50.0, "action": {"loss": 1.0, "tau": 0.5}, "size": {"loss": 1.0}}) == {
        "action": 0.5
    }
