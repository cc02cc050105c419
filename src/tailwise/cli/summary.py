"""The table that ends a run: ``python -m tailwise.cli.summary``."""

import sys
from collections.abc import Iterator
from pathlib import Path

from tailwise.core.errors import UserError, said
from tailwise.core.files import read_json

PERCENT = ("balanced_accuracy",)
"""The pipeline's own scores that are in percent."""


def summary(metrics: dict, judgement: dict) -> str:
    """Validation figures as text: a row a head, then the pipeline's own scores, and SoccerNet's where there is one."""
    heads = {name: of_head for name, of_head in metrics.items() if isinstance(of_head, dict)}
    lines = [f"{'validation':<12}{'macro recall':>14}{'macro F1':>10}{'lowest class recall':>21}"]
    for name, of_head in heads.items():
        known = {label: value for label, value in of_head["recall"].items() if value is not None}
        lowest = min(known, key=known.get)
        row = f"{name:<12}{of_head['macro_recall']:>14.3f}{of_head['macro_f1']:>10.3f}{known[lowest]:>21.3f}  {lowest}"
        lines.append(row + few(judgement["heads"][name]["classes"][lowest]["support"], judgement["few"]))
    for name, value in metrics.items():
        if name not in heads:
            lines.append(f"{name.replace('_', ' ')}: {value:.2f}{' %' if name in PERCENT else ''}")
    return "\n".join([*lines, *by_evaluator(judgement)])


def few(samples: int, least: int) -> str:
    """That so few samples are no measurement; empty where they are enough."""
    return f" ({samples} sample{'s' if samples != 1 else ''}: no measurement)" if samples < least else ""


def by_evaluator(judgement: dict) -> Iterator[str]:
    """The figure of SoccerNet's evaluator, and where it counts otherwise than the balanced accuracy."""
    if found := judgement.get("official"):
        score, *of_heads = (
            "no number" if found[name] is None else f"{found[name]:.2f} %" for name in ("score", "action", "severity")
        )
        yield f"SoccerNet's evaluator: {score} (action {of_heads[0]}, severity {of_heads[1]})"
        yield from (f"  {line}" for line in found["differences"])


def main() -> None:
    print()
    print(summary(*(read_json(Path(f"reports/{name}.json")) for name in ("metrics", "judgement"))))
    print("test split: reports/certificate.json")
    print(f"report: {Path('reports/report.html').resolve().as_uri()}")


if __name__ == "__main__":
    try:
        main()
    except UserError as error:
        sys.exit(said(f"summary: {error}"))
