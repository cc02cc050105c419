"""Predictions of a model on a split, and their metrics."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from sklearn.metrics import log_loss, recall_score
from torch import nn

from support.helpers import HEADS, Table, make_run, make_table, make_task, metrics_of
from tailwise.core.batch import answers_output
from tailwise.core.errors import UserError
from tailwise.core.heads import IGNORE, Head
from tailwise.engine.evaluate.evaluation import evaluate
from tailwise.engine.evaluate.validate import totals


@pytest.fixture
def task():
    valid = make_table(21, seed=3)
    valid.targets["colour"][::4] = IGNORE
    return make_task(valid=valid)


def test_answers_are_the_models_in_the_order_of_the_samples(task):
    answers = evaluate(task, make_run(batch_size=8, accumulate=2)).predictions
    with torch.no_grad():
        outputs = task.model.eval()(task.valid.inputs["x"])
    for head in HEADS:
        np.testing.assert_array_equal(answers[head.name].targets, task.valid.targets[head.name])
        np.testing.assert_allclose(answers[head.name].probabilities, outputs[head.name].softmax(dim=1), atol=1e-6)


def test_figures_are_of_the_labels_that_there_are(task):
    done = evaluate(task, make_run())
    found, answers = done.figures, done.predictions["colour"]
    known = answers.targets != IGNORE
    targets, probabilities = answers.targets[known], answers.probabilities[known]
    assert found["colour"]["loss"] == pytest.approx(log_loss(targets, probabilities, labels=range(3)), rel=1e-5)
    recalls = recall_score(targets, probabilities.argmax(axis=1), average=None)
    assert list(found["colour"]["recall"].values()) == pytest.approx(recalls)


def test_validation_agrees_with_the_evaluation(task):
    found, done = totals(task, make_run()), evaluate(task, make_run())
    for name, metric in metrics_of().items():
        assert metric.value(found[name]) == done.figures[name]
        assert (metric.matrix(found[name]) == done.predictions[name].matrix).all()


def test_a_head_without_a_label_is_refused(task):
    task.valid.targets["colour"][:] = IGNORE
    with pytest.raises(UserError, match="colour: no sample of this split has a label"):
        evaluate(task, make_run())


@pytest.mark.parametrize("size", [1, 5, 64])
def test_the_size_of_a_batch_changes_no_answer(task, size):
    found, whole = (evaluate(task, make_run(batch_size=n)).predictions for n in (size, 21))
    for head in HEADS:
        np.testing.assert_allclose(found[head.name].probabilities, whole[head.name].probabilities, atol=1e-6)


def test_validation_touches_neither_gradients_nor_weights(task):
    before = {name: tensor.clone() for name, tensor in task.model.state_dict().items()}
    totals(task, make_run())
    assert all(parameter.grad is None for parameter in task.model.parameters())
    assert all(torch.equal(tensor, before[name]) for name, tensor in task.model.state_dict().items())


def test_outputs_that_are_not_finite_are_refused(task):
    nn.init.constant_(task.model.heads["size"].weight, torch.inf)
    with pytest.raises(UserError, match="size: the model's outputs are not finite; train it again with a lower lr"):
        evaluate(task, make_run())


TAG = Head("tag", ("a", "b"))


class Knows(nn.Module):
    """Answers what its inputs say, (B, T, C)."""

    def forward(self, x):
        return {"tag": 100 * x}


class Cut(Table):
    """Sequences, padded to the longest of their batch."""

    def collate(self, items):
        batch = super().collate(items)
        longest = int((batch.targets["tag"] != IGNORE).sum(dim=1).max())
        inputs = {"x": batch.inputs["x"][:, :longest]}
        return replace(batch, inputs=inputs, targets={"tag": batch.targets["tag"][:, :longest]})

    def groups(self):
        return ["one", "two", "two"]


@pytest.mark.parametrize("size", [1, 2, 3])
def test_a_sequence_has_a_row_a_position_and_none_for_padding(size):
    tags = torch.tensor([[0, IGNORE, IGNORE], [1, 1, IGNORE], [1, 0, 1]])
    said = torch.tensor([[0, 0, 0], [1, 0, 1], [1, 0, 1]])
    table = Cut({"x": torch.eye(2)[said]}, {"tag": tags})
    done = evaluate(make_task(Knows(), table, table, (TAG,)), make_run(batch_size=size))
    found = done.predictions["tag"]
    assert found.samples == ["sample0", "sample1", "sample1", "sample2", "sample2", "sample2"]
    assert found.groups == ["one", "two", "two", "two", "two", "two"]
    assert found.positions.tolist() == [0, 0, 1, 0, 1, 2]
    assert (found.targets.tolist(), found.predicted.tolist()) == ([0, 1, 1, 1, 0, 1], [0, 1, 0, 1, 0, 1])
    assert found.matrix.tolist() == [[2, 0], [1, 3]] and done.figures["tag"]["recall"] == {"a": 1.0, "b": 0.75}


def test_decoded_answers_are_in_predictions_and_figures_and_probabilities_stay(task):
    """Not in training: `totals` knows no decoding."""

    def decode(inputs, outputs):
        assert set(inputs) == {"x"}
        return {answers_output("colour"): torch.full_like(outputs["colour"][:, 0], 2, dtype=torch.long)}

    plain, done = evaluate(task, make_run()), evaluate(task, make_run(), decode)
    assert set(done.predictions["colour"].predicted.tolist()) == {2}
    assert done.figures["colour"]["recall"] == {"red": 0, "green": 0, "blue": 1}
    assert done.figures["size"] == plain.figures["size"]
    assert done.figures["colour"]["loss"] == plain.figures["colour"]["loss"]
    for name, found in done.predictions.items():
        np.testing.assert_array_equal(found.probabilities, plain.predictions[name].probabilities)


def test_decoding_of_sequences_reaches_every_position():
    tags = torch.tensor([[0, IGNORE, IGNORE], [1, 1, IGNORE], [1, 0, 1]])
    table = Cut({"x": torch.eye(2)[torch.zeros(3, 3, dtype=torch.long)]}, {"tag": tags})

    def decode(inputs, outputs):
        return {answers_output("tag"): torch.arange(outputs["tag"].shape[1]).expand(outputs["tag"].shape[:2]) % 2}

    found = evaluate(make_task(Knows(), table, table, (TAG,)), make_run(batch_size=2), decode).predictions["tag"]
    assert found.predicted.tolist() == [0, 0, 1, 0, 1, 0]
