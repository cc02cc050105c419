"""The data of the page's scripts: one block of JSON, escaped for HTML."""

import json
from dataclasses import asdict

from markupsafe import Markup

from tailwise.core.files import rounded
from tailwise.reporting.collect import Facts, HeadFacts
from tailwise.reporting.history import HeadHistory, History
from tailwise.reporting.page import Page

UNSAFE = {ord(character): f"\\u{ord(character):04x}" for character in "<>&\u2028\u2029"}


def embedded(value) -> Markup:
    """JSON for a script element, with HTML and JavaScript special characters as \\uXXXX."""
    text = json.dumps(rounded(value), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return Markup(text.translate(UNSAFE))


def payload(facts: Facts, page: Page) -> dict:
    """Names once, then columns: steps are epochs of all phases, classes in index order."""
    results = {head.name: head for head in facts.heads}
    return {
        "phases": facts.phases,
        "item_name": page.item_name,
        "target": facts.target,
        "few": facts.few,
        "steps": [asdict(step) for step in facts.history.steps],
        "interventions": _by_step(facts.history),
        "figures": facts.history.figures,
        "scores": facts.scores,
        "heads": [
            {"name": name, **_trained(history), **_result(results.get(name)), "mistakes": facts.mistakes.get(name, [])}
            for name, history in facts.history.heads.items()
        ],
        "calibration": {name: _drawn(of_head) for name, of_head in facts.calibration.items()},
        "own": page.payload(facts.own),
        **_headline(facts),
    }


def _headline(facts: Facts) -> dict:
    """{"headline": [{"name", "path", "value"}]}, if there is any. path: keys in reports/metrics.json"""
    found = [{"name": name, "path": name.split("."), "value": value} for name, value in facts.headline.items()]
    return {"headline": found} if found else {}


def _by_step(history: History) -> list[list[str]]:
    """The interventions of each step, a line each."""
    found: dict[tuple[str, int], list[str]] = {(step.phase, step.epoch): [] for step in history.steps}
    for each in (each for of_phase in history.interventions.values() for each in of_phase):
        found[each.phase, each.epoch].append(each.line)
    return list(found.values())


def _drawn(calibration: dict) -> dict:
    """What the page draws of a head's calibration; its figures are in a table."""
    return {name: calibration[name] for name in ("method", "reliability", "histogram")}


def _trained(history: HeadHistory) -> dict:
    return {
        "classes": history.classes,
        "figures": history.figures,
        "over_epochs": history.by_class,
        "confusion": history.confusion,
    }


def _result(head: HeadFacts | None) -> dict:
    if head is None:
        return {}
    return {
        "train": [row.train for row in head.classes],
        "valid": [row.valid for row in head.classes],
        "predicted": [row.predicted for row in head.classes],
        "validation": {name: figure["value"] for name, figure in head.figures.items()},
        "measured": {name: [getattr(row, name) for row in head.classes] for name in ("recall", "precision", "f1")},
    }
