"""The linear-chain CRF against the sum over all labellings of tiny sequences."""

from itertools import product

import pytest
import torch

from tailwise.core.heads import IGNORE
from tailwise.losses.sequence.crf import Chain, likelihood_loss, log_marginals, log_partition

C, LENGTHS, SIZE = 3, (5, 1, 3), 5


def problem(seed=0):
    rng = torch.Generator().manual_seed(seed)
    numbers = [torch.randn(*shape, generator=rng, dtype=torch.float64) for shape in ((3, SIZE, C), (C, C), (C,), (C,))]
    return numbers[0], Chain(*numbers[1:]), torch.tensor(LENGTHS)


def labellings(scores, chain, length):
    """[(labels, score)] of one sequence."""
    for labels in product(range(C), repeat=length):
        score = chain.start[labels[0]] + chain.end[labels[-1]] + sum(scores[t, label] for t, label in enumerate(labels))
        yield labels, score + sum(chain.transitions[a, b] for a, b in zip(labels, labels[1:]))


def log_sum(values):
    return torch.stack(list(values)).logsumexp(0)


def test_the_partition_is_the_sum_over_all_labellings():
    scores, chain, length = problem()
    wanted = [log_sum(s for _, s in labellings(scores[row], chain, n)) for row, n in enumerate(LENGTHS)]
    torch.testing.assert_close(log_partition(scores, chain, length), torch.stack(wanted), rtol=0, atol=1e-10)


def test_the_marginals_are_sums_over_labellings_and_zero_in_the_padding():
    scores, chain, length = problem()
    found = log_marginals(scores, chain, length)
    for row, n in enumerate(LENGTHS):
        every = list(labellings(scores[row], chain, n))
        whole = log_sum(s for _, s in every)
        for t, label in product(range(n), range(C)):
            wanted = log_sum(s for labels, s in every if labels[t] == label) - whole
            assert found[row, t, label].item() == pytest.approx(wanted.item(), abs=1e-10)
        assert not found[row, n:].any()


@pytest.mark.parametrize("targets", [(0, 2, 1, 1, 0), (0, IGNORE, 1, IGNORE, IGNORE), (IGNORE,) * 5])
def test_the_loss_is_that_of_the_labellings_that_agree(targets):
    scores, chain, length = problem()
    labels = torch.tensor([targets] * 3)
    labels[1, 1:], labels[2, 3:] = IGNORE, IGNORE
    found = likelihood_loss(scores, chain, labels, length)
    for row, n in enumerate(LENGTHS):
        every = list(labellings(scores[row], chain, n))
        agree = [s for own, s in every if all(t in (IGNORE, o) for t, o in zip(labels[row].tolist(), own))]
        wanted = log_sum(s for _, s in every) - log_sum(agree)
        assert found[row].item() == pytest.approx(wanted.item(), abs=1e-10)


def test_without_transitions_positions_are_independent():
    scores, _, length = problem()
    zero = Chain(torch.zeros(C, C).double(), torch.zeros(C).double(), torch.zeros(C).double())
    torch.testing.assert_close(log_marginals(scores, zero, length)[0], scores[0].log_softmax(-1))
    labels = torch.tensor([[0, 1, 2, 0, 1], [1] + [IGNORE] * 4, [2, 2, 0, IGNORE, IGNORE]])
    wanted = torch.nn.functional.cross_entropy(
        scores.flatten(0, 1), labels.flatten(), ignore_index=IGNORE, reduction="none"
    )
    torch.testing.assert_close(likelihood_loss(scores, zero, labels, length), wanted.view(3, SIZE).sum(1))


def test_its_gradient_is_the_marginals_without_the_labels_and_finite():
    """d(-log p(y)) / d scores[t, c] = p(y_t = c) - [y_t = c]."""
    scores, chain, length = problem()
    scores.requires_grad_()
    labels = torch.tensor([[0, 1, 2, 0, 1], [1] + [IGNORE] * 4, [2, 2, 0, IGNORE, IGNORE]])
    likelihood_loss(scores, chain, labels, length).sum().backward()
    kept = labels >= 0
    wanted = log_marginals(scores.detach(), chain, length).exp()
    wanted = wanted - torch.nn.functional.one_hot(labels.clamp(min=0), C)
    assert scores.grad is not None
    torch.testing.assert_close(scores.grad[kept], wanted[kept])
    assert not scores.grad[~kept].any()


def test_a_packed_chain_is_unpacked():
    chain = problem()[1]
    again = Chain.unpack(chain.packed)
    assert all(torch.equal(getattr(again, name), getattr(chain, name)) for name in ("transitions", "start", "end"))
