"""Annotations in the layout of SoccerNet-MVFoul, written by hand."""

import json
from pathlib import Path

from tailwise.recipes.fouls.soccernet.reader import HEADS

SEVERITIES = {"No card": "1.0", "Yellow card": "3.0", "Red card": "5.0"}


def foul(action="Tackling", offence="Offence", severity="1.0", clips=2, **other) -> dict:
    """An annotation as the official file has it; {folder} is filled in with its place."""
    usual = {
        "UrlLocal": "england_epl\\2014-2015\\2015-02-21",
        "Offence": offence,
        "Contact": "With contact",
        "Bodypart": "Upper body",
        "Upper body part": "Use of arms",
        "Action class": action,
        "Severity": severity,
        "Multiple fouls": "yes",
        "Try to play": "No",
        "Touch ball": "Maybe",
        "Handball": "Handball",
        "Handball offence": "No offence",
        "Clips": [clip(j) for j in range(clips)],
    }
    return {**usual, **other}


def clip(j: int, **other) -> dict:
    usual = {
        "Url": f"{{folder}}/clip_{j}",
        "Camera type": f"camera {j}",
        "Timestamp": 1000 * j,
        "Replay speed": 1.0 + j,
    }
    return {**usual, **other}


def every_class() -> list[dict]:
    """Fouls in which each class of each head has a sample."""
    severities = [foul(severity=severity) for severity in SEVERITIES.values()]
    return [*map(foul, HEADS["action"]), *severities, foul(offence="No offence")]


def write_split(root: Path, fouls: dict[str, dict] | list[dict], folder="Train", official="Dataset/Train") -> Path:
    """`folder` holds the annotations; their Urls say `official`, as the real ones do."""
    fouls = fouls if isinstance(fouls, dict) else {str(i): of_foul for i, of_foul in enumerate(fouls)}
    for number, of_foul in fouls.items():
        for of_clip in of_foul.get("Clips") or []:
            of_clip["Url"] = of_clip["Url"].replace("{folder}", f"{official}/action_{number}")
    (root / folder).mkdir(parents=True)
    annotations = {"Set": "train", "Number of actions": len(fouls), "Actions": fouls}
    (root / folder / "annotations.json").write_text(json.dumps(annotations))
    return root


def write_data_set(root: Path, **splits: list[dict]) -> Path:
    """Three splits; one that is not given has a match of its own and every class."""
    for name in ("Train", "Valid", "Test"):
        write_split(root, splits.get(name) or [{**of, "UrlLocal": name} for of in every_class()], name)
    return root
