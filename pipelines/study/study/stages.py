"""The stages of the root's dvc.yaml that train and evaluate, run in a folder of their own."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from study.effective import PHASES
from study.settings import ROOT, Dataset
from tailwise.core.params.config import read_params
from tailwise.core.stage.chain import Chain
from tailwise.recipes.phases import NO_TEACHER

GIVEN = ("data/clips", "data/index", "reports/classes.json", "data/checked.txt")
"""What is there before: the stages that make it are left out."""


def chain(recipe: str, params: Mapping[str, Any]) -> Chain:
    """The stages of a cell. They come from the root's dvc.yaml, so that one which the default gains is part of all."""
    inputs = {
        phase: {"inputs": params.get(phase, {}).get("inputs", "clips"), "teacher": NO_TEACHER} for phase in PHASES
    }
    code = (ROOT / "src", Path(__file__).resolve().parents[1])
    values = {**read_params(ROOT / "params.yaml"), **inputs, "recipe": recipe}
    return Chain(ROOT / "dvc.yaml", values, GIVEN, "evaluate", code)


def prepare(folder: Path, dataset: Dataset, params: dict) -> None:
    """Fill a cell's folder: its params.yaml, and links to the data."""
    (folder / "data").mkdir(parents=True)
    (folder / "reports").mkdir()
    for link, target in (
        ("data/clips", dataset.clips),
        ("data/index", dataset.index),
        ("reports/classes.json", dataset.classes),
    ):
        (folder / link).symlink_to(Path(target).resolve())
    (folder / "params.yaml").write_text(yaml.safe_dump(params, sort_keys=False), encoding="utf8")
