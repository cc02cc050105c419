"""What the page's script works on: one block of JSON, which no name can leave."""

import json
from dataclasses import asdict

from markupsafe import Markup

from tailwise.core.files import rounded
from tailwise.data.video.strips import GAP
from tailwise.reporting.collect import Facts, HeadFacts
from tailwise.reporting.history import HeadHistory, History

UNSAFE = {ord(character): f"\\u{ord(character):04x}" for character in "<>&\u2028\u2029"}


def embedded(value) -> Markup:
    """JSON for the inside of a script element: what HTML or JavaScript could take for its own stands as \\uXXXX."""
    text = json.dumps(rounded(value), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return Markup(text.translate(UNSAFE))


def payload(facts: Facts) -> dict:
    """Names once, then columns: steps are epochs of all phases, classes in index order."""
    return {
        "gap": GAP,
        "phases": facts.phases,
        "target": facts.target,
        "few": facts.few,
        "steps": [asdict(step) for step in facts.history.steps],
        "interventions": _by_step(facts.history),
        "figures": facts.history.figures,
        "heads": [_head(head, facts.history.heads[head.name]) for head in facts.heads],
    }


def _by_step(history: History) -> list[list[str]]:
    """What was done in each step, a line each."""
    found: dict[tuple[str, int], list[str]] = {(step.phase, step.epoch): [] for step in history.steps}
    for each in (each for of_phase in history.interventions.values() for each in of_phase):
        found[each.phase, each.epoch].append(each.line)
    return list(found.values())


def _head(head: HeadFacts, history: HeadHistory) -> dict:
    return {
        "name": head.name,
        "classes": [row.name for row in head.classes],
        "train": [row.train for row in head.classes],
        "valid": [row.valid for row in head.classes],
        "predicted": [row.predicted for row in head.classes],
        "judged": {name: [getattr(row, name) for row in head.classes] for name in ("recall", "precision", "f1")},
        "figures": history.figures,
        "over_epochs": history.classes,
        "confusion": history.confusion,
        "mistakes": head.mistakes,
    }
