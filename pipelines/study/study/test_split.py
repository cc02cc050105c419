"""The test split, scored once, at the end, for the methods that params.yaml names."""

import shutil
from pathlib import Path
from typing import Any

from study import run
from study.measure import measure
from study.plan import Cell, Study
from study.progress import with_data
from study.settings import Settings
from study.stages import chain, prepare
from tailwise.core.errors import UserError
from tailwise.core.files import read_json, rounded, write_json

SCRATCH = Path("data/scratch/test")


def score_test(settings: Settings, datasets: list[str], methods: list[str]) -> int:
    """Score each finished cell of the methods in `cells.tested`; one that has a file is not scored again.

    Raises UserError for a cell that is not done, and for a file that was made from other params.
    """
    study = with_data(settings, datasets)
    for dataset in study.data:
        for method in [name for name in settings.cells.tested if name in methods]:
            for cell in study.seeds(dataset, method) or [Cell(dataset, method, 1)]:
                if scored := score_cell(study, cell):
                    write_json(study.results / cell.test_file, scored)
                    recalls = [f"{name} {head['macro_recall']:.3f}" for name, head in scored["heads"].items()]
                    print(f"{cell}, test: macro recall {', '.join(recalls)}", flush=True)
    return 0


def score_cell(study: Study, cell: Cell) -> dict[str, Any] | None:
    """The figures of a cell on the test split; None if they are there."""
    result, file = study.result(cell), study.results / cell.test_file
    if result is None:
        raise UserError(f"{cell} is not done: the test split is scored at the end")
    if file.exists():
        if read_json(file)["made_from"] == result["made_from"]:
            return None
        raise UserError(f"{file} was made from other params or data: remove it to score the test split again")
    dataset = study.settings.datasets[cell.dataset]
    trained = run.train(study, cell, run.TRAINED)
    files = Path(dataset.index), Path(dataset.classes)
    if rounded(measure(trained / "evaluation", *files, cell.tau)) != result["heads"]:
        raise UserError(f"{cell}: trained here it is another than its file says: see --check")
    return {**result, "heads": measure(answers(study, cell, trained), *files, cell.tau)}


def answers(study: Study, cell: Cell, trained: Path) -> Path:
    """Folder of the answers of the trained cell on the test split."""
    dataset, weights = study.settings.datasets[cell.dataset], trained / "phase3.safetensors"
    shutil.rmtree(SCRATCH, ignore_errors=True)
    params = study.params(cell)
    prepare(SCRATCH, dataset, params)
    arguments = [str(weights.resolve()), "data/clips/test", "reports/metrics.json", "--answers", "reports/evaluation"]
    chain(dataset.recipe, params).run_stage(SCRATCH, ["stages/evaluate.py", dataset.recipe, *arguments])
    return SCRATCH / "reports/evaluation"
