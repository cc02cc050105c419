"""Guards on a step's numbers, by hand-written tables."""

import math

import pytest

from tailwise.engine.contract.run import Stability
from tailwise.engine.train.guards import (
    ACTIONS,
    FROZEN_STEPS,
    GOOD_EVERY,
    LEAST_LOSS,
    LEAST_NORM,
    MIN_HISTORY,
    NONFINITE_STEPS,
    PROBATION,
    VANISHING_STEPS,
    GuardState,
    StepNumbers,
    check_due,
    frozen,
    is_outlier,
    settled,
    spread,
    stays_high,
    too_many,
    vanishing,
)

STEADY = [2.0, 2.1, 1.9, 2.0, 2.2, 1.8, 2.0, 2.1]
NOISY = [0.2, 1.4, 0.5, 0.9, 0.1, 1.2, 0.6, 0.7]
GUARDS = Stability(guards=True, spike_factor=2.0, max_rollbacks=3)


def numbers(loss=2.0, norm=1.0, **layers):
    return StepNumbers(loss, norm, layers)


@pytest.mark.parametrize(
    ("value", "recent", "factor", "spreads", "expected"),
    [
        (4.2, STEADY, 2.0, 8.0, True),  # above twice 2.0, and spreads of 0.15 above it
        (3.9, STEADY, 2.0, 8.0, False),  # 1.95 times
        (4.2, STEADY, 3.0, 8.0, False),
        (1.6, NOISY, 2.0, 8.0, False),  # 2.5 times the median, but usual here
        (9.0, NOISY, 2.0, 8.0, True),
        (9.0, STEADY[: MIN_HISTORY - 1], 2.0, 8.0, False),  # too few are known
        (0.1, STEADY, 2.0, 8.0, False),  # low is no fault
        (2.1, [1.0] * 8, 2.0, 8.0, True),  # no spread at all
        (0.0, [0.0] * 8, 2.0, 8.0, False),
    ],
)
def test_a_value_is_held_against_its_own_recent_distribution(value, recent, factor, spreads, expected):
    assert is_outlier(value, recent, factor, spreads) is expected


def test_the_spread_is_the_standard_deviation_of_what_is_normal():
    assert spread([1.0, 2.0, 3.0, 4.0, 5.0]) == pytest.approx(1.4826)
    assert spread([1.0, 2.0, 3.0, 4.0, 1e9]) == pytest.approx(1.4826)  # whatever an outlier does


@pytest.mark.parametrize(
    ("norms", "recent", "expected"),
    [
        ([1e-6] * VANISHING_STEPS, [1.0] * MIN_HISTORY, True),
        ([1e-6] * (VANISHING_STEPS - 1) + [0.1], [1.0] * MIN_HISTORY, False),
        ([1e-6] * (VANISHING_STEPS - 1), [1.0] * MIN_HISTORY, False),
        ([1e-6] * VANISHING_STEPS, [1.0] * (MIN_HISTORY - 1), False),
        ([0.0] * VANISHING_STEPS, [0.0] * MIN_HISTORY, True),
        ([0.5] * VANISHING_STEPS, [1.0] * MIN_HISTORY, False),
    ],
)
def test_norms_vanish_if_all_of_the_last_ones_do(norms, recent, expected):
    assert vanishing(norms, recent) is expected


def test_a_layer_is_frozen_after_so_many_steps_without_a_gradient():
    assert frozen({"a": FROZEN_STEPS, "b": FROZEN_STEPS - 1, "c": 900}) == ["a", "c"]


def test_a_layer_without_a_gradient_is_rechecked_at_growing_intervals():
    assert [steps for steps in range(1000) if check_due(steps)] == [50, 100, 200, 400, 800]


def test_frozen_layers_are_not_reported_until_they_can_move():
    """Of the two without a gradient one could have moved from the first, the other by what is seen later."""
    watch, reported, asked = GuardState(), [], []

    def idle(names):
        asked.append(names)
        return [name for name in names if name == "alone" and len(asked) < 3]

    for step in range(1, 5 * FROZEN_STEPS):
        reported += [(step, name) for _, name in watch.update(numbers(alone=0.0, dead=0.0, moving=1.0), idle)]
    assert asked == [["alone", "dead"], ["alone"], ["alone"]]
    assert reported == [(FROZEN_STEPS, "dead"), (4 * FROZEN_STEPS, "alone")]


