"""Batch prediction of other recipes than images: sequences, and one outside the package."""

import csv
import json
import sys
from pathlib import Path

import pytest

from support.exporting import write_weights
from tailwise.cli.main import main

LYRICS = "first line of it\nsecond line here\n\nla la la la\nla la la la\n"


def rows_of(file) -> list[dict]:
    with open(file, encoding="utf8", newline="") as text:
        return list(csv.DictReader(text))


def test_a_song_is_one_row_with_a_value_a_line(folder):
    Path("songs/more").mkdir(parents=True)
    Path("songs/one.txt").write_text(LYRICS)
    Path("songs/more/two.txt").write_text(LYRICS * 2)
    Path("songs/more/empty.txt").write_text("")
    Path("songs/.hidden.txt").write_text(LYRICS)
    write_weights(Path("w"), "sections")
    options = "--weights w --out out --workers 1 --merge all.csv"
    assert main(["predict-batch", "songs", *options.split()]) == 0
    empty, two, one = rows_of("all.csv")
    assert [row["path"] for row in (empty, two, one)] == ["more/empty.txt", "more/two.txt", "one.txt"]
    assert empty["error"].startswith("more/empty.txt") and not empty["section"]
    assert main(["predict", "songs/one.txt", "--weights", "w", "--format", "csv", "--out", "one.csv"]) == 0
    lines = rows_of("one.csv")
    assert json.loads(one["section"]) == [line["section"] for line in lines] and len(lines) == 4
    likely = [float(line["section: chorus"]) for line in lines]
    assert json.loads(one["section: chorus"]) == pytest.approx(likely, abs=2e-6)
    assert len(json.loads(two["section"])) == 8


def test_a_recipe_outside_the_package_reads_paths_too(folder, monkeypatch):
    from support.own_recipe import RECIPE, SCORES
    from tailwise.engine.checkpoint.weights import write_tensors

    Path("own").mkdir()
    Path("own/recipe.py").write_text(RECIPE.replace("args.table.read_text()", "args.paths[0].read_text()"))
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.delitem(sys.modules, "own.recipe", raising=False)
    monkeypatch.delitem(sys.modules, "own", raising=False)
    write_tensors(Path("w"), {"scores.weight": SCORES}, {"recipe": "songs", "classes": ["falls", "stays", "rises"]})
    Path("in").mkdir()
    Path("in/a.txt").write_text("a,0 2 1\n")
    Path("in/b.txt").write_text("b,\n")
    options = "--recipe own --weights w --out out --workers 1"
    assert main(["predict-batch", "in", *options.split()]) == 0
    first, second = rows_of("out/shard-000000.csv")
    assert json.loads(first["tag"]) == ["falls", "rises", "stays"] and second["error"] == "cannot be used"
