"""Figures of several seeds with their intervals, and a table of them. Pure functions."""

import numpy as np
from scipy.stats import t as student

from tailwise import metrics

FIGURES = ("macro_recall", "min_recall", "collapsed")


def summarize(seeds: list[dict[str, list[list[int]]]]) -> dict:
    """{head: {figure: [mean, half width of its 95 % interval]}} of the confusion counts of several seeds.

    The interval is Student's over the seeds: what another seed would give, not what other fouls would.
    """
    return {
        head: {
            figure: _interval([_figures(np.array(of_seed[head]))[figure] for of_seed in seeds]) for figure in FIGURES
        }
        for head in seeds[0]
    }


def _figures(matrix: np.ndarray) -> dict[str, float]:
    recalls = metrics.recall(matrix)
    return {
        "macro_recall": metrics.macro(recalls),
        "min_recall": float(np.nanmin(recalls)),
        "collapsed": float((recalls == 0).sum()),
    }


def _interval(values: list[float]) -> list[float]:
    count = len(values)
    spread = np.std(values, ddof=1) if count > 1 else np.nan
    half = float(student.ppf(0.975, count - 1) * spread / count**0.5) if count > 1 else 0.0
    return [float(np.mean(values)), half]


def table(summary: dict) -> str:
    """Markdown: a row a method, macro recall, lowest recall and collapsed classes of each head, by split."""
    heads = list(next(iter(summary.values()))["valid"])
    columns = [(split, head, figure) for split in ("valid", "test") for head in heads for figure in FIGURES]
    names = [f"{split} {head} {figure.replace('_', ' ')}" for split, head, figure in columns]
    lines = [["method", "lr", "steps", *names], ["---"] * (3 + len(names))]
    for name, row in summary.items():
        cells = ["{:.3f} ± {:.3f}".format(*row[split][head][figure]) for split, head, figure in columns]
        lines.append([name, f"{row['lr']:g}", str(row["steps"]), *cells])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"
