"""Corrupted tables of a user's clips: listed, or refused in one line that names the file."""

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from spoil import broken, check_one_line, index_params, run_stage, spoiled

NAMES = ["labels.csv", "raw: ", "params.yaml"]
DRAWN = {"valid": 0.25, "test": 0.25, "seed": 1}
SPLITS = ("train", "train", "train", "train", "valid", "valid", "test", "test")
HEADER = ["sample", "view", "group", "split", "path", "outcome", "foot", "weather"]
ROWS = [
    [f"s{i // 2}", str(i % 2), f"g{i // 4}", SPLITS[i // 4], f"{i}.mp4", "hit" if i & 2 else "miss", "left", "dry"]
    for i in range(32)
]


def text(rows: list[list]) -> bytes:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue().encode("utf8", "surrogatepass")


def without_split(rows: list[list]) -> list[list]:
    return [[cell for cell, name in zip(row, HEADER) if name != "split"] for row in rows]


def index(content: bytes, split: dict | None = None, heads=("outcome",)) -> tuple[int, str]:
    def fill():
        Path("raw").mkdir()
        Path("raw/labels.csv").write_bytes(content)
        reader = {"kind": "table", "file": "labels.csv", "heads": list(heads), "split": split}
        data = {"root": "raw", "leaks": "warn", "reader": reader}
        Path("params.yaml").write_text(index_params(data))

    return run_stage("index.py", "tailwise.recipes.fouls", fill=fill)


@pytest.mark.parametrize("split", [None, DRAWN])
def test_the_intact_table_is_accepted(split):
    rows = without_split([HEADER, *ROWS]) if split else [HEADER, *ROWS]
    assert index(text(rows), split) == (0, "")


@given(spoiled([HEADER, *ROWS]))
def test_corrupted_cells(rows):
    rows = [row if isinstance(row, list) else [row] for row in rows]
    check_one_line(*index(text(rows)), NAMES)


@given(broken(text([HEADER, *ROWS])))
def test_a_broken_file(content):
    check_one_line(*index(content), NAMES)


@given(broken(text(without_split([HEADER, *ROWS]))), st.sampled_from([("outcome",), ("outcome", "weather")]))
def test_a_broken_file_whose_splits_are_drawn(content, heads):
    check_one_line(*index(content, DRAWN, heads), NAMES)
