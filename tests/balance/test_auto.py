"""Rules for `auto`, checked against hand-written tables and their properties."""

import math
from pathlib import Path

import pytest

from tailwise.balance.auto import Choice, Facts, OpenBalanced, choose, epochs, lr, max_ratio
from tailwise.core.files import read_json
from tailwise.core.params.config import read_params
from tailwise.recipes.recipe import load_recipe

ROOT = Path(__file__).parents[2]
SECTION = {
    "max_weight": 2.0,
    "samples": {"kind": "balanced", "max_ratio": "auto"},
    "train": {"epochs": "auto", "lr": "auto", "clip": 1.0},
}
LABELS = {"action": ["A"] * 90 + ["B"] * 10, "severity": ["x"] * 50 + ["y"] * 50}
FACTS = Facts({"action": {"A": 90, "B": 10}, "severity": {"x": 50, "y": 50}}, LABELS, 16, 4e-3)


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ({"a": {"x": 5, "y": 5}}, 1.0),
        ({"a": {"x": 400, "y": 100}}, 2.0),
        ({"a": {"x": 400, "y": 100}, "b": {"x": 450, "y": 50}}, 3.0),
        ({"a": {"x": 1000, "y": 7, "z": 50}}, 12.0),  # 11.95
        ({"a": {"x": 303, "y": 8}, "b": {"x": 393, "y": 8}}, 7.0),  # the demo; 7.01
    ],
)
def test_the_cap_is_the_root_of_the_largest_ratio_of_classes(counts, expected):
    assert max_ratio(counts) == expected


@pytest.mark.parametrize(
    ("draws", "batch_size", "expected"),
    [
        (700, 16, 23),  # 44 steps an epoch, 22.7
        (200, 16, 30),  # 13: 77 are too many
        (2319, 16, 7),  # the official data: 145, 6.9
        (100_000, 16, 5),  # 6250: 0.16 are too few
        (3200, 32, 10),
        (3201, 32, 10),
        (1, 16, 30),
        (0, 16, 30),
    ],
)
def test_epochs_make_a_thousand_steps_within_their_bounds(draws, batch_size, expected):
    assert epochs(draws, batch_size) == expected


@pytest.mark.parametrize(
    ("rate", "batch_size", "place", "expected"),
    [(4e-3, 16, 0, 4e-3), (4e-3, 64, 0, 8e-3), (4e-3, 4, 2, 5e-4), (1e-4, 16, 1, 5e-5), (1e-3, 32, 0, 1.4e-3)],
)
def test_the_rate_follows_the_root_of_the_batch_and_halves_by_phase(rate, batch_size, place, expected):
    assert lr(rate, batch_size, place) == expected


def test_all_auto_values_are_chosen_with_a_reason():
    """The cap 3 gives 30 draws at most of A, all 10 of B: 40, and so 3 steps an epoch."""
    chosen = choose(SECTION, 1, FACTS)
    assert {path: choice.value for path, choice in chosen.items()} == {
        "samples.max_ratio": 3.0,
        "train.epochs": 30,
        "train.lr": 2e-3,
    }
    assert chosen["samples.max_ratio"].why.startswith("the square root of 9.0,")
    assert chosen["train.epochs"].why == "3 steps each, 1000 wanted, within 5 and 30 epochs"
    assert chosen["train.lr"].why == "0.004 * sqrt(16 / 16) * 0.5^1"


def test_values_that_are_not_auto_stay():
    numbers = {"samples": {"kind": "all"}, "train": {"epochs": 3, "lr": 0.1}}
    assert choose(numbers, 0, FACTS) == {}
    one = choose({**numbers, "train": {"epochs": "auto", "lr": 0.1}}, 0, FACTS)
    assert one == {"train.epochs": Choice(30, "7 steps each, 1000 wanted, within 5 and 30 epochs")}


def test_epochs_follow_the_samples_that_the_phase_really_draws():
    facts = Facts(FACTS.counts, LABELS, 1, 4e-3)
    every = choose({"samples": {"kind": "all"}, "train": {"epochs": "auto"}}, 0, facts)
    often = choose({"samples": {"kind": "oversampled", "max_repeat": 9}, "train": {"epochs": "auto"}}, 0, facts)
    assert (every["train.epochs"].value, often["train.epochs"].value) == (10, 6)  # 100 draws, 90 + 9 * 10


def merged(values: dict, changes: dict) -> dict:
    """The values with those of a preset."""
    inner = {key: merged(values[key], change) for key, change in changes.items() if isinstance(change, dict)}
    return values | changes | inner


def test_on_the_demo_auto_is_near_the_planned_numbers():
    """Where each phase has a learning rate schedule of its own, as auto presumes."""
    base, planned = (read_params(ROOT / file) for file in ("params.yaml", "presets/planned.yaml"))
    params, counts = merged(base, planned), read_json(ROOT / "reports/classes.json")["train"]
    assert 0.5 < max_ratio(counts) / params["phase1"]["samples"]["max_ratio"] < 2
    rate, batch_size = load_recipe("tailwise.recipes.fouls").first_lr(params), params["training"]["batch_size"]
    for place, phase in enumerate(("phase1", "phase2", "phase3")):
        assert 0.4 < lr(rate, batch_size, place) / params[phase]["train"]["lr"] < 2.1
    assert 0.5 < epochs(700, batch_size) / params["phase2"]["train"]["epochs"] < 2


def test_a_cap_is_a_number_of_at_least_1_or_auto():
    assert OpenBalanced("balanced", "auto").max_ratio == "auto"
    with pytest.raises(ValueError, match="max_ratio must be at least 1, found 0.5"):
        OpenBalanced("balanced", 0.5)
    assert math.isclose(OpenBalanced("balanced", 8).max_ratio, 8)
