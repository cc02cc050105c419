"""A split's answers as one file: SoccerNet-MVFoul's prediction file, or the same shape for other data."""

from collections.abc import Iterable

from tailwise.evaluation.predictions import Outcomes
from tailwise.recipes.fouls.soccernet.prediction_file import prediction_file

Counts = dict[str, dict[str, int]]
"""{head: {class: training samples}}"""


def submission(split: str, outcomes: dict[str, Outcomes]) -> dict:
    """{"Set", "Actions": {sample: {head: class}}}"""
    actions: dict[str, dict[str, str]] = {}
    for head, of_head in outcomes.items():
        for sample, name in predicted(of_head).items():
            actions.setdefault(sample, {})[head] = name
    return {"Set": split, "Actions": actions}


def official_submission(split: str, outcomes: dict[str, Outcomes], fouls: Iterable[str], trained_on: Counts) -> dict:
    """SoccerNet's prediction file of these fouls, whose numbers the samples' names end in.

    A foul without an answer, as none of its clips could be read, gets the classes that training saw most often:
    one that is missing in the file counts as wrong.
    """
    actions, severities = (
        {short(sample): name for sample, name in predicted(outcomes[head]).items()} for head in ("action", "severity")
    )
    action, severity = (max(trained_on[head], key=trained_on[head].get) for head in ("action", "severity"))
    return prediction_file(split, ((foul, actions.get(foul, action), severities.get(foul, severity)) for foul in fouls))


def predicted(outcomes: Outcomes) -> dict[str, str]:
    """{sample: class}"""
    return {sample: outcomes.classes[i] for sample, i in zip(outcomes.samples, outcomes.predictions)}


def short(sample: str) -> str:
    """The foul's number in its annotations: samples are named split/number."""
    return sample.rpartition("/")[2]
