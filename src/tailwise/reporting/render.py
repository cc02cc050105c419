"""The HTML of a report: one file that opens without a network."""

import base64
import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import cast

from jinja2 import BaseLoader, ChoiceLoader, Environment, FileSystemLoader, PrefixLoader, StrictUndefined

from tailwise.metrics.dotted import dotted
from tailwise.metrics.labels import readable
from tailwise.reporting.collect import Facts, Interval
from tailwise.reporting.interventions import notices
from tailwise.reporting.page import Page
from tailwise.reporting.payload import embedded, item_name, payload

WEB = Path(__file__).parent / "web"
SCRIPTS = {
    "result": ("recalls", "committed"),
    "training": tuple(f"training/{name}" for name in ("marks", "lines", "curves", "alerts")),
    "mistakes": ("mistakes",),
    "run": ("log",),
}
"""{section: its scripts}"""
OF_HEADS = {
    "result": ("classes",),
    "training": ("training/each", "training/confusion"),
    "calibration": ("calibration",),
    "mistakes": ("selective",),
    "map": ("map",),
    "explanations": ("explanations",),
}
"""Scripts for pipelines with heads."""


def render(facts: Facts, page: Page) -> str:
    """The report; every name from the data is escaped, and the same facts give the same bytes."""
    style = "".join(file.read_text(encoding="utf8") for file in (WEB / "style.css", *_own(page, page.styles, "css")))
    script = joined([file.read_text(encoding="utf8") for file in scripts(page, bool(facts.history.heads))])
    return (
        environment(page)
        .get_template("report.html")
        .render(
            facts=facts,
            page=page,
            own=facts.own,
            item_name=item_name(facts, page),
            heads=list(facts.history.heads),
            notices=notices(facts.phases, facts.history.interventions, facts.history.computed),
            payload=payload(facts, page),
            style=style,
            script=script,
            policy=policy(style, script),
        )
    )


def environment(page: Page) -> Environment:
    """Jinja with the shared templates, and the pipeline's below own/."""
    loaders: list[BaseLoader] = [FileSystemLoader(WEB)]
    if page.folder:
        loaders.append(PrefixLoader({"own": FileSystemLoader(page.folder)}))
    made = Environment(
        loader=ChoiceLoader(loaders), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    made.filters.update(
        figure=figure, interval=interval, measured=measured, embedded=embedded, dotted=dotted, readable=readable
    )
    return made


def scripts(page: Page, heads: bool) -> list[Path]:
    """Scripts in concatenation order: each may use earlier ones."""
    shown = [name for section in page.sections for name in SCRIPTS.get(section, ())]
    of_heads = [name for section in page.sections for name in OF_HEADS.get(section, ())] if heads else []
    shared = ["dom", "state", "tip", "plot", *(["heads"] if heads else []), *shown, *of_heads]
    files = [WEB / f"script/{name}.js" for name in shared]
    return [*files, *_own(page, page.scripts, "js"), WEB / "script/main.js"]


def _own(page: Page, names: Sequence[str], kind: str) -> list[Path]:
    return [cast(Path, page.folder) / f"{name}.{kind}" for name in names]


def joined(scripts: list[str]) -> str:
    """The scripts as one, with a scope of its own."""
    return '(() => {\n"use strict";\n' + "\n".join(scripts) + "})();\n"


def policy(style: str, script: str) -> str:
    """Content security policy: pictures inside the page, its own style and script by their hash, local files' scripts.

    Network addresses are never allowed.
    """
    kinds = {"style-src": digest(style), "script-src": f"{digest(script)} file:", "img-src": "data:"}
    allowed = "; ".join(f"{kind} {sources}" for kind, sources in kinds.items())
    return f"default-src 'none'; {allowed}; base-uri 'none'; form-action 'none'"


def digest(text: str) -> str:
    """The hash of an element's text for a policy."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def figure(value: float | None, digits: int = 3) -> str:
    """A number for a table; a dash where it is undefined."""
    return "–" if value is None else f"{value:.{digits}f}"


def interval(of: Interval, digits: int = 3) -> str:
    """A number with its interval, as "0.500 (0.400 to 0.600)"; without one, the number alone."""
    if of["value"] is None or of["low"] is None or of["high"] is None:
        return figure(of["value"], digits)
    return f"{of['value']:.{digits}f} ({of['low']:.{digits}f} to {of['high']:.{digits}f})"


def measured(of: Interval, count: int, few: int, item_name: str = "sample", digits: int = 3) -> str:
    """As `interval`; below `few` labels their count instead of the interval, where a bootstrap may show no spread.

    item_name: see `Page`
    """
    if of["value"] is None or count >= few:
        return interval(of, digits)
    return f"{figure(of['value'], digits)} ({count} {item_name if count == 1 else f'{item_name}s'})"
