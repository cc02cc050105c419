"""Each schedule at its boundaries, against torch's where there is one, and cut in parts."""

import pytest
import torch

from tailwise.optim.cosine import Cosine
from tailwise.optim.kinds import gap, goes_on
from tailwise.optim.linear import Linear
from tailwise.optim.plateau import Plateau, reductions
from tailwise.optim.restarts import CosineRestarts
from tailwise.optim.step import Step

PART = Cosine("cosine", 0.0, 0.0, start=0.75, end=0.25)
TABLE = [
    # schedule, {step of 8: factor}
    (Linear("linear"), {0: 1.0, 7: 1.0, 8: 1.0}),
    (Linear("linear", start=0.5), {0: 0.5, 8: 0.5}),
    (Linear("linear", warmup=0.5), {0: 0.2, 3: 0.8, 4: 1.0, 8: 1.0}),
    (Linear("linear", warmup=0.5, end=0.0), {0: 0.2, 3: 0.8, 4: 1.0, 6: 0.5, 8: 0.0, 99: 0.0}),
    (Linear("linear", start=0.25, end=0.75), {0: 0.25, 4: 0.5, 8: 0.75}),
    (PART, {0: 0.75, 4: 0.5, 8: 0.25, 99: 0.25}),
    (Cosine("cosine", 0.5, 0.0, start=0.75, end=0.25), {0: 0.15, 3: 0.6, 4: 0.75, 6: 0.5, 8: 0.25}),
    (Cosine("cosine", 0.0, 0.5, start=0.75), {0: 0.75, 8: 0.5}),
    (Cosine("cosine", 0.0, 1.0), {0: 1.0, 4: 1.0, 8: 1.0}),
    (CosineRestarts("cosine_restarts", 2), {0: 1.0, 2: 0.5, 4: 1.0, 6: 0.5, 8: 0.0}),
    (CosineRestarts("cosine_restarts", 2, growth=3.0), {0: 1.0, 1: 0.5, 2: 1.0, 5: 0.5, 8: 0.0}),
    (CosineRestarts("cosine_restarts", 4, start=0.5, end=0.1), {0: 0.5, 1: 0.3, 2: 0.5, 7: 0.3, 8: 0.1}),
    (Step("step", (0.5,)), {0: 1.0, 3: 1.0, 4: 0.1, 8: 0.1}),
    (Step("step", (0.25, 0.75), gamma=0.5), {1: 1.0, 2: 0.5, 5: 0.5, 6: 0.25, 8: 0.25}),
    (Step("step", (0.5, 0.75), warmup=0.5, start=0.8), {0: 0.16, 3: 0.64, 4: 0.08, 6: 0.008}),
]


@pytest.mark.parametrize(("schedule", "factors"), TABLE)
def test_the_factor_at_the_boundaries(schedule, factors):
    assert {step: schedule.factor(step, 8, ()) for step in factors} == pytest.approx(factors)


@pytest.mark.parametrize("schedule", [schedule for schedule, _ in TABLE])
def test_its_ends_are_what_it_says(schedule):
    first, last = schedule.ends()
    assert schedule.factor(8, 8, ()) == pytest.approx(last)
    if not getattr(schedule, "warmup", 0):
        assert schedule.factor(0, 8, ()) == pytest.approx(first)


