"""Computes a cell: runs the pipeline's own stages in a scratch folder, and measures what they leave."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from ablation.plan import Ablation, Cell, cell_params, made_from
from tailwise.core.files import read_csv, read_json, write_json
from tailwise.core.heads import Head
from tailwise.core.stage.chain import Chain
from tailwise.core.stage.run_log import last_runs
from tailwise.engine.checkpoint.weights import INSTEAD_OF, read_weights
from tailwise.metrics.confusion import f1
from tailwise.metrics.predictions import read_predictions

FOLDER = Path(__file__).resolve().parents[1]
RECIPE, HEAD = "tailwise.recipes.sections", "section"
SCRATCH = Path("data/scratch")
GIVEN, PREPARED = ("data/demo", "data/index"), "data/prepared"
"""What is there before: the stages that make it are left out."""
TRAIN, RUNS = "train", ".logs/stages.csv"
WEIGHTS = Path("data/models/phase3.safetensors")


def run_cell(plan: Ablation, cell: Cell, data: str) -> dict[str, Any]:
    """Compute a cell and write results/<row>/<seed>.json, and times/<row>/<seed>.json; returns the former.

    data: `data_hash`. A run that is killed leaves no file, and its scratch folder is removed by the next.
    Raises UserError if a stage fails.
    """
    shutil.rmtree(SCRATCH, ignore_errors=True)
    params = cell_params(plan, cell)
    given = GIVEN if changes_data(plan, cell) else (*GIVEN, PREPARED)
    fill(SCRATCH, params, given)
    used = train(SCRATCH, given)
    found = {
        "made_from": made_from(plan, cell, data),
        "seed": cell.seed,
        "params": plan.rows[cell.row].params,
        **measure(SCRATCH, params["calibration"]["method"]),
    }
    write_json(Path("times") / cell.file, used)
    write_json(Path("results") / cell.file, found)
    shutil.rmtree(SCRATCH)
    return found


def changes_data(plan: Ablation, cell: Cell) -> bool:
    """Whether the prepared splits of a row are its own."""
    return any(path.split(".")[0] == "prepare" for path in plan.rows[cell.row].params)


def fill(folder: Path, params: Mapping[str, Any], given: tuple[str, ...]) -> None:
    """A cell's folder: its params.yaml, and links to the data."""
    (folder / "data").mkdir(parents=True)
    (folder / "reports").mkdir()
    for path in dict.fromkeys((*given, params["data"]["root"])):
        if not Path(path).is_absolute() and Path(path).exists():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).symlink_to(Path(path).resolve())
    (folder / "params.yaml").write_text(yaml.safe_dump(dict(params), sort_keys=False), encoding="utf8")


def train(folder: Path, given: tuple[str, ...]) -> dict[str, int]:
    """Run the stages up to calibration; the processor seconds of the training stages together, and their peak memory.

    They come from dvc.yaml, so that a stage which the pipeline gains is part of all cells.
    """
    stages = Chain(FOLDER / "dvc.yaml", {"recipe": RECIPE}, given, "calibrate", (FOLDER.parents[1] / "src",))
    seconds, peak = 0.0, 0.0
    for words in stages.commands():
        used = stages.run_stage(folder, words)
        if Path(words[0]).stem == TRAIN:
            seconds += used.seconds
            peak = max(peak, *(run.mb or 0.0 for run in last_runs(folder / RUNS) if run.stage.startswith(TRAIN)))
    return {"cpu_seconds": round(seconds), "peak_mb": round(peak)}


def measure(folder: Path, method: str) -> dict[str, Any]:
    """Validation figures of a trained cell. method: of calibration"""
    figures = read_json(folder / "reports/metrics.json")
    calibration = read_json(folder / "reports/calibration.json")[HEAD]
    classes = read_json(folder / "data/index/heads.json")[HEAD]
    matrix = read_predictions(folder / f"reports/evaluation/{HEAD}.csv", Head(HEAD, tuple(classes))).labelled.matrix
    tensors, facts = read_weights(folder / WEIGHTS)
    phases = sorted((folder / "reports/training").iterdir())
    return {
        "macro_f1": figures[HEAD]["macro_f1"],
        "class_f1": dict(zip(classes, f1(matrix).tolist())),
        "boundary_f1": figures["boundaries"]["f1_1"],
        "segment_f1": figures["segments"]["f1"],
        "ece": calibration[method]["ece"],
        "above_95": calibration[method]["above_95"],
        "loss": calibration[method]["nll"],
        "parameters": int(sum(np.prod(tensor.shape, dtype=np.int64) for tensor in tensors.values())),
        "epochs": [len({row["epoch"] for row in read_csv(phase / "epochs.csv")}) for phase in phases],
        "interventions": sum(len(read_csv(phase / "interventions.csv")) for phase in phases),
        "fallback": INSTEAD_OF in facts,
    }
