"""Compute the cells of an ablation that are not done, then write its table and its plot: ``tailwise ablate``.

Each cell leaves a small file in results/ and one in times/; a killed run loses the cell it was at. The table is of the
cells that are there.
"""

import argparse
import sys
from pathlib import Path

import yaml

from tailwise.ablation.cell import Place, check_figures, run_cell
from tailwise.ablation.plan import Ablation, cells, read_ablation, result
from tailwise.ablation.plot import draw
from tailwise.ablation.tables import markdown, read_lines
from tailwise.core.errors import UserError
from tailwise.core.files import write_text
from tailwise.recipes.recipe import load_recipe

TABLES = Path("reports")


def ablate(args: argparse.Namespace) -> None:
    """args: file, row, seeds, only_list, tables. Raises UserError at the end where a cell failed."""
    plan, place = read_ablation(args.file), read_place(Path("dvc.yaml"))
    check_figures(plan, place)
    if unknown := sorted({*(args.row or ())} - plan.rows.keys()):
        raise UserError(f"--row {unknown[0]}: {args.file} has no such row; it has {', '.join(plan.rows)}")
    wanted = cells(args.row or list(plan.rows), args.seeds or plan.seeds)
    todo = [] if args.tables else [cell for cell in wanted if result(plan, cell, place.kind) is None]
    if args.only_list:
        print(*todo, sep="\n")
        return
    failed = 0
    for cell in todo:
        try:
            figures = run_cell(plan, cell, place)["figures"]
            compared = ", ".join(f"{plan.figures[name].label} {figures[name]:.3f}" for name in plan.compared)
            print(f"{cell}: {compared}", flush=True)
        except UserError as error:
            failed += 1
            print(f"{cell}: {error}", file=sys.stderr, flush=True)
    write_tables(plan, place.kind, TABLES / args.file.stem)
    if failed:
        raise UserError(f"{failed} of {len(todo)} cells failed; the others are kept")


def read_place(file: Path) -> Place:
    """The pipeline of a dvc.yaml, whose `vars` name its recipe. Raises UserError where it has none."""
    if not file.is_file():
        raise UserError(f"{file}: is not there: go into the folder of a pipeline")
    given = yaml.safe_load(file.read_text("utf8")).get("vars", [])
    names = [each["recipe"] for each in given if isinstance(each, dict) and "recipe" in each]
    if not names:
        raise UserError(f"{file}: its vars name no recipe")
    return Place(file.resolve(), names[0], load_recipe(names[0]).params())


def write_tables(plan: Ablation, kind: type, path: Path) -> None:
    """Write PATH.md and PATH.png of the cells that are there; UserError if there are none."""
    lines = read_lines(plan, kind)
    if not lines:
        raise UserError("results: has no cell of the present params and data: run tailwise ablate")
    write_text(path.with_suffix(".md"), markdown(plan, lines))
    draw(plan, lines, path.with_suffix(".png"))
    print(f"{path.with_suffix('.md')}: {sum(len(line.of_seed) for line in lines)} cells")
