"""Draw all figures of a run from the files that its stages wrote."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from tailwise.core.errors import UserError
from tailwise.core.files import read_json
from tailwise.reporting.figures.calibration import calibration
from tailwise.reporting.figures.classes import class_frequencies
from tailwise.reporting.figures.confusion import confusion
from tailwise.reporting.figures.curves import class_curves, learning_curves
from tailwise.reporting.figures.recall import recall_intervals
from tailwise.reporting.figures.reliability import reliability
from tailwise.reporting.figures.style import save, style


def draw_figures(reports: Path, phases: Sequence[str], out: Path) -> list[Path]:
    """Draw the run in `reports` and write every format below `out`; UserError for a missing file."""
    with style():
        return [path for name, figure in figures(reports, phases) for path in save(figure, out, name)]


def figures(reports: Path, phases: Sequence[str]) -> Iterator[tuple[str, Figure]]:
    """Yield (file name, figure)."""
    counts, measured = read_json(reports / "classes.json"), read_json(reports / "intervals.json")
    heads = {head: list(of_head) for head, of_head in counts["train"].items()}
    epochs, classes = (_over_phases(reports / "training", phases, name) for name in ("epochs", "classes"))
    yield "learning_curves", learning_curves(epochs, list(heads))
    for head, names in heads.items():
        of_head = pd.DataFrame({split: pd.Series(counts[split][head]) for split in ("train", "valid")})
        predictions = _predictions(reports / "evaluation" / f"{head}.csv", names)
        rarest = of_head.loc[:, "train"].sort_values(kind="stable").index.to_list()
        yield f"class_frequencies_{head}", class_frequencies(of_head, head)
        yield f"class_curves_{head}", class_curves(classes.loc[classes["head"] == head], head, rarest)
        yield f"confusion_{head}", confusion(predictions, names, head)
        intervals = _recalls(measured["heads"][head]["classes"], of_head)
        yield f"recall_{head}", recall_intervals(intervals, head, measured["few"], measured["target"]["class_recall"])
        yield f"reliability_{head}", reliability(predictions, head)
    for head, of_head in _calibrated(reports / "calibration.json").items():
        yield f"calibration_{head}", calibration(of_head, head)


def _calibrated(file: Path) -> dict[str, dict]:
    """Empty for a pipeline that has no stage for it."""
    return read_json(file) if file.exists() else {}


def _table(path: Path, **types) -> pd.DataFrame:
    try:
        return pd.read_csv(
            path, keep_default_na=False, na_values={"recall": [""], "precision": [""], "f1": [""]}, **types
        )
    except OSError as error:
        raise UserError(f"{path}: {error.strerror}") from error


def _over_phases(folder: Path, phases: Sequence[str], name: str) -> pd.DataFrame:
    """The tables of all phases, concatenated, with the columns phase and order."""
    tables = [
        _table(folder / phase / f"{name}.csv").assign(phase=phase, order=place) for place, phase in enumerate(phases)
    ]
    return pd.concat(tables, ignore_index=True)


def _predictions(path: Path, classes: Sequence[str]) -> pd.DataFrame:
    """One row per label: actual, predicted, and confidence, the probability of the predicted class."""
    text = {"sample": str, "group": str, "actual": str, "predicted": str}
    table = _table(path, dtype=text)
    return table[["actual", "predicted"]].assign(confidence=table[list(classes)].max(axis=1))


def _recalls(classes: dict[str, dict], counts: pd.DataFrame) -> pd.DataFrame:
    rows = {name: {"support": of["support"], **of["recall"]} for name, of in classes.items()}
    return counts[["train"]].join(pd.DataFrame.from_dict(rows, orient="index").astype({"support": int}))
