"""Write SoccerNet-MVFoul's `annotations.json`, where every value of a foul is a string."""

import numpy as np

from tailwise.recipes.fouls.demo.scene.plan import ACTIONS, Demo, Foul, View, stream

HANDS, SHOULDER, LEGS = ("Upper body", "Use of arms"), ("Upper body", "Use of shoulder"), ("Under body", "")
BODY_PARTS = {
    "Tackling": LEGS,
    "Standing tackling": LEGS,
    "High leg": LEGS,
    "Holding": HANDS,
    "Pushing": HANDS,
    "Elbowing": HANDS,
    "Challenge": SHOULDER,
    "Dive": ("", ""),
}
OFFICIAL_SEVERITY = ("", "1.0", "3.0", "5.0")


def annotate_split(demo: Demo, split: str, fouls: list[Foul]) -> dict:
    """The content of a split's `annotations.json`."""
    actions = {str(foul.index): annotate(demo, foul) for foul in fouls}
    return {"Set": split.lower(), "Number of actions": len(fouls), "Actions": actions}


def annotate(demo: Demo, foul: Foul) -> dict:
    """One entry of `Actions`."""
    rng = stream(demo.seed, "plan", foul.split, 1 + foul.index)
    return {
        "UrlLocal": match_name(foul),
        **labels(foul, rng),
        **circumstances(foul, rng),
        "Clips": [annotate_clip(foul, number, view) for number, view in enumerate(foul.views)],
    }


def match_name(foul: Foul) -> str:
    """A made-up match, named with backslashes as the official files do."""
    return rf"demo_league\2024-2025\{foul.split} match {foul.match:03d} Home - Away"


def labels(foul: Foul, rng: np.random.Generator) -> dict[str, str]:
    innocent = "No Offence" if rng.random() < 0.2 else "No offence"
    named = {
        "Offence": "Offence" if foul.severity else innocent,
        "Action class": ACTIONS[foul.action],
        "Severity": OFFICIAL_SEVERITY[foul.severity],
    }
    spoilt = {
        "": {},
        "between": {"Offence": "Between"},
        "severity 2.0": {"Severity": "2.0"},
        "severity 4.0": {"Severity": "4.0"},
        "dont know": {"Action class": "Dont know"},
    }
    return named | spoilt[foul.fault]


def circumstances(foul: Foul, rng: np.random.Generator) -> dict[str, str]:
    """Fields that are not labels, with the spellings of the official files."""
    name = ACTIONS[foul.action]
    part, upper = BODY_PARTS[name]
    shoulders = upper + "s" if upper == SHOULDER[1] and rng.random() < 0.3 else upper
    return {
        "Contact": "Without contact" if name == "Dive" else "With contact",
        "Bodypart": part,
        "Upper body part": shoulders,
        "Multiple fouls": str(rng.choice(["No", "No", "No", "Yes", "yes", ""])),
        "Try to play": str(rng.choice(["Yes", "No", ""])),
        "Touch ball": str(rng.choice(["No", "Yes", "Maybe", ""])),
        "Handball": "No handball",
        "Handball offence": "",
    }


def annotate_clip(foul: Foul, number: int, view: View) -> dict:
    return {
        "Url": f"Dataset/{foul.split}/action_{foul.index}/clip_{number}",
        "Camera type": view.camera,
        "Timestamp": view.timestamp_ms,
        "Replay speed": view.speed,
    }
