"""Probably wrong labels as a page to look through, with what the samples look like; it opens without a network."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from tailwise.evaluation.label_errors import Suspect
from tailwise.reporting.render import WEB, policy

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Found:
    """labels: how many were judged; left: how many suspects are not among these"""

    head: str
    suspects: Sequence[Suspect]
    labels: int
    left: int = 0


def render(heads: Sequence[Found], pictures: Mapping[str, str]) -> str:
    """The page; all names are escaped. pictures: {sample: data URI}, of those that have one"""
    style = (WEB / "style.css").read_text(encoding="utf8") + (FOLDER / "page.css").read_text(encoding="utf8")
    loader = FileSystemLoader(FOLDER)
    made = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return made.get_template("page.html").render(heads=heads, pictures=pictures, style=style, policy=policy(style, ""))
