"""What more data gives, from curves that are made by hand."""

import numpy as np
import pytest
from scipy.stats import t as student

from support.compare.made import revision
from tailwise.compare.analysis import choose_figures
from tailwise.compare.doubling import SHARE, curve_of, doubling_notes, per_doubling
from tailwise.compare.rows import make_rows


def rows_of(values: dict[float, list[float]], **more):
    """Rows of shares: of each a value a seed; `more` {share: other params}."""
    return make_rows(
        [
            revision(f"{share}-{seed}", seed, {SHARE: share, **more.get(str(share), {})}, (value, value))
            for share, of_share in values.items()
            for seed, value in enumerate(of_share, start=1)
        ]
    )


CURVE = {1.0: [0.70, 0.72, 0.71], 0.5: [0.65, 0.66, 0.66], 0.25: [0.50, 0.52, 0.51]}


def test_a_doubling_is_the_slope_over_the_logarithm_with_an_interval_over_seeds():
    rows = rows_of(CURVE)
    figure = next(each for each in choose_figures(rows, []) if each.name == "tag.macro_recall")
    found = per_doubling(curve_of(rows), figure, [1.0, 0.5, 0.25])
    slopes = [(top - low) / 2 for top, low in zip(CURVE[1.0], CURVE[0.25])]  # of three points in line on the axis
    assert found.mean == pytest.approx(np.mean(slopes)) and found.count == 3
    half = student.ppf(0.975, 2) * np.std(slopes, ddof=1) / np.sqrt(3)
    assert found.half == pytest.approx(half)
    last = per_doubling(curve_of(rows), figure, [1.0, 0.5])
    assert last.mean == pytest.approx(np.mean([0.05, 0.06, 0.05]))


def test_the_notes_name_the_shares_and_both_slopes():
    rows = rows_of(CURVE)
    first, *lines = doubling_notes(rows, choose_figures(rows, []))
    assert first == "learning curve of 0.25, 0.5, 1 of the training groups:"
    assert any("+0.100 ± 0.000 a doubling; from 0.5 to 1 +0.053 ± 0.014 a doubling" in line for line in lines)


def test_only_seeds_of_all_shares_count_and_one_has_no_interval():
    rows = rows_of({1.0: [0.7, 0.9], 0.5: [0.6]})
    figure = choose_figures(rows, [])[0]
    found = per_doubling(curve_of(rows), figure, [1.0, 0.5])
    assert found.count == 1 and found.half is None and found.mean == pytest.approx(0.1)


@pytest.mark.parametrize(
    "rows", [rows_of({1.0: [0.7]}), rows_of({1.0: [0.7], 0.5: [0.6]}, **{"0.5": {"rate": 2}})], ids=["one", "others"]
)
def test_rows_of_anything_else_are_no_curve(rows):
    assert list(doubling_notes(rows, choose_figures(rows, []))) == []
