"""What is counted of both models' answers on a split."""

import numpy as np
import pytest
import torch

from tailwise.core.batch import Batch
from tailwise.core.errors import UserError
from tailwise.core.heads import IGNORE, Head
from tailwise.export.graph.parity import Split, check_parity, compare_split, lines_of

KIND = Head("kind", ("a", "b", "c"))
TARGETS = [0, 1, 2, IGNORE]
TRAINED = [[2, 1, 0], [0, 1, 1], [1, 0.9, 0], [0, 0, 1]]


def found_on(trained, exported, targets=TARGETS):
    """Of samples in batches of two, one number each."""
    rows = [np.array(of, np.float32) for of in (trained, exported)]
    batches = [
        Batch(
            {"x": torch.arange(start, start + 2)}, {"kind": torch.tensor(targets[start : start + 2])}, torch.arange(2)
        )
        for start in range(0, len(targets), 2)
    ]
    reference, run = (lambda batch, of=of: {"kind": of[batch["x"]]} for of in rows)
    return compare_split(Split("valid", batches), reference, run, {"x": ("batch",)}, [KIND])


def test_answers_and_figures_of_both_models_are_counted():
    found = found_on(TRAINED, [[2, 1, 0], [0, 1, 1], [0, 0, 1.5], [0, 0, 1]])
    head = found.heads[0]
    assert (found.samples, head.answers, head.differing, head.ties) == (4, 4, 1, 0)
    assert found.difference == 1.5
    assert head.trained.accuracy == pytest.approx(2 / 3) and head.trained.macro_recall == pytest.approx(2 / 3)
    assert head.exported.accuracy == head.exported.macro_recall == 1


def test_classes_that_the_trained_model_holds_equal_are_a_tie():
    found = found_on(TRAINED, [[2, 1, 0], [0, 0.99995, 1.00001], [1, 0.9, 0], [0, 0, 1]])
    assert (found.heads[0].differing, found.heads[0].ties) == (1, 1)
    check_parity(found, "onnx in fp32", exact=True)


def test_another_answer_that_is_no_tie_is_refused_although_the_outputs_agree():
    near = [[0, 1.00015, 1]] * 4, [[0, 1.00006, 1.00009]] * 4
    found = found_on(*near)
    assert found.difference < 1e-4 and (found.heads[0].differing, found.heads[0].ties) == (4, 0)
    with pytest.raises(UserError, match="on the split valid, the model .* gives 4 of 4 other answers for kind: try"):
        check_parity(found, "onnx in fp32", exact=True)
    check_parity(found, "onnx in fp16", exact=False)


@pytest.mark.parametrize("value", [np.nan, np.inf, 2.01])
def test_a_difference_or_no_number_is_refused(value):
    found = found_on(TRAINED, [[value, 1, 0], *TRAINED[1:]])
    with pytest.raises(
        UserError, match="on the split valid, the model exported to onnx differs from the trained one by"
    ):
        check_parity(found, "onnx", exact=True)


def test_a_smaller_model_may_differ_but_gives_numbers():
    check_parity(found_on(TRAINED, [[2.5, 1, 0], *TRAINED[1:]]), "onnx in int8", exact=False)
    with pytest.raises(UserError, match="on the split valid, the model exported to onnx in int8 differs .* by inf"):
        check_parity(found_on(TRAINED, [[np.nan, 1, 0], *TRAINED[1:]]), "onnx in int8", exact=False)


def test_padding_of_sequences_is_no_answer():
    inputs = {"features": torch.zeros(2, 3, 1), "length": torch.tensor([3, 1])}
    batch = Batch(inputs, {"kind": torch.tensor([[0, 1, 2], [1, IGNORE, IGNORE]])}, torch.arange(2))
    trained = np.eye(3, dtype=np.float32)[[[0, 1, 2], [1, 0, 0]]]
    exported = trained.copy()
    exported[1, 1:] = 7
    axes = {"features": ("batch", "length"), "length": ("batch",)}
    runs = (lambda of: {"kind": trained}), (lambda of: {"kind": exported})
    found = compare_split(Split("valid", [batch]), *runs, axes, [KIND])
    assert found.difference == 0 and found.heads[0].answers == 4 and found.heads[0].exported.accuracy == 1


def test_a_head_without_labels_has_no_figures():
    head = found_on(TRAINED, TRAINED, [IGNORE] * 4).heads[0]
    assert head.trained.accuracy is None and head.exported.macro_recall is None
    assert (
        "accuracy unknown trained, unknown exported" in lines_of(found_on(TRAINED, TRAINED, [IGNORE] * 4).as_json())[1]
    )


def test_a_split_of_other_inputs_or_without_samples_is_refused():
    batch = Batch({"y": torch.zeros(1)}, {}, torch.arange(1))
    given = (lambda of: {}), (lambda of: {}), {"x": ("batch",)}, [KIND]
    with pytest.raises(UserError, match="the split valid has the inputs y, but the model takes x"):
        compare_split(Split("valid", [batch]), *given)
    with pytest.raises(UserError, match="the split valid has no samples"):
        compare_split(Split("valid", []), *given)
