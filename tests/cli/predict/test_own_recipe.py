"""`tailwise predict` for a recipe outside the package: sequences, a head a position, a table of songs."""

import csv
import importlib
import io
import sys
from pathlib import Path

import pytest

from support.own_recipe import RECIPE, SCORES
from tailwise.cli.main import main
from tailwise.engine.checkpoint.weights import write_tensors


@pytest.fixture
def songs(folder, monkeypatch):
    """A package `own`, its weights file and a table of songs in the working folder."""
    (folder / "own").mkdir()
    (folder / "own/recipe.py").write_text(RECIPE)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.delitem(sys.modules, "own.recipe", raising=False)
    monkeypatch.delitem(sys.modules, "own", raising=False)
    write_tensors(Path("w"), {"scores.weight": SCORES}, {"recipe": "songs", "classes": ["falls", "stays", "rises"]})
    Path("songs.csv").write_text("b,0 2 1\nempty,\na,3\n")


def predict(*more) -> int:
    return main(["predict", "--recipe", "own", "--table", "songs.csv", "--weights", "w", *more])


def test_a_sequence_is_a_row_a_position(songs, capsys):
    assert predict() == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [(row["song"], row["position"], row["tag"]) for row in rows] == [
        ("b", "0", "falls"),
        ("b", "1", "rises"),
        ("b", "2", "stays"),
        ("a", "0", "falls"),
    ]
    expected = SCORES[3].softmax(dim=0).tolist()
    assert [float(rows[3][f"tag: {name}"]) for name in ("falls", "stays", "rises")] == pytest.approx(expected, abs=1e-6)
    assert list(rows[0]) == ["song", "position", "tag", "tag: falls", "tag: stays", "tag: rises"]


def test_as_text_each_position_is_a_line(songs, capsys):
    assert predict("--format", "text") == 0
    assert capsys.readouterr().out.splitlines()[:5] == [
        "song b",
        "tag:",
        "    0  1.000  falls",
        "    1  1.000  rises",
        "    2  1.000  stays",
    ]


def test_a_recipe_may_replace_a_shared_format_which_is_then_its_default_too(songs, capsys, monkeypatch):
    sys.path.insert(0, str(Path.cwd()))
    recipe = importlib.import_module("own.recipe").RECIPE
    own = {"csv": lambda predictions, inputs: "".join(f"{one.name}\t\x07\n" for one in predictions)}
    monkeypatch.setattr(recipe, "formats", lambda: own, raising=False)
    for more in ((), ("--format", "csv")):
        assert predict(*more) == 0 and capsys.readouterr().out == "b\t\\u0007\na\t\\u0007\n"


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--format", "official"], "--format official is unknown; there are: text, csv"),
        (["--recipe", "tailwise.recipes.fouls"], "w: written by the recipe 'songs', not by fouls of --recipe"),
    ],
)
def test_a_missing_recipe_method_is_one_line(songs, capsys, arguments, line):
    assert predict(*arguments) == 1
    assert capsys.readouterr().err == f"tailwise: {line}\n"


def test_the_weights_file_alone_can_name_no_other_module(songs, capsys):
    """Nor does it run one: the package `own` is known to nobody but the user."""
    assert main(["predict", "--table", "songs.csv", "--weights", "w"]) == 1
    error = capsys.readouterr().err
    known = "known recipes: actions, fouls, logos, sections; see --recipe"
    assert error == f"tailwise: w: written by the unknown recipe 'songs'; {known}\n"
    assert "own.recipe" not in sys.modules
