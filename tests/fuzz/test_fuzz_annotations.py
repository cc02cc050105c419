"""Corrupted annotations: the stage lists the clips, or refuses in one line that names the file."""

import json
from pathlib import Path

from hypothesis import given
from spoil import broken, check_one_line, index_params, run_stage, spoiled

from support.fouls import every_class, write_data_set

PARAMS = index_params({"root": "raw", "leaks": "warn", "reader": {"kind": "soccernet"}})
FOULS = {str(number): foul for number, foul in enumerate(every_class())}
TREE = {"Set": "train", "Number of actions": len(FOULS), "Actions": FOULS}
for number, foul in FOULS.items():
    for clip in foul["Clips"]:
        clip["Url"] = clip["Url"].replace("{folder}", f"Dataset/Train/action_{number}")


def index(content: bytes) -> tuple[int, str]:
    """`index` with this as the annotations of the training split."""

    def fill():
        write_data_set(Path("raw"))
        Path("raw/Train/annotations.json").write_bytes(content)
        Path("params.yaml").write_text(PARAMS)

    return run_stage("index.py", "tailwise.recipes.fouls", fill=fill)


def test_the_intact_file_is_accepted():
    assert index(json.dumps(TREE).encode()) == (0, "")


@given(spoiled(TREE))
def test_corrupted_fields(tree):
    check_one_line(*index(json.dumps(tree).encode()), ("annotations.json", "raw: "))


@given(broken(json.dumps(TREE).encode()))
def test_a_broken_file(content):
    check_one_line(*index(content), ("annotations.json", "raw: "))
