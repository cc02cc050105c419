"""The report: one HTML file that opens without a network."""

import base64
import hashlib
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from tailwise.reporting.collect import Facts, Interval
from tailwise.reporting.interventions import notices
from tailwise.reporting.payload import embedded, payload

WEB = Path(__file__).parent / "web"
SCRIPTS = (
    "dom",
    "state",
    "tip",
    "recalls",
    "marks",
    "lines",
    "curves",
    "confusion",
    "tables",
    "mistakes",
    "log",
    "main",
)
"""In the order in which they are joined: each may use what stands before it."""


def page(facts: Facts) -> str:
    """HTML of the report; every name from the data is escaped, and the same facts give the same bytes."""
    style = (WEB / "style.css").read_text(encoding="utf8")
    script = joined({name: (WEB / f"script/{name}.js").read_text(encoding="utf8") for name in SCRIPTS})
    environment = Environment(
        loader=FileSystemLoader(WEB), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters.update(figure=figure, interval=interval, measured=measured, embedded=embedded)
    shown = {"notices": notices(facts.phases, facts.history.interventions, facts.history.computed)}
    return environment.get_template("report.html").render(
        facts=facts, payload=payload(facts), style=style, script=script, policy=policy(style, script), **shown
    )


def joined(scripts: dict[str, str]) -> str:
    """The scripts as one, whose names are its own."""
    return '(() => {\n"use strict";\n' + "\n".join(scripts.values()) + "})();\n"


def policy(style: str, script: str) -> str:
    """Content security policy: pictures inside the page, its own style and script by their hash, local files' scripts.

    No address of a network is allowed for anything.
    """
    kinds = {"style-src": digest(style), "script-src": f"{digest(script)} file:", "img-src": "data:"}
    allowed = "; ".join(f"{kind} {sources}" for kind, sources in kinds.items())
    return f"default-src 'none'; {allowed}; base-uri 'none'; form-action 'none'"


def digest(text: str) -> str:
    """Of the text of an element, as a policy names it."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def figure(value: float | None, digits: int = 3) -> str:
    """A number for a table; a dash where it is undefined."""
    return "–" if value is None else f"{value:.{digits}f}"


def interval(of: Interval, digits: int = 3) -> str:
    """A number with its interval, as "0.500 (0.400 to 0.600)"; without one, the number alone."""
    if of["value"] is None or of["low"] is None or of["high"] is None:
        return figure(of["value"], digits)
    return f"{of['value']:.{digits}f} ({of['low']:.{digits}f} to {of['high']:.{digits}f})"


def measured(of: Interval, samples: int, few: int, digits: int = 3) -> str:
    """As `interval`; of fewer than `few` samples their number instead, for a bootstrap may see no spread in them."""
    if of["value"] is None or samples >= few:
        return interval(of, digits)
    return f"{figure(of['value'], digits)} ({samples} {'sample' if samples == 1 else 'samples'})"
