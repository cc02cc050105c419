"""Compare revisions of a pipeline, without running anything: ``tailwise compare``, in the pipeline's folder."""

import argparse
import math
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from tailwise.compare.analysis import Comparison, analyze, choose_figures
from tailwise.compare.answers import Store, absent_line, read_all
from tailwise.compare.git import check_repository
from tailwise.compare.page import render
from tailwise.compare.revision import PARAMS, Revision, read_revision
from tailwise.compare.rows import make_rows
from tailwise.compare.text import markdown, terminal
from tailwise.core.errors import UserError, escape_output
from tailwise.core.files import write_text


def compare(args: argparse.Namespace, folder: Path = Path(".")) -> None:
    """args: revisions, metric, difference, any_code, markdown, html. Raises UserError for what cannot be compared."""
    escape_output(sys.stdout)
    if not (math.isfinite(args.difference) and args.difference > 0):
        raise UserError(f"--difference must be above 0, found {args.difference:g}")
    check_folder(folder)
    if not args.revisions:
        raise UserError("name the revisions to compare: branches, tags, commits, experiments, workspace")
    revisions = [read_revision(folder, name) for name in dict.fromkeys(args.revisions)]
    show(compared(folder, revisions, args), args)


def check_folder(folder: Path) -> None:
    """Raise UserError outside git, and in a folder without a pipeline."""
    check_repository(folder)
    for file in ("dvc.yaml", PARAMS):
        if not (folder / file).is_file():
            raise UserError(f"{file}: is not there: go into the folder of a pipeline")


def compared(
    folder: Path,
    revisions: Sequence[Revision],
    args: argparse.Namespace,
    labels: Mapping[str, str] | None = None,
) -> Comparison:
    """labels: {revision: label of its row}, for rows that have a name of their own"""
    rows = make_rows(revisions, labels, by_code=not args.any_code)
    figures = choose_figures(rows, args.metric or [])
    single = [row.single for row in rows if row.single]
    answers = read_all(Store(folder), single)
    found = analyze(rows, figures, args.difference, answers)
    if absent := [revision.name for revision in single if not answers[revision.name]]:
        found.notes.append(absent_line(absent))
    return found


def show(found: Comparison, args: argparse.Namespace) -> None:
    """Print the tables, and write the files."""
    print(terminal(found))
    if args.markdown:
        write_text(args.markdown, markdown(found))
    write_text(args.html, render(found))
    print(f"\n{args.html.resolve().as_uri()}")
