"""The schedule at each of its boundaries."""

import math

import pytest

from tailwise.optim.cosine import Cosine, cosine

TABLE = [
    # step, steps, warmup, floor: factor
    (0, 10, 0.0, 0.0, 1.0),
    (5, 10, 0.0, 0.0, 0.5),
    (10, 10, 0.0, 0.0, 0.0),
    (10, 10, 0.0, 0.3, 0.3),
    (5, 10, 0.0, 0.3, 0.65),
    (0, 20, 0.2, 0.0, 1 / 5),
    (3, 20, 0.2, 0.0, 4 / 5),
    (4, 20, 0.2, 0.0, 1.0),
    (12, 20, 0.2, 0.0, 0.5),
    (19, 20, 0.2, 0.0, 0.5 * (1 + math.cos(math.pi * 15 / 16))),
    (20, 20, 0.2, 0.1, 0.1),
    (99, 20, 0.2, 0.1, 0.1),
    (0, 1, 0.0, 0.0, 1.0),
    (0, 1, 0.5, 0.0, 1.0),
    (0, 3, 0.5, 0.0, 0.5),
]


@pytest.mark.parametrize(("step", "steps", "warmup", "floor", "factor"), TABLE)
def test_the_factor_at_the_boundaries(step, steps, warmup, floor, factor):
    assert cosine(step, steps, warmup, floor) == pytest.approx(factor)
    assert Cosine("cosine", warmup, floor).factor(step, steps) == pytest.approx(factor)


@pytest.mark.parametrize("warmup", [0.0, 0.05, 0.1, 0.33, 0.9])
@pytest.mark.parametrize("steps", [1, 2, 7, 100])
def test_it_rises_then_falls_and_never_stands_at_zero_before_the_end(steps, warmup):
    factors = [cosine(step, steps, warmup, 0.0) for step in range(steps)]
    top = factors.index(max(factors))
    assert factors[: top + 1] == sorted(factors[: top + 1])
    assert factors[top:] == sorted(factors[top:], reverse=True)
    assert all(0 < factor <= 1 for factor in factors)


@pytest.mark.parametrize(("warmup", "floor"), [(1.0, 0.0), (-0.1, 0.0), (0.0, 1.1), (0.0, -0.1)])
def test_impossible_shapes_are_refused(warmup, floor):
    with pytest.raises(ValueError, match="(warmup|floor) must be in"):
        Cosine("cosine", warmup, floor)
