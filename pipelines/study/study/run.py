"""Computes cells: trains in a scratch folder, measures, writes the small file that git keeps."""

import fcntl
import hashlib
import os
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import pictures
from study.effective import RECIPES, parse
from study.measure import measure
from study.plan import Cell, Study, digest
from study.settings import ROOT, Dataset
from study.stages import chain, prepare
from study.steps import with_steps
from tailwise.core.errors import UserError, describe_error
from tailwise.core.files import read_csv, read_json, write_json
from tailwise.engine.evaluate.inputs import read_heads

SCRATCH, TRAINED = Path("data/scratch"), Path("data/trained")
TIMES = Path("times")
KEPT = ("reports/evaluation", "reports/metrics.json", "data/models/phase3.safetensors")


@dataclass(frozen=True)
class Done:
    """What became of a cell. fault: "" if its file is written"""

    cell: Cell
    text: str
    fault: str = ""


def run_cell(study: Study, cell: Cell) -> Done:
    """Compute a cell and write its files; a fault that the user can mend is told, and stops no other cell."""
    try:
        result = from_twin(study, cell) or computed(study, cell)
    except (UserError, OSError, ValueError) as error:
        return Done(cell, "", describe_error(error) or f"{type(error).__name__}: {error}")
    write_json(study.results / cell.file, result)
    recalls = ", ".join(f"{name} {head['macro_recall']:.3f}" for name, head in result["heads"].items())
    return Done(cell, f"{cell}: macro recall {recalls}")


def from_twin(study: Study, cell: Cell) -> dict[str, Any] | None:
    """The content of a file that has the same key: the cell that chose the rate is one of the table, too."""
    for twin in [*study.tried(cell.dataset, cell.method), replace(cell, grid=None)]:
        if twin != cell and study.key(twin) == study.key(cell) and (found := study.result(twin)):
            if (TIMES / twin.file).exists():
                write_json(TIMES / cell.file, read_json(TIMES / twin.file))
            return found
    return None


def computed(study: Study, cell: Cell, trained_in: Path = TRAINED) -> dict[str, Any]:
    """The content of a cell's file, the same whenever it is computed on a machine of the same kind.

    trained_in: folder of trained cells
    """
    dataset = study.settings.datasets[cell.dataset]
    trained = train(study, cell, trained_in)
    facts = read_json(trained / "facts.json")
    if trained_in == TRAINED:
        write_json(TIMES / cell.file, {"cpu_seconds": round(facts["cpu_seconds"])})
    return {
        "made_from": {"params": study.key(cell), "data": study.data[cell.dataset]},
        "seed": cell.seed,
        "rate": cell.rate,
        "params": study.difference(cell),
        "epochs": facts["epochs"],
        "steps": facts["steps"],
        "heads": measure(trained / "evaluation", Path(dataset.index), Path(dataset.classes), cell.tau),
    }


def train(study: Study, cell: Cell, folder: Path) -> Path:
    """The folder of the trained cell: answers, weights, facts. Trained if it is not there.

    Cells that only differ in how answers are adjusted share it, if the code is the same. A run that is killed leaves
    no such folder.
    """
    dataset = study.settings.datasets[cell.dataset]
    name = digest([study.key(replace(cell, tau=0.0)), study.data[cell.dataset], code_hash()])
    trained, scratch = folder / name, SCRATCH / name
    with locked(folder / f"{name}.lock"):
        if not trained.exists():
            shutil.rmtree(scratch, ignore_errors=True)
            params = fitted_params(study, cell, dataset)
            prepare(scratch, dataset, params)
            seconds = chain(dataset.recipe, params).run(scratch).seconds
            keep(scratch, trained, {**length(scratch, params), "cpu_seconds": seconds})
    return trained


@cache
def code_hash() -> str:
    """Hash of the shared code and of the pictures' recipe: of folders that never leave this machine, of no result."""
    folders = (ROOT / "src", ROOT / "stages", Path(pictures.__path__[0]))
    files = sorted(file for folder in folders for file in folder.rglob("*.py"))
    return digest([hashlib.sha256(file.read_bytes()).hexdigest() for file in files])


def fitted_params(study: Study, cell: Cell, dataset: Dataset) -> dict[str, Any]:
    """The params of a cell, its epochs fitted to the default's steps."""
    params, default = study.params(cell), study.params(Cell(cell.dataset, "default", cell.seed))
    heads = [head.name for head in read_heads(Path(dataset.index) / "heads.json")]
    recipe = RECIPES[dataset.recipe]
    labels = recipe.labels(Path(dataset.clips) / "train", heads).classes
    return with_steps(params, parse(params, dataset.recipe), parse(default, dataset.recipe), labels)


def length(scratch: Path, params: dict[str, Any]) -> dict[str, Any]:
    """Epochs of each phase as they ran, and the optimizer steps of all."""
    epochs, steps = [], 0
    for phase in ("phase1", "phase2", "phase3"):
        drawn = len(read_csv(scratch / f"data/weights/{phase}/samples.csv"))
        rows = read_csv(scratch / f"reports/training/{phase}/epochs.csv")
        epochs.append(len({row["epoch"] for row in rows}))
        steps += epochs[-1] * -(-drawn // params["training"]["batch_size"])
    return {"epochs": epochs, "steps": steps}


def keep(scratch: Path, trained: Path, facts: dict[str, Any]) -> None:
    """Move what later cells and the test split need to `trained`, at once, and remove the rest."""
    part = scratch / "kept"
    part.mkdir()
    for path in KEPT:
        os.replace(scratch / path, part / Path(path).name)
    write_json(part / "facts.json", facts)
    os.replace(part, trained)
    shutil.rmtree(scratch)


@contextmanager
def locked(file: Path) -> Generator[None]:
    """One process at a time: two cells may need the same training."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with open(file, "a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
