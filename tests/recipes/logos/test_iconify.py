"""The reader of icon sets: brands, classes from names and sources, and one line for each fault."""

import json
from collections import Counter
from dataclasses import replace

import pytest

from tailwise.core.errors import UserError
from tailwise.data.images.vector import read_vector
from tailwise.data.tables.partition import Split
from tailwise.recipes.logos.readers.iconify import Iconify
from tailwise.recipes.logos.readers.logo import Logo

READER = Iconify("iconify", Split(0.2, 0.1, 1))
SIMPLE = '<path fill="#f00" d="M0 0L50 0L50 50z"/>'
COMPLEX = "".join(f'<path fill="#{n}00" d="M{n} 0L50 0L50 50z"/>' for n in range(4))
GRADIENT = '<linearGradient id="a"><stop/></linearGradient>' + SIMPLE
ICONS = {
    "acme": {"body": SIMPLE, "width": 200},
    "acme-icon": {"body": GRADIENT},
    "bolt": {"body": COMPLEX},
    "cup": {"body": SIMPLE},
    "dim": {"body": SIMPLE, "hidden": True},
    "fox": {"body": GRADIENT, "width": 200},
    "fox-icon": {"body": SIMPLE},
    "wide": {"body": SIMPLE, "width": 200},
}


@pytest.fixture
def root(tmp_path):
    write(tmp_path, {"icons": ICONS, "width": 100, "height": 100, "prefix": "logos"})
    return tmp_path


def write(folder, found) -> None:
    (folder / "icons.json").write_text(json.dumps(found))


def test_classes_follow_from_names_and_sources(root):
    """What is hidden is left out; so is a wordmark with a gradient, and a wide picture that has no icon."""
    found = {logo.name: logo.kind for logo in READER.logos(root)}
    expected = {"acme": "text", "acme-icon": "gradient", "bolt": "complex", "cup": "simple", "fox-icon": "simple"}
    assert found == expected


def test_a_brand_has_its_wordmark_and_its_icon(root):
    logos = READER.logos(root)
    assert logos[0] == Logo("acme", "acme", "icons.json/acme.svg", "text")
    assert logos[1].group == "acme" and logos[-1].group == "fox"


def test_an_icon_is_read_as_a_picture_with_the_sizes_of_the_set(root):
    picture = read_vector(READER.read(root, "icons.json/acme.svg"), 64)
    assert (picture.width, picture.height) == (200, 100)
    assert picture.pixels.getpixel((14, 6)) == (255, 0, 0, 255)
    with pytest.raises(FileNotFoundError):
        READER.read(root, "icons.json/other.svg")


def test_a_class_may_be_limited_by_a_draw(tmp_path):
    icons = {f"{kind}{n}": {"body": body} for n in range(9) for kind, body in (("s", SIMPLE), ("g", GRADIENT))}
    write(tmp_path, {"icons": icons, "width": 100, "height": 100})
    few = replace(READER, per_class=4)
    names = [logo.name for logo in few.logos(tmp_path)]
    assert Counter(name[0] for name in names) == {"s": 4, "g": 4} and names == sorted(names)
    assert names == [logo.name for logo in few.logos(tmp_path)]
    other = replace(few, split=Split(0.2, 0.1, 2))
    assert names != [logo.name for logo in other.logos(tmp_path)]


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        ([], "has no icons"),
        ({"icons": {}}, "has no icons"),
        ({"icons": {"a": {}}}, "icon 'a': has no body"),
        ({"icons": {"a": {"body": SIMPLE, "width": "wide"}}}, "icon 'a': width must be a number"),
        ({"icons": {"a": {"body": "<"}}}, "none of 1 icons has a class"),
    ],
)
def test_files_of_another_form(tmp_path, found, reason):
    write(tmp_path, found)
    with pytest.raises(UserError, match=reason):
        READER.logos(tmp_path)


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(UserError, match="No such file"):
        READER.logos(tmp_path)
    (tmp_path / "icons.json").write_bytes(b"\xff{")
    with pytest.raises(UserError, match="not JSON in UTF-8"):
        READER.logos(tmp_path)


@pytest.mark.parametrize("wrong", [{"per_class": 0}, {"file": "../icons.json"}])
def test_params_that_cannot_be(wrong):
    with pytest.raises(ValueError, match="per_class|outside the data root"):
        replace(READER, **wrong)
