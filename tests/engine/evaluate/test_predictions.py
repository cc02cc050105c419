"""A model's answers on a split, and the figures from them."""

import numpy as np
import pytest
import torch
from sklearn.metrics import log_loss, recall_score
from torch import nn

from support.helpers import HEADS, Table, make_run, make_table, make_task, metrics_of
from tailwise.core.batch import IGNORE, Head
from tailwise.core.errors import UserError
from tailwise.engine.evaluate.predictions import answer_rows, evaluate
from tailwise.engine.evaluate.validate import totals


@pytest.fixture
def task():
    valid = make_table(21, seed=3)
    valid.targets["colour"][::4] = IGNORE
    return make_task(valid=valid)


def test_answers_are_the_models_in_the_order_of_the_samples(task):
    answers = evaluate(task, make_run(batch_size=8, accumulate=2)).heads
    with torch.no_grad():
        outputs = task.model.eval()(task.valid.inputs["x"])
    for head in HEADS:
        np.testing.assert_array_equal(answers[head.name].targets, task.valid.targets[head.name])
        np.testing.assert_allclose(answers[head.name].probabilities, outputs[head.name].softmax(dim=1), atol=1e-6)


def test_figures_are_of_the_labels_that_there_are(task):
    done = evaluate(task, make_run())
    found, answers = done.figures, done.heads["colour"]
    known = answers.targets != IGNORE
    targets, probabilities = answers.targets[known], answers.probabilities[known]
    assert found["colour"]["loss"] == pytest.approx(log_loss(targets, probabilities, labels=range(3)), rel=1e-5)
    recalls = recall_score(targets, probabilities.argmax(axis=1), average=None)
    assert list(found["colour"]["recall"].values()) == pytest.approx(recalls)


def test_validation_agrees_with_the_evaluation(task):
    found, done = totals(task, make_run()), evaluate(task, make_run())
    for name, metric in metrics_of().items():
        assert metric.value(found[name]) == done.figures[name]
        assert (metric.matrix(found[name]) == done.heads[name].matrix).all()


def test_a_head_without_a_label_is_refused(task):
    task.valid.targets["colour"][:] = IGNORE
    with pytest.raises(UserError, match="colour: no sample of this split has a label"):
        evaluate(task, make_run())


@pytest.mark.parametrize("size", [1, 5, 64])
def test_the_size_of_a_batch_changes_no_answer(task, size):
    found, whole = (evaluate(task, make_run(batch_size=n)).heads for n in (size, 21))
    for head in HEADS:
        np.testing.assert_allclose(found[head.name].probabilities, whole[head.name].probabilities, atol=1e-6)


def test_validation_touches_neither_gradients_nor_weights(task):
    before = {name: tensor.clone() for name, tensor in task.model.state_dict().items()}
    totals(task, make_run())
    assert all(parameter.grad is None for parameter in task.model.parameters())
    assert all(torch.equal(tensor, before[name]) for name, tensor in task.model.state_dict().items())


def test_a_row_is_a_labelled_sample(task):
    answers = evaluate(task, make_run()).heads["colour"]
    header, rows = answer_rows(task.valid, answers)
    rows = list(rows)
    assert header == ["sample", "group", "actual", "predicted", "red", "green", "blue"]
    labelled = [i for i, target in enumerate(answers.targets) if target != IGNORE]
    assert [row[0] for row in rows] == [f"sample{i}" for i in labelled]
    for i, (_, group, actual, predicted, *probabilities) in zip(labelled, rows):
        names = answers.head.classes
        assert (group, actual) == ("match", names[answers.targets[i]])
        assert predicted == names[np.argmax(probabilities)] and sum(probabilities) == pytest.approx(1, abs=1e-5)


def test_sequences_are_judged_by_position():
    head = Head("tag", ("a", "b"))
    tags = torch.tensor([[0, 1, IGNORE], [1, 1, 0]])
    table = Table({"x": torch.eye(2)[tags.clamp(min=0)]}, {"tag": tags})

    class Knows(nn.Module):
        def forward(self, x):
            return {"tag": 100 * x}

    task = make_task(Knows(), table, table, (head,))
    found = evaluate(task, make_run()).figures
    assert found["tag"]["accuracy"] == 1 and found["tag"]["loss"] == pytest.approx(0, abs=1e-6)
