"""A draft of a paper from the reports of a finished run: ``tailwise paper``."""

import argparse
from pathlib import Path


def add_paper(one: argparse.ArgumentParser) -> None:
    """Arguments of `paper`."""
    one.add_argument("--title", default="Draft", help="default: %(default)s")
    one.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    """args: of `add_paper`. Writes reports/paper/paper.md and paper.tex. Raises UserError."""
    from tailwise.core.files import write_text
    from tailwise.paper.document import latex, markdown
    from tailwise.paper.draft import draft

    reports = Path("reports")
    blocks = draft(reports)
    for name, render in (("paper.md", markdown), ("paper.tex", latex)):
        write_text(reports / "paper" / name, render(args.title, blocks))
        print(reports / "paper" / name)
