"""Measures of pixels follow what they are named after, and not the size or the margin of a picture."""

from functools import partial

import numpy as np
import pytest

from support.images.encoding import encoded, svg, two_halves
from support.images.openers import killing
from tailwise.core.errors import UserError
from tailwise.recipes.logos.properties.pixels import MEASURES, measure
from tailwise.recipes.logos.properties.table import measure_file, measure_files, read_measures, write_measures

FLAT = '<circle cx="50" cy="25" r="22" fill="#c01030"/>'
SHADED = (
    '<defs><linearGradient id="g"><stop stop-color="#c01030"/><stop offset="1" stop-color="#10c0f0"/></linearGradient>'
    '</defs><circle cx="50" cy="25" r="22" fill="url(#g)"/>'
)
ROW = "".join(f'<rect x="{5 + 12 * n}" y="15" width="5" height="20" fill="#102080"/>' for n in range(7))
MANY = "".join(
    f'<rect x="{11 * n}" y="{5 * (n % 4)}" width="7" height="{10 + 4 * (n % 3)}" fill="#{n:x}f{9 - n:x}"/>'
    for n in range(9)
)


def of(body: str, attributes: str = 'viewBox="0 0 100 50"') -> dict[str, float]:
    return dict(zip(MEASURES, measure_file(svg(body, attributes))))


@pytest.mark.parametrize(
    ("name", "less", "more"),
    [
        ("gradient", FLAT, SHADED),
        ("gradient_area", FLAT, SHADED),
        ("shades", FLAT, SHADED),
        ("colours", FLAT, MANY),
        ("colour_entropy", ROW, MANY),
        ("parts", FLAT, ROW),
        ("crossings_across", FLAT, ROW),
        ("line_share", MANY, ROW),
        ("aspect", FLAT, ROW),
        ("edges", FLAT, ROW),
        ("stroke", ROW, FLAT),
        ("holes", FLAT, FLAT + '<circle cx="50" cy="25" r="9" fill="#fff"/>'),
    ],
)
def test_a_measure_grows_with_what_it_is_named_after(name, less, more):
    assert of(less)[name] < of(more)[name]


def test_flat_ink_has_no_gradient():
    for body in (FLAT, ROW, MANY):
        assert of(body)["gradient_area"] < 0.01 < 0.8 < of(SHADED)["gradient_area"]


def test_margins_and_size_change_little():
    plain, wide = of(SHADED), of(SHADED, 'viewBox="-100 -50 300 200"')
    for name in ("gradient", "ink", "aspect", "parts", "stroke"):
        assert plain[name] == pytest.approx(wide[name], abs=0.35)


def test_a_white_logo_is_measured_on_black():
    assert of(FLAT.replace("#c01030", "#fff"))["ink"] == pytest.approx(of(FLAT)["ink"], abs=0.04)


@pytest.mark.parametrize("shape", [(4, 4), (64, 1), (1, 64), (200, 30)])
@pytest.mark.parametrize("fill", ["same", "noise"])
def test_every_picture_has_finite_measures(shape, fill):
    noise = np.random.default_rng(1).integers(0, 256, (*shape, 3)).astype(np.uint8)
    found = measure(noise if fill == "noise" else np.full((*shape, 3), 255, np.uint8))
    assert found.shape == (len(MEASURES),) and np.isfinite(found).all()


def test_files_that_cannot_be_measured_are_named_with_the_reason(tmp_path):
    for name in ("1.png", "2.png", "3.png"):
        (tmp_path / name).write_bytes(encoded(two_halves(), "PNG"))
    (tmp_path / "4.png").write_bytes(b"x")
    measured, faults = measure_files(["1.png", "2.png", "3.png", "4.png", "5.png"], partial(killing, tmp_path), 1)
    assert list(measured) == ["1.png", "2.png"] and faults["3.png"] == "crashed: SIGSEGV"
    assert faults["4.png"].startswith("unknown format") and faults["5.png"] == "absent"


def test_a_table_of_measures_is_read_as_written(tmp_path):
    measured = {"a": np.arange(len(MEASURES)) / 4, "b": np.ones(len(MEASURES))}
    write_measures(tmp_path / "m.csv", measured)
    found = read_measures(tmp_path / "m.csv")
    assert list(found) == ["a", "b"] and (found["a"] == measured["a"]).all()
    (tmp_path / "m.csv").write_text("sample,colours\na,1\n")
    with pytest.raises(UserError, match=r"m\.csv: needs a column for each measure"):
        read_measures(tmp_path / "m.csv")
