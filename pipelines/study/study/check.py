"""Computes some finished cells again and compares: the key of a cell does not cover the code."""

import random
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from study import run
from study.effective import difference
from study.plan import Cell, Study
from study.progress import with_data
from study.settings import Settings
from tailwise.core.errors import UserError

AGAIN = Path("data/again")


def check_cells(settings: Settings, datasets: list[str], methods: list[str], count: int) -> int:
    """Recompute up to `count` cells, drawn at random; 1 if one differs."""
    study = with_data(settings, datasets)
    done = [cell for dataset in study.data for method in methods for cell in finished(study, dataset, method)]
    if not done:
        raise UserError("no cell is done")
    faults = 0
    for cell in random.sample(done, min(count, len(done))):
        found = compare(study, cell)
        faults += bool(found)
        print(f"{cell}: {'the same' if not found else 'differs: ' + ', '.join(found)}", flush=True)
    return 1 if faults else 0


def finished(study: Study, dataset: str, method: str) -> Iterator[Cell]:
    if study.applies(dataset, method):
        for cell in [*study.tried(dataset, method), *study.seeds(dataset, method)]:
            if study.result(cell):
                yield cell


def compare(study: Study, cell: Cell) -> list[str]:
    """Where the cell's file and the cell as computed now differ, as dotted paths."""
    before = study.result(cell)
    shutil.rmtree(AGAIN, ignore_errors=True)
    again = run.computed(study, cell, trained_in=AGAIN)
    shutil.rmtree(AGAIN)
    return list(difference(kept(again), kept(before)))


def kept(result: Any) -> dict[str, Any]:
    """A cell's content but for the list of params, which follows the default."""
    from tailwise.core.files import rounded

    return rounded({name: value for name, value in result.items() if name != "params"})
