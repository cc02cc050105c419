"""The data of the page's scripts: one block of JSON, escaped for HTML."""

import json
from dataclasses import asdict

from markupsafe import Markup

from tailwise.core.files import rounded
from tailwise.metrics.labels import families
from tailwise.reporting.collect import Facts, HeadFacts
from tailwise.reporting.history import OVERALL, HeadHistory, History
from tailwise.reporting.page import Page

CURVE = ("coverage", "risk")
"""What the page draws of answers by how sure they are; their figures are in a table."""
POINTS = ("samples", "positions", "actual", "predicted", "confidence", "x", "y", "pictures", "facets", "method")
"""What the page draws of a map of embeddings."""
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
        "item_name": item_name(facts, page),
        "target": facts.target,
        "few": facts.few,
        "steps": [asdict(step) for step in facts.history.steps],
        "interventions": _by_step(facts.history),
        "figures": facts.history.figures,
        "charts": charts(facts),
        "block_norms": facts.history.block_norms,
        "scores": facts.scores,
        "heads": [
            {"name": name, **_trained(history), **_result(results.get(name)), "mistakes": facts.mistakes.get(name, [])}
            for name, history in facts.history.heads.items()
        ],
        "calibration": {name: _drawn(of_head) for name, of_head in facts.calibration.items()},
        "maps": {name: {key: of[key] for key in POINTS if key in of} for name, of in facts.maps.items()},
        "own": page.payload(facts.own),
        **_headline(facts),
    }


def item_name(facts: Facts, page: Page) -> str:
    """The word for what one label belongs to."""
    return facts.label_name or page.item_name


def charts(facts: Facts) -> list[dict]:
    """[{"title", "shown", "lines": [{"name", "figure"}]}] of the figures of no head, a chart a family.

    figure: key in "figures"; shown: at once, and not only when more is asked for
    """
    known = {name.replace(".", "_"): name for name in facts.labels}
    names = [known.get(column, column) for column in facts.history.figures if column not in OVERALL]
    columns = {known.get(column, column): column for column in facts.history.figures}
    return [
        {
            "title": family,
            "shown": any(name in facts.headline or name not in facts.labels for name in members),
            "lines": [{"name": member or family, "figure": columns[name]} for name, member in members.items()],
        }
        for family, members in families(names, facts.labels).items()
    ]


def _headline(facts: Facts) -> dict:
    """{"headline": [{"name", "path", "value"}]}, if there is any. path: keys in reports/metrics.json"""
    found = [{"name": name, "path": name.split(".", 1), "value": value} for name, value in facts.headline.items()]
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
        "selective": {by: {name: of[name] for name in CURVE} for by, of in head.selective.items()},
        "measured": {name: [getattr(row, name) for row in head.classes] for name in ("recall", "precision", "f1")},
    }
