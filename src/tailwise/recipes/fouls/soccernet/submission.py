"""A split's predictions as one file: SoccerNet-MVFoul's prediction file, or the same shape for other data."""

from collections.abc import Iterable

from tailwise.metrics.predictions import Predictions
from tailwise.recipes.fouls.soccernet.prediction_file import prediction_file

Counts = dict[str, dict[str, int]]
"""{head: {class: training samples}}"""


def submission(split: str, predictions: dict[str, Predictions]) -> dict:
    """{"Set", "Actions": {sample: {head: class}}}"""
    actions: dict[str, dict[str, str]] = {}
    for head, of_head in predictions.items():
        for sample, name in predicted(of_head).items():
            actions.setdefault(sample, {})[head] = name
    return {"Set": split, "Actions": actions}


def official_submission(
    split: str, predictions: dict[str, Predictions], fouls: Iterable[str], trained_on: Counts
) -> dict:
    """SoccerNet's prediction file of these fouls, whose numbers the samples' names end in.

    A foul without a prediction, since none of its clips is readable, gets the classes that training saw most often:
    one that is missing in the file counts as wrong.
    """
    heads = ("action", "severity")
    actions, severities = ({short(name): label for name, label in predicted(predictions[of]).items()} for of in heads)
    action, severity = (max(trained_on[head], key=trained_on[head].__getitem__) for head in heads)
    return prediction_file(split, ((foul, actions.get(foul, action), severities.get(foul, severity)) for foul in fouls))


def predicted(predictions: Predictions) -> dict[str, str]:
    """{sample: class}"""
    return {sample: predictions.head.classes[i] for sample, i in zip(predictions.samples, predictions.predicted)}


def short(sample: str) -> str:
    """The foul's number in its annotations: samples are named split/number."""
    return sample.rpartition("/")[2]
