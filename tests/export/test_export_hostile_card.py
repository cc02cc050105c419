"""A card from elsewhere imports nothing but tailwise and the package of the user's own --recipe."""

import sys
from types import SimpleNamespace

import pytest

from tailwise.core.errors import UserError
from tailwise.core.heads import Head
from tailwise.export.run import predictor
from tailwise.export.run.folder import parse_card
from tailwise.export.write.pages import TEMPLATES

MODULE = """
from dataclasses import dataclass
from pathlib import Path

Path("imported").touch()


@dataclass(frozen=True)
class Thing:
    size: int
"""


@pytest.fixture
def reading(folder, monkeypatch):
    """What a card that names itself as the recipe's package is read by, for a --recipe."""
    (folder / "evil_things").mkdir()
    (folder / "evil_things/things.py").write_text(MODULE)
    monkeypatch.syspath_prepend(str(folder))
    card = {
        "recipe": "logos",
        "package": "evil_things",
        **dict.fromkeys(("format", "file", "sha256"), "onnx"),
        "heads": [{"name": "kind", "classes": ["a", "b"]}],
        "inputs": [{"name": "image", "dtype": "uint8", "dims": ["batch", 3]}],
        "outputs": ["kind"],
        "largest": {},
        "reading": {"canvas": {"kind": "evil_things.things.Thing", "value": {"size": 3}}},
        "calibration": {},
    }
    opened = parse_card(card, folder / "card.json"), SimpleNamespace()
    monkeypatch.setattr(predictor, "open_folder", lambda *given: opened)
    yield lambda package: predictor.load_exported(folder, "cpu", package)[1]
    for name in [name for name in sys.modules if name.startswith("evil_things")]:
        del sys.modules[name]


@pytest.mark.parametrize("package", [None, "", "tailwise.recipes.logos", "evil", "things"])
def test_the_package_of_a_card_is_not_imported(reading, folder, package):
    with pytest.raises(UserError, match="no dataclass of tailwise or of --recipe"):
        _ = reading(package).canvas
    assert not (folder / "imported").exists() and not any(name.startswith("evil_things") for name in sys.modules)


def test_that_of_the_users_recipe_is(reading, folder):
    found = reading("evil_things.recipes")
    assert found.canvas.size == 3 and found.heads == (Head("kind", ("a", "b")),)
    assert (folder / "imported").exists()


def test_the_guide_does_not_run_python_inside_the_folder():
    assert "--model ." not in (TEMPLATES / "INTEGRATION.md").read_text()
