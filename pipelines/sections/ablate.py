"""Compute the cells of the ablation that are not done, then write its table and its plot.

ablate.py [--row NAME] [--seeds N] [--list | --tables]

ablation.yaml lists the rows. Each cell leaves a small file in results/ and one in times/; a killed run loses the cell
it was at. reports/ablation.md and reports/ablation.png are of the cells that are there.
"""

import argparse
import sys
from pathlib import Path

from ablation.plan import DEFAULT, Ablation, cells, data_hash, read_ablation, result
from ablation.plot import draw
from ablation.tables import markdown, missing_cells, read_lines
from ablation.train import run_cell
from tailwise.core.errors import UserError
from tailwise.core.files import write_text

TABLE, PLOT = Path("reports/ablation.md"), Path("reports/ablation.png")


def main() -> int:
    plan = read_ablation()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--row", action="append", choices=list(plan.rows), help="only this one, or these")
    parser.add_argument("--seeds", type=int, default=plan.seeds, help="of each row")
    parser.add_argument("--list", action="store_true", help="show what is not done, and compute nothing")
    parser.add_argument("--tables", action="store_true", help="write the table and the plot, and compute nothing")
    args = parser.parse_args()
    data, failed = data_hash(), 0
    wanted = list(cells(plan, args.row or list(plan.rows), args.seeds))
    for cell in [] if args.tables else [cell for cell in wanted if result(plan, cell, data) is None]:
        if args.list:
            print(cell)
            continue
        try:
            found = run_cell(plan, cell, data)
            print(f"{cell}: macro F1 {found['macro_f1']:.3f}, boundary F1 {found['boundary_f1']:.3f}", flush=True)
        except UserError as error:
            failed += 1
            print(f"{cell}: {error}", file=sys.stderr, flush=True)
    if not args.list:
        write_tables(plan, data)
    return int(failed > 0)


def write_tables(plan: Ablation, data: str) -> None:
    """Write TABLE and PLOT of the cells that are there; data: `data_hash`. Raises UserError without the default's."""
    lines = read_lines(plan, data)
    if not any(line.name == DEFAULT for line in lines):
        raise UserError("results/default: has no cell of the present params and data: run ablate.py --row default")
    write_text(TABLE, markdown(lines, missing_cells(plan, lines)))
    draw(lines, PLOT)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except UserError as error:
        sys.exit(str(error))
