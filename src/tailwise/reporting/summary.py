"""The table that ends a run: ``python -m tailwise.reporting.summary``."""

import sys
from pathlib import Path

from tailwise.core.errors import UserError, said
from tailwise.core.files import read_json


def summary(metrics: dict) -> str:
    """Validation figures as text: a row a head, then the pipeline's own scores."""
    heads = {name: of_head for name, of_head in metrics.items() if isinstance(of_head, dict)}
    lines = [f"{'validation':<12}{'macro recall':>14}{'macro F1':>10}{'lowest class recall':>21}"]
    for name, of_head in heads.items():
        known = {label: value for label, value in of_head["recall"].items() if value is not None}
        lowest = min(known, key=known.get)
        row = f"{name:<12}{of_head['macro_recall']:>14.3f}{of_head['macro_f1']:>10.3f}{known[lowest]:>21.3f}  {lowest}"
        lines.append(row)
    lines += [f"{name}: {value:.2f}" for name, value in metrics.items() if name not in heads]
    return "\n".join(lines)


def main() -> None:
    print()
    print(summary(read_json(Path("reports/metrics.json"))).replace("leaderboard:", "official score:"))
    print("test split: reports/certificate.json")
    print(f"report: {Path('reports/report.html').resolve().as_uri()}")


if __name__ == "__main__":
    try:
        main()
    except UserError as error:
        sys.exit(said(f"summary: {error}"))
