"""Average the probabilities of several runs: ``tailwise ensemble``, in the pipeline's folder. Nothing is trained."""

import argparse
import sys
from pathlib import Path

from tailwise.cli.runs.common import check_folder, recipe_of
from tailwise.core.errors import UserError, escape_output
from tailwise.core.files import write_text
from tailwise.ensemble.assessment import Options, assess
from tailwise.ensemble.members import Member, read_members
from tailwise.ensemble.pool import make_pool
from tailwise.ensemble.text import markdown, terminal
from tailwise.ensemble.verdict import to_json
from tailwise.ensemble.write import write_ensemble


def ensemble(args: argparse.Namespace, folder: Path = Path(".")) -> None:
    """args: revisions, also, by, rounds, equal, undecoded, any_data, out, markdown

    Raises UserError for runs that make no ensemble.
    """
    escape_output(sys.stdout)
    options = Options(args.by, args.rounds, args.equal)
    if args.out.suffix != ".json":
        raise UserError(f"--out must end in .json, found {args.out}")
    check_folder(folder)
    members = read_members(folder, args.revisions, args.also or [], args.any_data)
    check_names(members)
    pool = make_pool({member.name: member.answers for member in members}, args.undecoded)
    recipe = recipe_of(folder)
    found = assess(pool, options, recipe.sample_name if recipe else "sample")
    write_ensemble(args.out, members, found.weights, to_json(found))
    write_text(args.markdown, markdown(found))
    print(f"{terminal(found)}\n\n{args.out}\n{args.markdown}")


def check_names(members: list[Member]) -> None:
    """Raise UserError for two members of one name."""
    names = [member.name for member in members]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise UserError(f"{twice}: is there twice: leave one of them out")
