"""The tables of logos: what they say, and that no picture is on both sides of a split, however it is stored."""

import io
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from support.images.logos import logo, write_class, write_splits
from tailwise.core.errors import UserError
from tailwise.data.images.canvas import over, read_picture
from tailwise.data.tables.partition import Split
from tailwise.recipes.logos.index import COLUMNS, index
from tailwise.recipes.logos.readers.images import ImageFiles
from tailwise.recipes.logos.source import Source

FOLDERS = ImageFiles("images", groups="brand")
pytestmark = pytest.mark.usefixtures("inline")


def as_jpeg(content: bytes) -> bytes:
    """The same picture in another size and format."""
    image = over(read_picture(content, 200).pixels, (255, 255, 255)).resize((150, 75), Image.Resampling.LANCZOS)
    file = io.BytesIO()
    image.save(file, "JPEG", quality=90)
    return file.getvalue()


@pytest.fixture
def root(tmp_path):
    return write_splits(tmp_path / "logos")


def source(root: Path, **changes) -> Source:
    return replace(Source(str(root), "refuse", FOLDERS), **changes)


def test_each_split_has_a_table_of_its_logos(root):
    found = index(source(root))
    assert found.index.heads == {"kind": ("simple", "text")} and not found.leaks and not found.warnings
    for split, rows in found.index.rows.items():
        assert list(rows) == list(COLUMNS) and len(rows) == 8
        assert rows["path"].str.startswith(split.title()).all() and (rows["content"].str.len() == 64).all()
        assert set(rows["kind"]) == {"simple", "text"}


@pytest.mark.parametrize("leaks", ["refuse", "warn"])
@pytest.mark.parametrize("change", [bytes, as_jpeg])
def test_a_picture_in_two_splits_is_a_leak_also_in_another_size_and_format(root, change, leaks):
    (root / "Test/text/other-1.png").write_bytes(change(logo(0)))
    if leaks == "refuse":
        with pytest.raises(UserError, match=r"Test/text/other-1\.png"):
            index(source(root))
    else:
        (leak,) = index(source(root, leaks="warn")).leaks
        assert leak.crosses and leak.split == "test" and "Train/simple/brand0-0.svg" in leak.text


def test_a_brand_in_two_splits_is_a_leak(root):
    (root / "Test/text/brand0-7.svg").write_bytes(logo(99))
    with pytest.raises(UserError, match="the group 'brand0' is in train"):
        index(source(root))


def test_drawn_splits_keep_brands_and_near_duplicates_together(tmp_path):
    for place, kind in enumerate(("simple", "text", "complex")):
        write_class(tmp_path / kind, range(40 * place, 40 * place + 40))
    for seed in range(0, 40, 4):
        (tmp_path / "complex" / f"copy{seed}-0.png").write_bytes(as_jpeg(logo(seed)))
    reader = ImageFiles("images", groups="brand", split=Split(0.25, 0.25, 1))
    rows = index(source(tmp_path, reader=reader)).index.rows
    where = {path: split for split, of_split in rows.items() for path in of_split["path"]}
    assert len(where) == 130 and set(where.values()) == {"train", "valid", "test"}
    for seed in range(0, 40, 2):
        assert where[f"simple/brand{seed // 2}-0.svg"] == where[f"simple/brand{seed // 2}-1.svg"]
    for seed in range(0, 40, 4):
        assert where[f"simple/brand{seed // 2}-0.svg"] == where[f"complex/copy{seed}-0.png"]


def test_pictures_that_cannot_be_used_stay_and_are_counted(root):
    (root / "Train/text/bad-1.png").write_bytes(b"nothing")
    (root / "Train/text/bad2-1.png").write_bytes(b"")
    found = index(source(root)).index
    assert len(found.rows["train"]) == 10
    assert found.notes["train"] == ["pictures that cannot be used, which the stage prepare lists: 2"]


def test_too_few_logos_to_draw_splits(tmp_path):
    write_class(tmp_path / "simple", range(2))
    with pytest.raises(UserError, match="too few logos to draw splits"):
        index(source(tmp_path, reader=ImageFiles("images", split=Split(0.2, 0.2, 1))))


def test_a_class_that_cannot_be_learned_is_refused(root):
    write_class(root / "Valid/gradient", range(100, 102))
    with pytest.raises(UserError, match="'gradient' has no training sample, it is in valid"):
        index(source(root))


def test_a_root_that_is_not_there(tmp_path):
    with pytest.raises(UserError, match="no such folder"):
        index(source(tmp_path / "absent"))
    with pytest.raises(ValueError, match="root must name a folder"):
        Source("", "refuse", FOLDERS)
