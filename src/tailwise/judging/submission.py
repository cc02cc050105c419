"""A split's answers as one file: SoccerNet-MVFoul's prediction file, or the same shape for other heads."""

from tailwise.judging.official import is_official, prediction_file
from tailwise.judging.outcomes import Outcomes


def submission(split: str, outcomes: dict[str, Outcomes]) -> dict:
    """The official file where the heads are the official ones, else {"Set", "Actions": {sample: {head: class}}}."""
    if is_official({head: of_head.classes for head, of_head in outcomes.items()}):
        severities = predicted(outcomes["severity"])
        fouls = {sample: action for sample, action in predicted(outcomes["action"]).items() if sample in severities}
        return prediction_file(split, ((short(sample), action, severities[sample]) for sample, action in fouls.items()))
    actions: dict[str, dict[str, str]] = {}
    for head, of_head in outcomes.items():
        for sample, name in predicted(of_head).items():
            actions.setdefault(sample, {})[head] = name
    return {"Set": split, "Actions": actions}


def predicted(outcomes: Outcomes) -> dict[str, str]:
    """{sample: class}"""
    return {sample: outcomes.classes[i] for sample, i in zip(outcomes.samples, outcomes.predictions)}


def short(sample: str) -> str:
    """The foul's number in its annotations: samples are named split/number."""
    return sample.rpartition("/")[2]
