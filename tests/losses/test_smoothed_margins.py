"""Label smoothing beside large margins: from which ratio of boosts on a rare class is answered everywhere."""

import pytest
import torch

from tailwise.losses.head.boost import ClassBoost, boosted_cross_entropy, largest_margin, margin_warnings
from tailwise.losses.head.cross_entropy import CrossEntropy


def boost_of(ratio: float, classes: int = 2, smoothing: float = 0.1, apply_as="margin") -> ClassBoost:
    """One rare class, the last one."""
    factors = torch.ones(classes, dtype=torch.float64)
    factors[-1] = ratio
    return ClassBoost(factors, torch.ones(classes), apply_as, CrossEntropy("cross_entropy", smoothing))


def fitted(boost: ClassBoost) -> torch.Tensor:
    """Logits (C,) of a sample whose label is certain, the first class: free, and trained to the least loss."""
    logits = torch.zeros(1, len(boost.boost), dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.LBFGS([logits], max_iter=200, line_search_fn="strong_wolfe", tolerance_change=1e-12)

    def loss() -> torch.Tensor:
        optimizer.zero_grad()
        found = boosted_cross_entropy(logits, torch.zeros(1, dtype=torch.long), boost)
        found.backward()
        return found

    optimizer.step(loss)
    return logits.detach()[0]


@pytest.mark.parametrize(("classes", "limit"), [(2, 19), (6, 55)])
def test_a_model_that_fits_its_labels_answers_the_rare_class_beyond_the_limit(classes, limit):
    assert largest_margin(0.1, classes) == pytest.approx(limit)
    assert fitted(boost_of(0.9 * limit, classes)).argmax() == 0
    assert fitted(boost_of(1.1 * limit, classes)).argmax() == classes - 1
    assert fitted(boost_of(1.1 * limit, classes, apply_as="weight")).argmax() == 0


@pytest.mark.parametrize(
    ("boost", "lines"),
    [
        (boost_of(18), 0),
        (boost_of(20), 1),
        (boost_of(20, apply_as="weight"), 0),
        (boost_of(20, smoothing=0.0), 0),
    ],
)
def test_a_run_beyond_the_limit_is_warned(boost, lines):
    found = list(margin_warnings({"x": boost}, {"x": ("many", "few")}))
    assert len(found) == lines
    assert all("answers few where it is sure of many. Set max_weight below 19" in line for line in found)
