"""SoccerNet's evaluator as a plain reading of its rules.

Source: https://github.com/SoccerNet/SoccerNet, SoccerNet/Evaluation/MV_FoulRecognition.py
"""

import numpy as np

from tailwise.recipes.fouls.soccernet.reader import HEADS


def reference(labels: dict[str, dict], actions: dict[str, dict]) -> list[float]:
    """[score, action, severity] in percent, foul by foul from the raw annotations."""
    right, whole = np.zeros((2, 8)), np.zeros((2, 8))
    for number, label in labels.items():
        action, offence, grade = (label[name] for name in ("Action class", "Offence", "Severity"))
        none, vague, unsure = offence.lower() == "no offence", offence in ("", "Between"), grade in ("", "2.0", "4.0")
        if action in ("", "Dont know") or (action != "Dive" and (vague or (unsure and not none))):
            continue
        cell = 0 if none else 1 if unsure else {"1.0": 1, "3.0": 2, "5.0": 3}[grade]
        expected = "" if none else "1.0" if action == "Dive" else grade
        given = actions.get(number, {"Action class": None, "Offence": None, "Severity": None})
        place = HEADS["action"].index(action)
        whole[0, place] += 1
        right[0, place] += given["Action class"] == action
        whole[1, cell] += 1
        right[1, cell] += given["Offence"] == offence and given["Severity"] == expected
    with np.errstate(invalid="ignore"):
        action, severity = np.mean(right[0] / whole[0]), np.mean(right[1, :4] / whole[1, :4])
    return [(severity * 0.5 + action * 0.5) * 100, action * 100, severity * 100]
