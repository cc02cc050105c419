"""The sheet of a class shows its logos and no other."""

import io
from functools import partial

import numpy as np
import pytest
from PIL import Image

from support.images.encoding import encoded
from support.images.openers import opener
from tailwise.core.errors import UserError
from tailwise.data.images.canvas import Canvas
from tailwise.data.images.store import build_store
from tailwise.recipes.logos.contact_sheet import GAP, contact_sheet


@pytest.fixture(scope="module")
def split(tmp_path_factory):
    """Twenty pictures of one colour, by number, of two classes."""
    root, rows = tmp_path_factory.mktemp("logos"), []
    for number in range(20):
        (root / f"{number:02}.png").write_bytes(encoded(Image.new("RGB", (8, 8), (10 * number, 0, 0)), "PNG"))
        name = f"{number:02}"
        rows.append({"sample": name, "group": name, "path": f"{name}.png", "content": name, "kind": "ab"[number % 2]})
    canvas = Canvas(8, "#ffffff", "pad")
    build_store(rows, partial(opener, root), canvas, root / "train", root / "cache", 1)
    return root / "train"


def reds(content: bytes, columns: int) -> list[int]:
    """The red of each cell, row by row."""
    sheet = np.asarray(Image.open(io.BytesIO(content)))
    return sheet[GAP :: 8 + GAP, GAP :: 8 + GAP, 0][:, :columns].ravel().tolist()


def test_all_logos_of_a_class_in_order(split):
    assert reds(contact_sheet(split, "b", columns=5), 5) == [10 * number for number in range(1, 20, 2)]


def test_of_more_than_fit_some_from_first_to_last(split):
    assert reds(contact_sheet(split, "a", columns=2, rows=2), 2) == [0, 60, 120, 180]


def test_the_same_bytes_each_time(split):
    assert contact_sheet(split, "a") == contact_sheet(split, "a")


def test_a_class_without_logos(split):
    with pytest.raises(UserError, match="no image of the class 'c'"):
        contact_sheet(split, "c")
