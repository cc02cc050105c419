"""SoccerNet's own evaluator for a prediction file, and how it differs from the balanced accuracy.

It compares the texts of the annotations as they stand. Pure functions.
Source: https://github.com/SoccerNet/SoccerNet, SoccerNet/Evaluation/MV_FoulRecognition.py
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from tailwise.metrics.predictions import Predictions
from tailwise.recipes.fouls.soccernet.prediction_file import ACTIONS, SEVERITY
from tailwise.recipes.fouls.soccernet.submission import Counts, official_submission, short

READER = "soccernet"
"""The kind of the reader whose data it can evaluate."""

SPELLING, UNSURE, GRADED, UNREAD, MISSING = (
    'annotated "No Offence", never equal to a predicted "No offence"',
    "dives whose Offence is empty or Between, never equal to any prediction",
    'dives with a yellow or red card, right with Severity "1.0" alone: who predicts the card is wrong',
    "no clip could be read, answered with the most frequent classes; the balanced accuracy leaves them out",
    "without a prediction, which is wrong",
)


@dataclass(frozen=True)
class Annotated:
    """A foul that counts. action, severity: classes; offence: the field Offence as annotated"""

    action: str
    severity: str
    offence: str

    @property
    def wanted(self) -> tuple[str, str]:
        """The (Offence, Severity) that alone is right; a dive that is an offence is 1.0 whatever its grade."""
        dive = self.action == "Dive" and self.severity != "No offence"
        return self.offence, SEVERITY["No card" if dive else self.severity][1]

    @property
    def otherwise(self) -> str | None:
        """Why the right severity is not what is wanted; None where it is."""
        if self.wanted == SEVERITY[self.severity]:
            return None
        if self.severity == "No offence":
            return SPELLING
        return GRADED if self.offence == "Offence" else UNSURE


def annotations(rows: Iterable[Mapping[str, str]]) -> dict[str, Annotated]:
    """{number of the foul: what is annotated}, from a split of the index, which has a row a view."""
    return {short(row["sample"]): Annotated(row["action"], row["severity"], row["offence"]) for row in rows}


def evaluate(fouls: Mapping[str, Annotated], actions: Mapping[str, Mapping[str, str]]) -> dict[str, float]:
    """{"score", "action", "severity"} in percent: the mean of the two heads, and each. NaN where a class is absent.

    actions: of a prediction file
    """
    answers = [(foul, actions.get(number, {})) for number, foul in fouls.items()]
    action = _balanced(ACTIONS, ((foul.action, answer.get("Action class") == foul.action) for foul, answer in answers))
    given = ((foul, (answer.get("Offence"), answer.get("Severity"))) for foul, answer in answers)
    severity = _balanced(tuple(SEVERITY), ((foul.severity, answer == foul.wanted) for foul, answer in given))
    return {"score": (severity * 0.5 + action * 0.5) * 100, "action": action * 100, "severity": severity * 100}


def _balanced(classes: tuple[str, ...], answers: Iterable[tuple[str, bool]]) -> float:
    """Mean over all classes of the share of right answers. answers: (actual class, whether it was right)"""
    right, total = np.zeros(len(classes)), np.zeros(len(classes))
    for name, found in answers:
        total[classes.index(name)] += 1
        right[classes.index(name)] += found
    with np.errstate(invalid="ignore"):
        return float(np.mean(right / total))


def differences(fouls: Mapping[str, Annotated], actions: Mapping, unread: Iterable[str]) -> Iterator[str]:
    """Where the balanced accuracy counts otherwise, in sentences. unread: fouls of which no clip could be read"""
    missing = fouls.keys() - actions.keys()
    reasons = [foul.otherwise for foul in fouls.values()]
    counts = {text: reasons.count(text) for text in (SPELLING, UNSURE, GRADED)}
    counts |= {UNREAD: len(set(unread) - missing), MISSING: len(missing)}
    yield from (f"{count} of {len(fouls)} fouls: {text}" for text, count in counts.items() if count)
    present = {name for foul in fouls.values() for name in (foul.action, foul.severity)}
    for name in (*ACTIONS, *SEVERITY):
        if name not in present:
            yield f"no foul is annotated {name}: it gives no number then; the balanced accuracy leaves the class out"


def official_lines(found: Mapping) -> list[str]:
    """The same for the terminal. found: the second part of `official`"""
    score = "no number" if found["score"] is None else f"{found['score']:.2f} %"
    return [f"SoccerNet's evaluator of reports/predictions.json: {score}", *found["differences"]]


def official(
    split: str, predictions: dict[str, Predictions], index: Iterable[Mapping[str, str]], trained_on: Counts
) -> tuple[dict, dict]:
    """SoccerNet's prediction file of a split, and its evaluator's result, as JSON.

    index: the rows of the split, also of fouls without a usable clip
    """
    fouls = annotations(index)
    actions = (file := official_submission(split, predictions, fouls, trained_on))["Actions"]
    unread = fouls.keys() - {short(sample) for sample in predictions["action"].samples}
    figures = {name: None if np.isnan(value) else value for name, value in evaluate(fouls, actions).items()}
    return file, {**figures, "fouls": len(fouls), "differences": list(differences(fouls, actions, unread))}


def summary_lines(found: Mapping[str, Any]) -> Iterator[str]:
    """For the table that ends a run. found: from `official`"""
    score, action, severity = (
        "no number" if found[name] is None else f"{found[name]:.2f} %" for name in ("score", "action", "severity")
    )
    yield f"SoccerNet's evaluator: {score} (action {action}, severity {severity})"
    yield from (f"  {line}" for line in found["differences"])
