"""Top-k accuracy against scikit-learn's."""

import numpy as np
import pytest
import torch
from sklearn.metrics import top_k_accuracy_score

from tailwise.core.batch import Batch
from tailwise.core.heads import IGNORE, Head
from tailwise.metrics.top_k import TopK, ranks

HEAD = Head("tag", tuple("abcdef"))


def part(metric, logits, targets):
    return metric.part({"tag": logits}, Batch({}, {"tag": targets}, torch.arange(len(targets))))


@pytest.mark.parametrize("shape", [(60,), (12, 5)])
def test_it_is_scikit_learns_over_the_labels_and_adds_up(shape):
    rng = torch.Generator().manual_seed(0)
    logits, targets = torch.randn(*shape, 6, generator=rng), torch.randint(0, 6, shape, generator=rng)
    targets[::3] = IGNORE
    metric = TopK(HEAD, (1, 2, 5))
    total = part(metric, logits[:5], targets[:5]) + part(metric, logits[5:], targets[5:])
    kept = targets != IGNORE
    for k in metric.ks:
        expected = top_k_accuracy_score(targets[kept], logits[kept].numpy(), k=k, labels=range(6))
        assert metric.value(total)[f"top_{k}"] == pytest.approx(expected)


def test_of_equal_logits_the_first_class_is_likelier_as_in_argmax():
    logits = torch.tensor([[1.0, 1.0, 2.0]] * 3)
    assert ranks(logits, torch.tensor([0, 1, 2])).tolist() == [1, 2, 0]


def test_no_label_is_unknown():
    assert TopK(HEAD).value(np.zeros(3)) == {"top_1": None, "top_5": None}
