"""Runs what is not done, round by round: rates are chosen from the cells before."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from study.plan import Cell, Study, data_hash
from study.run import Done, run_cell
from study.settings import Settings
from tailwise.core.errors import UserError, print_error
from tailwise.core.system.processes import map_in_processes


def with_data(settings: Settings, datasets: list[str]) -> Study:
    """The study on those datasets that are here; one line for each other."""
    found = {}
    for name in datasets:
        rows = settings.datasets[name]
        try:
            found[name] = data_hash(Path(rows.clips), Path(rows.index))
        except (UserError, OSError) as error:
            print_error(f"{name}: left out: {error}")
    return Study(settings, data=found)


def run_all(settings: Settings, datasets: list[str], methods: list[str]) -> int:
    """Compute all open cells; 1 if some could not be."""
    study, failed = with_data(settings, datasets), dict[Cell, str]()
    while cells := [cell for cell in study.next(list(study.data), methods) if cell not in failed]:
        print(f"{len(cells)} cells to compute", flush=True)
        for done in compute(study, cells):
            if done.fault:
                failed[done.cell] = done.fault
                print_error(f"{done.cell}: failed: {done.fault}")
            else:
                print(done.text, flush=True)
    left = [*failed, *unchosen(study, methods)]
    print(f"{len(left)} cells are not done" if left else "every cell is done")
    return 1 if failed else 0


def compute(study: Study, cells: list[Cell]) -> Iterator[Done]:
    return map_in_processes(partial(run_cell, study), cells, min(study.settings.cells.workers, len(cells)))


def unchosen(study: Study, methods: list[str]) -> list[str]:
    """Methods whose rate, or whose like's rate, is not chosen: their seeds are still unknown."""
    names = [(dataset, method) for dataset in study.data for method in methods if study.applies(dataset, method)]
    return [f"{dataset} {method}" for dataset, method in names if study.choice(dataset, method) is None]


def list_cells(settings: Settings, datasets: list[str], methods: list[str]) -> int:
    study = with_data(settings, datasets)
    for dataset in study.data:
        for method in methods:
            for cell in study.open(dataset, method):
                print(cell)
    for name in unchosen(study, methods):
        print(f"{name}: the seeds, once the rate is chosen")
    return 0