def torchs(make, steps, scores=None):
    """The rates of torch's scheduler at an lr of 1."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    scheduler, rates = make(optimizer), []
    for step in range(steps):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step(*([scores[step]] if scores else []))
    return rates


TORCH = {
    "cosine": (Cosine("cosine", 0.0, 0.1), lambda o: torch.optim.lr_scheduler.CosineAnnealingLR(o, 24, eta_min=0.1)),
    "linear": (Linear("linear", end=0.2), lambda o: torch.optim.lr_scheduler.LinearLR(o, 1.0, 0.2, total_iters=24)),
    "step": (Step("step", (0.25, 0.5), 0.3), lambda o: torch.optim.lr_scheduler.MultiStepLR(o, [6, 12], gamma=0.3)),
    "equal cycles": (
        CosineRestarts("cosine_restarts", 3, end=0.1),
        lambda o: torch.optim.lr_scheduler.CosineAnnealingWarmRestarts(o, 8, eta_min=0.1),
    ),
    "doubled cycles": (
        CosineRestarts("cosine_restarts", 2, growth=2.0),
        lambda o: torch.optim.lr_scheduler.CosineAnnealingWarmRestarts(o, 8, T_mult=2),
    ),
}


@pytest.mark.parametrize("name", TORCH)
def test_it_is_torchs(name):
    schedule, make = TORCH[name]
    assert [schedule.factor(step, 24, ()) for step in range(24)] == pytest.approx(torchs(make, 24), abs=1e-12)


SCORES = [0.1, 0.2, 0.2, 0.25, 0.19, 0.2, 0.3, 0.31, 0.31, 0.31, 0.3, 0.31, 0.1, 0.4, 0.4, 0.4]


@pytest.mark.parametrize("patience", [0, 1, 3])
@pytest.mark.parametrize("min_delta", [0.0, 0.05])
def test_plateau_is_torchs(patience, min_delta):
    how = {"mode": "max", "factor": 0.5, "patience": patience, "threshold": min_delta, "threshold_mode": "abs"}
    wanted = torchs(lambda o: torch.optim.lr_scheduler.ReduceLROnPlateau(o, **how), len(SCORES), SCORES)
    schedule = Plateau("plateau", patience, 0.5, min_delta)
    assert [schedule.factor(9, 99, SCORES[:epoch]) for epoch in range(len(SCORES))] == pytest.approx(wanted, abs=1e-8)


@pytest.mark.parametrize(
    ("scores", "patience", "count"),
    [
        ([], 0, 0),
        ([0.5], 0, 0),
        ([0.5, 0.5], 0, 1),
        ([0.5, 0.5], 1, 0),
        ([0.5, 0.4, 0.4], 1, 1),
        ([1, 0, 0, 0, 0], 1, 2),
    ],
)
def test_reductions_are_counted(scores, patience, count):
    assert reductions(scores, patience) == count


def test_plateau_stays_between_its_bounds():
    schedule = Plateau("plateau", 0, 0.1, start=0.5, floor=0.2)
    assert schedule.factor(0, 8) == 0.5 and schedule.factor(0, 8, [0.0] * 9) == 0.2


def test_a_cosine_cut_in_three_is_the_cosine():
    whole, cuts = Cosine("cosine", 0.0, 0.2), (1.0, 0.8, 0.4, None)
    assert whole.factor(4, 12) == pytest.approx(0.8) and whole.factor(8, 12) == pytest.approx(0.4)
    parts = [Cosine("cosine", 0.0, 0.2, start, end) for start, end in zip(cuts, cuts[1:])]
    factors = [part.factor(step, 4) for part in parts for step in range(4)]
    assert factors == pytest.approx([whole.factor(step, 12) for step in range(12)], abs=1e-12)


@pytest.mark.parametrize(
    ("earlier", "later", "rates"),
    [
        ((1e-3, PART), (1e-3, Cosine("cosine", 0.0, 0.0, start=0.25)), None),
        ((1e-3, PART), (5e-4, Linear("linear", start=0.5)), None),
        ((1e-3, PART), (1e-3, Cosine("cosine", 0.0, 0.0)), (2.5e-4, 1e-3)),
        ((1e-3, Plateau("plateau", 1)), (1e-3, Cosine("cosine", 0.0, 0.0)), None),
    ],
)
def test_a_gap_is_found(earlier, later, rates):
    assert gap(earlier, later) == (rates and pytest.approx(rates))


def test_a_schedule_continues_another_if_either_states_its_part_of_the_curve():
    plain = Cosine("cosine", 0.0, 0.3)
    assert not goes_on(plain, plain) and goes_on(PART, plain) and goes_on(plain, PART)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Linear("linear", warmup=1.0),
        lambda: Linear("linear", start=1.5),
        lambda: Linear("linear", start=0.0),
        lambda: Cosine("cosine", 0.0, 0.3, start=0.2),
        lambda: Cosine("cosine", 0.0, 0.0, start=0.2, end=0.4),
        lambda: Cosine("cosine", 0.0, 0.0, start=0.0),
        lambda: CosineRestarts("cosine_restarts", 1),
        lambda: CosineRestarts("cosine_restarts", 2, growth=0.5),
        lambda: CosineRestarts("cosine_restarts", 2, start=0.1, end=0.1),
        lambda: Step("step", ()),
        lambda: Step("step", (0.0,)),
        lambda: Step("step", (0.5, 1.0)),
        lambda: Step("step", (0.5, 0.2)),
        lambda: Step("step", (0.2,), warmup=0.3),
        lambda: Step("step", (0.2,), gamma=1.0),
        lambda: Plateau("plateau", -1),
        lambda: Plateau("plateau", 1, gamma=1.0),
        lambda: Plateau("plateau", 1, floor=1.0),
    ],
)
def test_impossible_values_are_refused(wrong):
    with pytest.raises(ValueError):
        wrong()
