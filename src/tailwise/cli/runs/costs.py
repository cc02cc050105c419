"""What answers by stated costs of errors save on validation: ``tailwise costs FILE``, in the pipeline's folder."""

import argparse
import sys
from pathlib import Path

from tailwise.core.errors import escape_output
from tailwise.core.files import read_json
from tailwise.core.heads import Head
from tailwise.evaluation.calibration.fitted import calibrated, check_classes, read_calibration
from tailwise.evaluation.costs.decisions import Decided, decide
from tailwise.evaluation.costs.file import read_costs
from tailwise.metrics.predictions import read_predictions

HEADS = Path("data/index/heads.json")


def costs(args: argparse.Namespace) -> None:
    """args: file, answers, calibration. Raises UserError for what is wrong with a file."""
    escape_output(sys.stdout)
    heads = {name: Head(name, tuple(classes)) for name, classes in read_json(HEADS).items()}
    stated = read_costs(args.file, heads.values())
    found = {name: read_predictions(args.answers / f"{name}.csv", heads[name]) for name in stated}
    if args.calibration:
        fitted = read_calibration(args.calibration)
        check_classes(args.calibration, fitted, list(heads.values()))
        found = {name: calibrated(of_head, fitted[name], False) for name, of_head in found.items()}
    else:
        print("the probabilities are used as they are: --calibration FILE calibrates them")
    for name, of_head in found.items():
        print("\n".join(lines(decide(of_head, stated[name]))))


def lines(found: Decided) -> list[str]:
    """A head's figures, for the terminal."""
    verdict = "saves" if found.low > 0 else "costs more" if found.high < 0 else "no difference is shown"
    rows = [
        f"{found.head}: mean cost {found.before:.4f} by the most probable classes, {found.after:.4f} by the cheapest; "
        f"difference {found.saved:.4f} ({found.low:.4f} to {found.high:.4f}): {verdict}",
        f"  {100 * found.changed:.1f} % of the answers differ",
    ]
    width = max(len(name) for name in found.recalls)
    return rows + [f"  {name:{width}}  recall {old:.2f} -> {new:.2f}" for name, (old, new) in found.recalls.items()]
