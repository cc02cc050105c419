"""SoccerNet-MVFoul's prediction file. Source: https://github.com/SoccerNet/sn-mvfoul, README"""

from collections.abc import Iterable, Mapping

SEVERITY = {"No offence": ("No offence", ""), "No card": ("Offence", "1.0"), "Yellow card": ("Offence", "3.0")}
SEVERITY["Red card"] = ("Offence", "5.0")
"""Our severity class to the file's (Offence, Severity)."""

ACTIONS = ("Tackling", "Standing tackling", "High leg", "Holding", "Pushing", "Elbowing", "Challenge", "Dive")


def is_official(heads: Mapping[str, Iterable[str]]) -> bool:
    """Whether {head: classes} are those that the file has words for."""
    known = {"action": set(ACTIONS), "severity": SEVERITY.keys()}
    return heads.keys() == known.keys() and all(set(classes) <= known[head] for head, classes in heads.items())


def prediction_file(split: str, answers: Iterable[tuple[str, str, str]]) -> dict:
    """The file's content from (foul id, action class, severity class), in the order of the ids.

    Raises ValueError for a severity that the file has no words for, and for a foul that comes twice.
    """
    actions = {}
    for foul, action, severity in sorted(answers, key=lambda answer: (len(answer[0]), answer[0])):
        if severity not in SEVERITY:
            raise ValueError(f"severity {severity!r} is none of {', '.join(SEVERITY)}")
        if foul in actions:
            raise ValueError(f"two predictions of foul {foul}")
        offence, grade = SEVERITY[severity]
        actions[foul] = {"Action class": action, "Offence": offence, "Severity": grade}
    return {"Set": split, "Actions": actions}
