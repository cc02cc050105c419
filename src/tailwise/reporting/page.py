"""The report of a pipeline: which sections it shows, and what the pipeline adds to them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SECTIONS = {
    "result": "Result",
    "training": "Training",
    "mistakes": "Mistakes",
    "data": "Data",
    "certificate": "Certificate",
    "run": "Run",
}
"""The shared sections in their usual order: {name: title in the navigation}."""
MORE_SECTIONS = {"calibration": "Calibration", "explanations": "Explanations", "map": "Map"}
"""Shared sections of pipelines that have the stage for them; a page names them."""


@dataclass(frozen=True)
class Page:
    """What a report shows. A pipeline without additions uses this class as it is.

    sections: in order, names of SECTIONS, MORE_SECTIONS or of `titles`; each needs the files that its stages
        write (see collect.py)
    item_name: the word, in the singular, for what one label belongs to: sample, foul, line of a song
    folder: has the pipeline's templates (Jinja), scripts and styles
    titles: {name: title} of the pipeline's own sections, each a template ``<name>.html``
    parts: shared sections that the pipeline adds to, each by a template ``<name>.html``
    preview: template ``<name>.html`` of what the recipe's `show` gives of a `sample`; "" if it gives nothing
    scripts, styles: names of ``*.js`` and ``*.css`` in order

    Templates find `facts`, `page`, `own` (from `collect`) and the macros of ``macros.html``. Scripts share the scope of
    the page's; one may set `own.explain` (mistake -> nodes of its card) and read `facts.own` (from `payload`).
    """

    sections: Sequence[str] = tuple(SECTIONS)
    item_name: str = "sample"
    folder: Path | None = None
    titles: Mapping[str, str] = field(default_factory=dict)
    parts: Sequence[str] = ()
    scripts: Sequence[str] = ()
    styles: Sequence[str] = ()
    preview: str = ""

    def __post_init__(self):
        known = {**SECTIONS, **MORE_SECTIONS, **self.titles}
        if unknown := [name for name in (*self.sections, *self.parts) if name not in known]:
            raise ValueError(f"the report has no section {unknown[0]!r}; there are: {', '.join(known)}")

    def collect(self, root: Path) -> dict[str, Any]:
        """The pipeline's own facts of the run in `root`, which its templates find as `own`."""
        return {}

    def columns(self, own: Mapping[str, Any]) -> Mapping[str, Mapping[str, int]]:
        """More columns of the table of splits: {title: {split: count}}."""
        return {}

    def payload(self, own: Mapping[str, Any]) -> dict[str, Any]:
        """JSON that its scripts find as `facts.own`."""
        return {}

    def navigation(self) -> list[tuple[str, str]]:
        """(name, title) of the sections in their order."""
        known = {**SECTIONS, **MORE_SECTIONS, **self.titles}
        return [(name, known[name]) for name in self.sections]

    def template(self, section: str) -> str:
        """Where the loader finds the template of a section."""
        return f"own/{section}.html" if section in self.titles else f"sections/{section}.html"
