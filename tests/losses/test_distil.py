"""Distillation's divergence: numbers by hand, torch's own, what T does; and options that are refused."""

import math

import pytest
import torch
import torch.nn.functional as F

from tailwise.core.errors import UserError
from tailwise.losses.head.distil import Distil, softened_divergence

TEACHER = torch.log(torch.tensor([[0.5, 0.25, 0.25], [0.8, 0.1, 0.1]]))
STUDENT = torch.log(torch.tensor([[0.25, 0.5, 0.25], [0.8, 0.1, 0.1]]))


def test_two_samples_of_three_classes_by_hand():
    found = softened_divergence(STUDENT, TEACHER, 1.0)
    assert found.tolist() == pytest.approx([0.5 * math.log(2) + 0.25 * math.log(0.5), 0.0], abs=1e-7)


def test_softened_by_two_by_hand():
    """Of log probabilities the half is the square root: 0.5, 0.25 and 0.25 become 2^0.5 : 1 : 1."""
    p, q = 2**0.5 / (2**0.5 + 2), 1 / (2**0.5 + 2)
    found = softened_divergence(STUDENT, TEACHER, 2.0)
    assert found[0].item() == pytest.approx(4 * (p - q) * math.log(p / q), rel=1e-5)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0, 7.0])
@pytest.mark.parametrize("shape", [(4, 3), (2, 5, 3)], ids=["samples", "sequences"])
def test_it_is_that_of_torch(shape, temperature):
    logits, teacher = torch.randn(shape), torch.randn(shape)
    softened = F.log_softmax(logits / temperature, -1), F.log_softmax(teacher / temperature, -1)
    wanted = temperature**2 * F.kl_div(*softened, reduction="none", log_target=True).sum(-1)
    assert softened_divergence(logits, teacher, temperature) == pytest.approx(wanted, rel=1e-4, abs=1e-6)


def test_log_probabilities_stand_for_logits():
    logits, teacher = torch.randn(4, 3), 5 * torch.randn(4, 3)
    of_logits, of_logs = (softened_divergence(logits, each, 3.0) for each in (teacher, teacher.log_softmax(-1)))
    assert of_logits == pytest.approx(of_logs, rel=1e-4, abs=1e-6)


def test_at_a_high_temperature_it_matches_centred_logits():
    """Section 2.1 of the paper: half the squared difference, divided by C."""
    logits, teacher = torch.randn(4, 3).double(), torch.randn(4, 3).double()
    difference = (logits - logits.mean(1, keepdim=True)) - (teacher - teacher.mean(1, keepdim=True))
    wanted = (difference**2).sum(1) / (2 * 3)
    assert softened_divergence(logits, teacher, 300.0) == pytest.approx(wanted, rel=0.02, abs=1e-3)


def test_an_impossible_class_of_the_teacher_gives_finite_numbers():
    logits = torch.randn(1, 3, requires_grad=True)
    found = softened_divergence(logits, torch.tensor([[0.0, -1e4, -1e4]]), 1.0)
    found.sum().backward()
    assert logits.grad is not None and torch.isfinite(found).all() and torch.isfinite(logits.grad).all()


def test_a_head_may_have_a_temperature_of_its_own():
    how = Distil(0.5, 2.0, {"size": 4.0})
    assert (how.temperature_of("colour"), how.temperature_of("size")) == (2.0, 4.0)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"weight": -0.1}, r"weight must be within \[0, 1\], found -0.1"),
        ({"weight": 1.1}, r"weight must be within \[0, 1\], found 1.1"),
        ({"weight": 0.5, "temperature": 0.0}, "temperature must be positive, found 0"),
        ({"weight": 0.5, "temperatures": {"size": -1.0}}, "temperatures.size must be positive, found -1"),
    ],
)
def test_wrong_numbers_are_refused(wrong, said):
    with pytest.raises(ValueError, match=said):
        Distil(**wrong)


def test_heads_that_are_not_there_are_refused():
    with pytest.raises(UserError, match="distil.temperatures.length: the task has no such head; it has colour, size"):
        Distil(0.5, temperatures={"length": 1.0}).check(["colour", "size"])
    with pytest.raises(UserError, match="distil has no effect: the task has no head"):
        Distil(0.5).check([])
    Distil(0.5, temperatures={"size": 1.0}).check(["colour", "size"])
