"""Compare revisions of a pipeline: ``tailwise compare``, in the pipeline's folder.

Without ``--run`` nothing is run. With it, what a sweep names and is no experiment yet becomes one first.
"""

import argparse
import itertools
import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from tailwise.cli.runs.common import check_cache, check_folder, print_line, recipe_params
from tailwise.compare.analysis import Comparison, analyze, choose_figures
from tailwise.compare.answers import Store, absent_line, read_all
from tailwise.compare.doubling import doubling_notes
from tailwise.compare.git import experiments
from tailwise.compare.page import render
from tailwise.compare.revision import PARAMS, read_revision
from tailwise.compare.rows import make_rows
from tailwise.compare.sweeps.costs import read_costs
from tailwise.compare.sweeps.done import is_done
from tailwise.compare.sweeps.pipeline import read_pipeline
from tailwise.compare.sweeps.runs import Runner
from tailwise.compare.sweeps.sweep import Cell, Sweep, cells, read_sweep
from tailwise.compare.text import markdown, terminal
from tailwise.core.errors import UserError, escape_output
from tailwise.core.files import write_text
from tailwise.core.params.config import read_params, section


def compare(args: argparse.Namespace, folder: Path = Path(".")) -> None:
    """args: revisions, run, workers, only_list, metric, difference, any_code, markdown, html

    Raises UserError for what cannot be compared, and at the end for runs that failed.
    """
    escape_output(sys.stdout)
    if not (math.isfinite(args.difference) and args.difference > 0):
        raise UserError(f"--difference must be above 0, found {args.difference:g}")
    check_folder(folder)
    if args.run_file:
        return run_sweep(args, folder)
    if not args.revisions:
        raise UserError("name the revisions to compare: branches, tags, commits, experiments, workspace")
    show(compared(folder, args.revisions, args), args)


def run_sweep(args: argparse.Namespace, folder: Path) -> None:
    """Run what a sweep has not yet, then compare it and further revisions."""
    sweep = read_sweep(args.run_file)
    wanted = list(cells(sweep, read_params(folder / PARAMS)))
    todo = find_todo(folder, sweep, wanted)
    if args.only_list:
        print(*todo, sep="\n")
        return
    failed = run_cells(folder, sweep, todo, args.workers)
    done = {cell.name: cell.label for cell in wanted if cell.name not in failed}
    args.metric = [*(args.metric or []), *sweep.metrics]
    if done:
        show(compared(folder, [*done, *args.revisions], args, done), args)
    check_failed(failed, len(todo))


def find_todo(folder: Path, sweep: Sweep, wanted: Sequence[Cell]) -> list[Cell]:
    """The cells that are no experiment yet; says how many are.

    Raises UserError for a target that is no stage, and for params that the recipe rejects.
    """
    read_pipeline(folder / "dvc.yaml", sweep.target)
    there = experiments(folder)
    check_params(wanted, folder)
    todo = [cell for cell in wanted if not is_done(folder, cell, there)]
    print(f"{sweep.title}: {len(wanted) - len(todo)} of {len(wanted)} runs are there")
    return todo


def run_cells(folder: Path, sweep: Sweep, todo: Sequence[Cell], workers: int) -> dict[str, str]:
    """Make experiments of these cells; {name: why it failed} of those that failed."""
    if not todo:
        return {}
    check_cache(folder, sweep.target)
    pipeline = read_pipeline(folder / "dvc.yaml", sweep.target)
    return Runner(folder, sweep.target, pipeline, print_line).run_all(todo, workers)


def check_failed(failed: Mapping[str, str], runs: int) -> None:
    """Raise UserError for runs that failed. runs: how many were begun"""
    if failed:
        name, reason = next(iter(failed.items()))
        raise UserError(f"{len(failed)} of {runs} runs failed, {name}: {reason}; the others are kept")


def check_params(wanted: Sequence[Cell], folder: Path) -> None:
    """Raise UserError for params that the pipeline's recipe rejects, before anything runs."""
    for kind, cell in itertools.product(recipe_params(folder), wanted):
        try:
            section(cell.params, "", kind)
        except UserError as error:
            raise UserError(f"row {cell.label}: {str(error).removeprefix(f'{PARAMS}: ')}") from error


def compared(
    folder: Path,
    names: Sequence[str],
    args: argparse.Namespace,
    labels: Mapping[str, str] | None = None,
) -> Comparison:
    """labels: {revision: label of its row}, for rows that have a name of their own"""
    revisions = [read_revision(folder, name) for name in dict.fromkeys(names)]
    rows = make_rows(revisions, labels, by_code=not args.any_code)
    figures = choose_figures(rows, args.metric or [])
    single = [row.single for row in rows if row.single]
    answers = read_all(Store(folder), single)
    found = analyze(rows, figures, args.difference, answers)
    absent = [revision.name for revision in single if not answers[revision.name]]
    notes = [*doubling_notes(rows, figures), *found.notes, *([absent_line(absent)] if absent else [])]
    return replace(found, notes=notes, costs=read_costs(folder, rows, read_pipeline(folder / "dvc.yaml").costly))


def show(found: Comparison, args: argparse.Namespace) -> None:
    """Print the tables, and write the files."""
    print(terminal(found))
    if args.markdown:
        write_text(args.markdown, markdown(found))
    write_text(args.html, render(found))
    print(f"\n{args.html.resolve().as_uri()}")
