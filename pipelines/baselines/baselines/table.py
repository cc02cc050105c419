"""Figures of several seeds with their intervals, and a table of them. Pure functions."""

import numpy as np
from scipy.stats import t as student

from tailwise.metrics import confusion as metrics

FIGURES = ("macro_recall", "min_recall", "collapsed")


def summarize(seeds: list[dict], others: list[dict] | None = None) -> dict:
    """{head: {figure: [mean, half width of its 95 % interval]}} of the confusion counts of several seeds.

    seeds: {head: rows} of each seed; others: those of another method with the same seeds, whose figures are taken
    away first, seed by seed. The interval is Student's over the seeds: what another seed would give, not what other
    fouls would; None for one seed.
    """
    return {head: {figure: _interval(_values(seeds, others, head, figure)) for figure in FIGURES} for head in seeds[0]}


def _values(seeds: list[dict], others: list[dict] | None, head: str, figure: str) -> list[float]:
    values = [_figures(np.array(of_seed[head]))[figure] for of_seed in seeds]
    return values if others is None else [v - o for v, o in zip(values, _values(others, None, head, figure))]


def _figures(matrix: np.ndarray) -> dict[str, float]:
    recalls = metrics.recall(matrix)
    return {
        "macro_recall": metrics.macro(recalls),
        "min_recall": float(np.nanmin(recalls)),
        "collapsed": float((recalls == 0).sum()),
    }


def _interval(values: list[float]) -> list[float | None]:
    count = len(values)
    if count < 2:
        return [float(np.mean(values)), None]
    return [float(np.mean(values)), float(student.ppf(0.975, count - 1) * np.std(values, ddof=1) / count**0.5)]


def table(summary: dict) -> str:
    """Markdown: a row a method; macro recall, its difference to the first method, lowest recall, collapsed classes."""
    heads = list(next(iter(summary.values()))["valid"])
    columns = [(split, head) for split in ("valid", "test") for head in heads]
    names = [f"{split} {head}: {figure}" for split, head in columns for figure in ("recall", "gain", "lowest", "lost")]
    lines = [["method", "lr", "steps", *names], ["---"] * (3 + len(names))]
    for name, row in summary.items():
        cells = []
        for split, head in columns:
            of_head, gain = row[split][head], row[f"{split}_gain"][head]["macro_recall"]
            cells += [
                _told(of_head["macro_recall"]),
                _told(gain),
                _told(of_head["min_recall"]),
                _told(of_head["collapsed"]),
            ]
        lines.append([name, f"{row['lr']:g}", str(row["steps"]), *cells])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def _told(interval: list[float | None]) -> str:
    mean, half = interval
    return f"{mean:.3f}" if half is None else f"{mean:.3f} ± {half:.3f}"