@pytest.mark.parametrize(
    ("skipped", "step", "expected"),
    [
        ([], 9, False),
        ([1], 9, False),
        ([1, 5], 9, True),
        ([1, 5], NONFINITE_STEPS, True),
        ([1, 5], NONFINITE_STEPS + 1, False),
    ],
)
def test_the_third_within_fifty_steps(skipped, step, expected):
    assert too_many(skipped, step) is expected


@pytest.mark.parametrize(
    ("losses", "expected"),
    [([], True), ([2.0] * 20, True), ([2.0] * 20 + [3.0] * 10, False), ([3.0] * 9 + [1.0], True)],
)
def test_weights_are_worth_keeping_if_the_loss_has_not_risen(losses, expected):
    assert settled(losses) is expected


@pytest.mark.parametrize(
    ("losses", "expected"),
    [
        ([2.0] * GOOD_EVERY, False),
        ([2.2] * GOOD_EVERY, True),  # no spike, but all are more than a spread of 0.15 above 2.0
        ([2.1] * GOOD_EVERY, False),
        ([2.4] * 10 + [2.0] * 10, True),
        ([9.0] * GOOD_EVERY + [2.0] * GOOD_EVERY, False),  # the newest have come down
    ],
)
def test_losses_stay_high_as_a_whole(losses, expected):
    assert stays_high(losses, STEADY) is expected


def test_nothing_is_high_against_a_few_losses():
    assert not stays_high([9.0] * GOOD_EVERY, [2.0] * (MIN_HISTORY - 1)) and stays_high(
        [9.0] * GOOD_EVERY, [2.0] * MIN_HISTORY
    )


def watched(losses, watch=None):
    watch = watch or GuardState()
    for loss in losses:
        watch.update(numbers(loss))
    return watch


@pytest.mark.parametrize(
    ("losses", "expected"),
    [
        ([2.0] * GOOD_EVERY, True),
        ([2.0] * (GOOD_EVERY - 1), False),
        ([2.0] * (GOOD_EVERY + 1), False),
        ([2.0] * 30 + [3.0] * 10, False),  # at the right step, but the loss has risen
    ],
)
def test_good_weights_are_kept_every_so_many_steps_that_counted(losses, expected):
    assert watched(losses).is_good() is expected


def test_a_few_losses_are_forgotten_once_more_are_known():
    """Lower ones, too: nothing is held against so few."""
    assert watched([1.0] * 3).roll_back(GuardState()).roll_back(watched(STEADY)).reference == STEADY


def test_after_going_back_the_losses_are_held_against_those_of_the_good_weights():
    good = watched(STEADY)
    back = watched([3.5] * 20, watched(STEADY)).roll_back(good)
    assert (back.losses, back.reference, back.steps, back.skipped) == (STEADY, STEADY, 0, [])
    assert watched([2.5] * (GOOD_EVERY - 1), back).find_fault(numbers(2.5), 60, GUARDS) == "loss stays high"


@pytest.mark.parametrize(
    ("low", "high", "fault"),
    [
        (0, GOOD_EVERY, "loss stays high"),
        (0, GOOD_EVERY - 1, None),  # too soon to tell
        (GOOD_EVERY, 0, None),
        (PROBATION - GOOD_EVERY, GOOD_EVERY, "loss stays high"),
        (PROBATION, GOOD_EVERY, None),  # it has been low for long
    ],
)
def test_it_rolls_back_again_if_the_loss_does_not_come_down(low, high, fault):
    *losses, last = [2.0] * low + [2.5] * high
    assert watched(losses, GuardState().roll_back(watched(STEADY))).find_fault(numbers(last), 60, GUARDS) == fault


def test_losses_that_stay_high_are_no_fault_where_it_never_went_back():
    assert watched([2.5] * (GOOD_EVERY - 1 - MIN_HISTORY), watched(STEADY)).find_fault(numbers(2.5), 20, GUARDS) is None


def test_weights_are_not_good_until_going_back_has_helped():
    back = GuardState().roll_back(watched(STEADY))
    assert [step for step in range(1, PROBATION + 1) if watched([2.0], back).is_good()] == [PROBATION]


def test_tries_are_counted_on_end():
    good = watched(STEADY)
    once = GuardState().roll_back(good)
    twice = watched([2.5] * 5, once).roll_back(good)
    later = watched([2.0] * PROBATION, twice).roll_back(good)
    assert (once.attempts, twice.attempts, later.attempts) == (1, 2, 1)


