"""Computes a cell: runs the pipeline's own stages in a scratch folder, and reads what they leave."""

import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from tailwise.ablation.plan import RESULTS, SCRATCH, TIMES, Ablation, Cell, Figure, cell_params, file_of, made_from
from tailwise.core.errors import UserError
from tailwise.core.files import read_csv, read_json, write_json
from tailwise.core.stage.chain import Chain, needed_by, outputs, within
from tailwise.core.stage.definition import read_stages, value_at
from tailwise.core.stage.run_log import last_runs
from tailwise.engine.checkpoint.weights import INSTEAD_OF, read_weights
from tailwise.metrics.dotted import check_known, dotted

TRAIN, RUNS = "train", ".logs/stages.csv"
TEMPLATE = re.compile(r"\{([\w.]+)\}")


@dataclass(frozen=True)
class Place:
    """The pipeline that is ablated. file: its dvc.yaml; recipe: its package; kind: dataclass of all its params"""

    file: Path
    recipe: str
    kind: type

    def stages(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """The stages with these params, see `read_stages`."""
        return read_stages(self.file, {**params, "recipe": self.recipe})

    def chain(self, params: Mapping[str, Any], given: Sequence[str], last: str) -> Chain:
        folder = self.file.parent
        code = (folder.parents[1] / "src", folder)
        return Chain(self.file, {**params, "recipe": self.recipe}, tuple(given), last, code)


def check_figures(plan: Ablation, place: Place) -> None:
    """Raise UserError for a figure whose file no stage of a cell writes: found before anything is trained."""
    for row in plan.rows:
        stages, last = place.stages(cell_params(plan, Cell(row, 1), place.kind)), plan.last_of(row)
        where = f"rows.{row}: " if plan.rows[row].last else ""
        if last not in stages:
            raise UserError(f"{where}last: {place.file.name} has no stage {last}; it has {', '.join(stages)}")
        written = [out for name in needed_by(stages, last) for out in outputs(stages[name])]
        for name, figure in plan.figures_of(row).items():
            if not any(within(figure.file, out) for out in written):
                said = f"no stage up to {last} writes {figure.file}: name a later one as last"
                raise UserError(f"{where}figures.{name}: {said}")
        for phase in plan.trained_by(row):
            if not any(within(weights_of(phase), out) for out in written):
                raise UserError(f"{where}phases: no stage up to {last} trains {phase}")


def run_cell(plan: Ablation, cell: Cell, place: Place) -> dict[str, Any]:
    """Compute a cell and write results/<file>/<row>/<seed>.json, and the same in times/; returns the former.

    A run that is killed leaves no file, and its scratch folder is removed by the next. Raises UserError if a stage
    fails.
    """
    shutil.rmtree(SCRATCH, ignore_errors=True)
    params, given = cell_params(plan, cell, place.kind), plan.given_to(cell.row)
    origin = made_from(plan, cell, place.kind)
    fill(SCRATCH, place.file, params, given)
    used = train(SCRATCH, place.chain(params, given, plan.last_of(cell.row)))
    figures = {name: figure_of(SCRATCH, figure, params) for name, figure in plan.figures_of(cell.row).items()}
    found = {"made_from": origin, "seed": cell.seed, "params": plan.rows[cell.row].params}
    found |= {"figures": figures, **facts(SCRATCH, plan.trained_by(cell.row))}
    write_json(file_of(plan, cell, TIMES), used)
    write_json(file_of(plan, cell, RESULTS), found)
    shutil.rmtree(SCRATCH)
    return found


def fill(folder: Path, file: Path, params: Mapping[str, Any], given: Sequence[str]) -> None:
    """A cell's folder: its params.yaml, and links to the dvc.yaml, what is given, and raw data of the user's own."""
    (folder / "data").mkdir(parents=True)
    (folder / "reports").mkdir()
    for path in dict.fromkeys((*given, *own_root(params))):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).symlink_to(Path(path).resolve())
    (folder / "dvc.yaml").symlink_to(file)
    (folder / "params.yaml").write_text(yaml.safe_dump(dict(params), sort_keys=False), encoding="utf8")


def own_root(params: Mapping[str, Any]) -> list[str]:
    """data.root where it is a folder of the user's own, relative to the pipeline's."""
    root = Path(params.get("data", {}).get("root", "data/demo"))
    made = root.is_absolute() or Path("data/demo") in (root, *root.parents)
    return [] if made or not root.exists() else [str(root)]


def train(folder: Path, chain: Chain) -> dict[str, int]:
    """Run the stages; the processor seconds of the training stages together, and their peak memory.

    They come from dvc.yaml, so that a stage which the pipeline gains is part of all cells.
    """
    seconds, peak = 0.0, 0.0
    for words in chain.commands():
        used = chain.run_stage(folder, words)
        if Path(words[0]).stem == TRAIN:
            seconds += used.seconds
            peak = max(peak, *(run.mb or 0.0 for run in last_runs(folder / RUNS) if run.stage.startswith(TRAIN)))
    return {"cpu_seconds": round(seconds), "peak_mb": round(peak)}


def figure_of(folder: Path, figure: Figure, params: Mapping[str, Any]) -> float | None:
    """The number that a cell's stages wrote; None if it is undefined; UserError for a path that is none."""
    path = TEMPLATE.sub(lambda found: str(value_at(params, found[1])), figure.path)
    known = dotted(read_json(folder / figure.file))
    check_known(figure.file, [path], known)
    return known[path]


def weights_of(phase: str) -> str:
    return f"data/models/{phase}.safetensors"


def facts(folder: Path, phases: Sequence[str]) -> dict[str, Any]:
    """What is told of each cell besides its figures: size, length and troubles of its training."""
    tensors, told = read_weights(folder / weights_of(phases[-1]))
    logs = [folder / "reports" / "training" / phase for phase in phases]
    return {
        "parameters": int(sum(np.prod(tensor.shape, dtype=np.int64) for tensor in tensors.values())),
        "epochs": [len({row["epoch"] for row in read_csv(log / "epochs.csv")}) for log in logs],
        "interventions": sum(len(read_csv(log / "interventions.csv")) for log in logs),
        "fallback": INSTEAD_OF in told,
    }
