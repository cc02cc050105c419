"""The table and the plot of an ablation: hand-made cells and what is said of them."""

import dataclasses

import pytest

from tailwise.ablation.plan import Ablation, Figure, Row
from tailwise.ablation.plot import draw
from tailwise.ablation.tables import Line, markdown, spread

FIGURES = {"macro_f1": Figure("macro F1", "a"), "boundary_f1": Figure("boundary F1", "b")}
ROWS = {name: Row(f"label of {name}") for name in ("default", "x")}
PLAN = Ablation("Parts", 3, "evaluate", ["phase1"], {}, FIGURES, ["macro_f1", "boundary_f1"], ROWS)


def line(name: str, boundary: dict[int, float], macro: float = 0.8, seconds: float = 30) -> Line:
    of_seed = {
        seed: {"macro_f1": macro, "boundary_f1": value, "cpu_seconds": seconds} for seed, value in boundary.items()
    }
    return Line(name, f"label of {name}", of_seed, 1200)


def test_differences_are_of_the_seeds_that_both_have():
    default, other = line("default", {1: 0.9, 2: 0.8}), line("x", {2: 0.85, 3: 0.1})
    assert other.minus(default, "boundary_f1").mean == pytest.approx(0.05)
    text = markdown(PLAN, [default, other])
    assert "| label of x | 1 | +0.000 | +0.050 |" in text
    assert "- x: seed 1\n" in text and "- default: seed 3\n" in text
    assert "0.850 ± 0.071" in text and "† |" not in text and text.startswith("# Parts\n")


def test_an_interval_is_of_paired_differences():
    default, other = line("default", {1: 0.9, 2: 0.8, 3: 0.7}), line("x", {1: 0.92, 2: 0.81, 3: 0.73})
    assert "| label of x | 3 | +0.000 ± 0.000 | +0.020 ± 0.025 |" in markdown(PLAN, [default, other])


def test_a_figure_that_a_row_has_not_is_left_empty():
    default, other = line("default", {1: 0.9}), Line("x", "label of x", {1: {"macro_f1": 0.5, "boundary_f1": None}})
    assert "| label of x | 1 | -0.300 |  |" in markdown(PLAN, [default, other])


def test_a_fallback_is_marked():
    other = dataclasses.replace(line("x", {1: 0.9}), fallback=True)
    assert "| label of x † |" in markdown(PLAN, [line("default", {1: 0.9}), other])


def test_spread_of_one_value_is_the_value():
    assert (spread([], 3), spread([0.5], 3), spread([1.0, 3.0], 1)) == ("", "0.500", "2.0 ± 1.4")


def test_the_plot_has_the_same_bytes_each_time(tmp_path):
    lines = [line("default", {1: 0.9, 2: 0.85}), line("x", {1: 0.7}, seconds=90)]
    for name in ("a.png", "b.png"):
        draw(PLAN, lines, tmp_path / name)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    untimed = dataclasses.replace(lines[0], of_seed={1: {"macro_f1": 0.8, "boundary_f1": 0.9}})
    draw(PLAN, [untimed, lines[1]], tmp_path / "c.png")  # one row is left, which has nothing to be compared with
    assert not (tmp_path / "c.png").exists()
