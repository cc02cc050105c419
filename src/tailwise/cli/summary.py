"""The table printed at the end of a run: ``tailwise summary``."""

from pathlib import Path

from tailwise.core.files import read_json
from tailwise.metrics.dotted import dotted
from tailwise.metrics.labels import Labels, label_of, labels_from_json
from tailwise.reporting.committed import keep_committed


def summary(metrics: dict, intervals: dict) -> str:
    """Validation figures as text: one row per head, then the pipeline's own scores and lines.

    intervals: heads, few, and optionally units {score: unit}, headline [dotted name of a figure], labels {dotted name:
        its name for people}, sample_name and lines
    """
    heads = {name: of for name, of in metrics.items() if isinstance(of, dict) and "macro_recall" in of}
    scores = {name: value for name, value in metrics.items() if not isinstance(value, dict)}
    scores |= {name: dotted(metrics)[name] for name in intervals.get("headline", [])}
    lines = [f"{'validation':<12}{'macro recall':>14}{'macro F1':>10}{'lowest class recall':>21}"] if heads else []
    lines += [head_row(name, of_head, intervals) for name, of_head in heads.items()]
    units, labels = intervals.get("units", {}), labels_from_json(intervals.get("labels", {}))
    lines += [score_row(name, value, units.get(name), labels) for name, value in scores.items()]
    return "\n".join([*lines, *intervals.get("lines", [])])


def head_row(name: str, figures: dict, intervals: dict) -> str:
    """A head's macro figures, and its class with the lowest recall."""
    known = {label: value for label, value in figures["recall"].items() if value is not None}
    if not known:
        return f"{name:<12}{'no label':>14}"
    lowest = min(known, key=known.__getitem__)
    of_class = intervals["heads"][name]["classes"][lowest]
    support = of_class.get("samples", of_class["support"])  # of sequences: those that have the class
    macro = f"{figures['macro_recall']:>14.3f}{figures['macro_f1']:>10.3f}"
    return f"{name:<12}{macro}{known[lowest]:>21.3f}  {lowest}{few(support, intervals)}"


def score_row(name: str, value: float | None, unit: str | None, labels: Labels) -> str:
    """A score of the pipeline: two digits where it has a unit, three otherwise."""
    words = label_of(name, labels).text
    return f"{words}: {'no number' if value is None else f'{value:.2f} {unit}' if unit else f'{value:.3f}'}"


def few(count: int, intervals: dict) -> str:
    """A note that the class has too few samples to measure; empty if it has enough."""
    if count >= intervals["few"]:
        return ""
    return f" ({count} {intervals.get('sample_name', 'sample')}{'s' if count != 1 else ''}: too few to measure)"


def run() -> None:
    """Print the table of the run in this folder, and where its certificate and report are.

    The report's comparison with the last committed run is looked up anew.
    """
    print()
    print(summary(*(read_json(Path(f"reports/{name}.json")) for name in ("metrics", "intervals"))))
    print("test split: reports/certificate.json")
    print(f"report: {Path('reports/report.html').resolve().as_uri()}")
    keep_committed(Path())