def test_going_back_twice_allows_for_no_more_than_going_back_once():
    once = watched([]).roll_back(watched(STEADY))
    assert once.roll_back(watched([2.2] * 20)).reference == STEADY
    assert once.roll_back(watched([1.0] * 20)).reference == [1.0] * 20


def test_going_back_to_the_first_weights_keeps_what_is_known_of_the_losses():
    assert watched(STEADY).roll_back(GuardState()).losses == STEADY


def test_every_fault_has_its_verdict():
    assert ACTIONS == {
        "not finite": "skip batch",
        "not finite again": "roll back",
        "loss spike": "roll back",
        "loss stays high": "roll back",
        "exploding gradient": "roll back",
        "vanishing gradient": "alert",
        "frozen layer": "alert",
        "out of memory": "halve micro-batch",
        "figure above its limit": "stop",
    }


@pytest.mark.parametrize(
    ("step", "fault"),
    [
        (numbers(), None),
        (numbers(loss=4.5), "loss spike"),
        (numbers(norm=10.5), "exploding gradient"),
        (numbers(norm=9.5), None),
        (numbers(loss=4.5, norm=99.0), "loss spike"),
        (numbers(loss=math.inf), "not finite"),
        (numbers(loss=math.nan), "not finite"),
        (numbers(norm=math.nan), "not finite"),
        (numbers(loss=-math.inf), "not finite"),
    ],
)
def test_the_fault_of_a_step(step, fault):
    watch = GuardState()
    for loss in STEADY:
        watch.update(numbers(loss, norm=1.0 + 0.01 * loss))
    assert watch.find_fault(step, 20, GUARDS) == fault


def test_repeated_non_finite_steps_are_a_separate_fault():
    watch = GuardState(skipped=[3, 10])
    assert watch.find_fault(numbers(math.nan), 20, GUARDS) == "not finite again"
    assert watch.find_fault(numbers(math.nan), 70, GUARDS) == "not finite"


def test_at_first_only_what_is_not_finite_is_known_to_be_wrong():
    watch = GuardState()
    assert watch.find_fault(numbers(1e6, 1e6), 0, GUARDS) is None and watch.find_fault(numbers(math.nan), 0, GUARDS)


def test_an_alert_is_reported_once_until_it_has_passed():
    watch, reported = GuardState(), []
    for step in range(3 * FROZEN_STEPS):
        norm = 0.0 if step != 2 * FROZEN_STEPS - 10 else 1.0
        reported += [(step, *new) for new in watch.update(numbers(still=norm, moving=1.0))]
    assert reported == [(FROZEN_STEPS - 1, "frozen layer", "still"), (3 * FROZEN_STEPS - 10, "frozen layer", "still")]


@pytest.mark.parametrize(
    ("wrong", "message"), [({"spike_factor": 1.0}, "above 1"), ({"max_rollbacks": -1}, "negative")]
)
def test_senseless_settings_are_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        Stability(**wrong)


NOTHING_LEFT = [0.001, 0.002, 0.001, 0.004, 0.001, 0.002, 0.001, 0.003]


@pytest.mark.parametrize(
    ("step", "fault"),
    [
        (numbers(loss=0.4, norm=0.9), None),  # 270 times the median loss, 600 times the median norm
        (numbers(loss=2 * LEAST_LOSS + 0.01, norm=0.9), "loss spike"),
        (numbers(loss=0.4, norm=10 * LEAST_NORM + 0.01), "exploding gradient"),
    ],
)
def test_where_all_is_learnt_a_hard_sample_is_no_fault(step, fault):
    watch = GuardState()
    for loss in NOTHING_LEFT:
        watch.update(numbers(loss, norm=loss))
    assert watch.find_fault(step, 20, GUARDS) == fault


def test_where_all_was_learnt_a_few_hard_samples_do_not_stay_high():
    assert not stays_high([0.001] * 15 + [0.4] * 5, NOTHING_LEFT)
    assert stays_high([LEAST_LOSS + 0.01] * GOOD_EVERY, NOTHING_LEFT)


def test_a_fresh_window_forgets_losses_and_norms_and_nothing_else():
    before = GuardState([1.0], [2.0], [-3], {"a": 4}, ["frozen layer a"], 5, [6.0], 7)
    assert before.fresh() == GuardState([], [], [-3], {"a": 4}, ["frozen layer a"], 5, [], 0)
