"""The comparison as one HTML page that opens without a network."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from tailwise.compare.analysis import Comparison, Difference, Figure
from tailwise.compare.rows import Row, differing, other_sources
from tailwise.compare.text import HOW, HOW_MODELS, estimated, how_different, probability, signed, spanned
from tailwise.evaluation.intervals import Interval
from tailwise.evaluation.limits import FEW
from tailwise.metrics.statistics import Estimate
from tailwise.reporting.payload import embedded
from tailwise.reporting.render import WEB as SHARED
from tailwise.reporting.render import joined, policy

WEB = Path(__file__).parent / "web"
SCRIPTS = [SHARED / "script/dom.js", SHARED / "script/tip.js"]
SCRIPTS += [WEB / f"{name}.js" for name in ("table", "ranking", "pairs", "classes", "cost", "main")]


def render(found: Comparison) -> str:
    """The page; all names are escaped, and the same comparison gives the same bytes."""
    style = "".join(file.read_text(encoding="utf8") for file in (SHARED / "style.css", WEB / "compare.css"))
    script = joined([file.read_text(encoding="utf8") for file in SCRIPTS])
    made = Environment(
        loader=FileSystemLoader(WEB), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    made.filters.update(embedded=embedded, probability=probability, spanned=spanned)
    return made.get_template("compare.html").render(
        found=found,
        figure_cells=[_figure_cells(found, number) for number in range(len(found.rows))],
        differences=[_difference_cells(found, number) for number in range(len(found.rows) - 1)],
        params=_params(found.rows),
        how=HOW,
        how_different=how_different(found),
        how_models=HOW_MODELS,
        payload=payload(found),
        style=style,
        script=script,
        policy=policy(style, script),
    )


def payload(found: Comparison) -> dict[str, Any]:
    """The data of the page's scripts: rows by number, the first as 0."""
    return {
        "rows": [{"label": row.label, "seeds": list(row.of_seed)} for row in found.rows],
        "few": FEW,
        "figures": [_figure(found, figure) for figure in found.figures],
        "heads": [_head(found, name) for name in found.classes if any(found.classes[name])],
        "costs": found.costs if any(found.costs) else [],
    }


def _figure(found: Comparison, figure: Figure) -> dict[str, Any]:
    spans = found.spans.get(figure.name, {})
    estimates = found.estimates[figure.name]
    return {
        "title": figure.title,
        "unit": figure.unit,
        "lower": figure.lower,
        "rows": [_interval(each, spans.get(number)) for number, each in enumerate(estimates)],
        "values": [list(row.values(figure.name).values()) for row in found.rows],
        "pairs": [[*pair, *_pair(each)] for pair, each in found.pairs[figure.name].items()],
    }


def _interval(found: Estimate | None, span: Interval | None) -> dict[str, Any] | None:
    """{"value", "low", "high", "over": what the interval is over}"""
    if found is None:
        return None
    if found.half is not None:
        return {"value": found.mean, "low": found.mean - found.half, "high": found.mean + found.half, "over": "seeds"}
    ends = (span.low, span.high) if span else (None, None)
    return {"value": found.mean, "low": ends[0], "high": ends[1], "over": "groups"}


def _pair(found: Difference) -> list[float | int | None]:
    """Mean, half of the interval, p, seeds."""
    return [found.estimate.mean, found.estimate.half, found.p, found.estimate.count]


def _head(found: Comparison, head: str) -> dict[str, Any]:
    """Differences of recall of a head's classes, of each row but the first."""
    return {
        "name": head,
        "rows": [
            [
                {"name": each.name, "labels": each.labels, "value": each.estimate.mean, "half": each.estimate.half}
                for each in of_row
            ]
            for of_row in found.classes[head]
        ],
    }


def _figure_cells(found: Comparison, number: int) -> list[tuple[str, float | None]]:
    """(text, number to sort by) of each figure of a row."""
    cells = []
    for figure in found.figures:
        each = found.estimates[figure.name][number]
        text = estimated(each, figure, found.spans.get(figure.name, {}).get(number))
        cells.append((text, each.mean if each else None))
    return cells


def _difference_cells(found: Comparison, number: int) -> list[dict[str, Any]]:
    """Of a row but the first, one for each figure that has one."""
    cells = []
    for figure in found.figures:
        if each := found.differences[figure.name][number]:
            sure = each.p is not None and each.p < 0.05
            better = (each.estimate.mean < 0) == figure.lower
            told = {"figure": figure.title, "text": signed(each.estimate, figure), "of": each}
            cells.append({**told, "look": ("pass" if better else "fail") if sure else ""})
    return cells


def _params(rows: Sequence[Row]) -> dict[str, list[str]]:
    """{dotted key: its value in each row} of what differs between the rows; and of the paths of code."""
    first = rows[0].first
    keys = dict.fromkeys(key for row in rows for key in differing(row.first.params, first.params))
    found = {key: [str(row.first.params.get(key, "–")) for row in rows] for key in keys}
    paths = dict.fromkeys(path for row in rows for path in other_sources(row.first, first))
    return {**found, **{path: [row.first.sources.get(path, "–")[:7] for row in rows] for path in paths}}
