"""What the report of fouls shows besides the shared sections.

Film strips with the attention over views, the quality of the clips, and SoccerNet's evaluator.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tailwise.core.files import read_json
from tailwise.data.video.strips import GAP
from tailwise.reporting.page import Page

QUALITY = {"faulty": "faulty clips", "dropped": "samples left out", "duplicates": "contents in several clips"}
"""{list in quality.json: title of the column with its length}"""


class FoulsPage(Page):
    """The shared sections, four of them with parts of this folder."""

    def __init__(self):
        parts = ("result", "mistakes", "data", "certificate")
        sections = (
            "result",
            "training",
            "calibration",
            "mistakes",
            "explanations",
            "map",
            "data",
            "certificate",
            "run",
        )
        own: dict[str, Any] = {"scripts": ("films",), "styles": ("films",), "preview": "strip"}
        super().__init__(sections=sections, folder=Path(__file__).parent, parts=parts, **own)

    def collect(self, root: Path) -> dict[str, Any]:
        """official: {split: the evaluator's figures beside the balanced accuracy}; quality, contact: their files."""
        names = ("intervals", "metrics", "certificate", "quality", "contact")
        found = {name: read_json(root / f"reports/{name}.json") for name in names}
        figures = {"valid": found["metrics"], "test": found["certificate"]["figures"]}
        official = {"valid": found["intervals"].get("official"), "test": found["certificate"].get("official")}
        return {
            "official": {split: of and evaluated(of, figures[split]) for split, of in official.items()},
            "quality": found["quality"],
            "contact": found["contact"],
        }

    def columns(self, own: Mapping[str, Any]) -> dict[str, dict[str, int]]:
        """How many clips and samples of each split have a fault."""
        splits = own["quality"].items()
        return {title: {split: len(of[name]) for split, of in splits} for name, title in QUALITY.items()}

    def payload(self, own: Mapping[str, Any]) -> dict[str, Any]:
        """gap: pixels between two frames of a strip"""
        return {"gap": GAP}


def evaluated(official: dict[str, Any], figures: dict[str, Any]) -> dict[str, Any]:
    """SoccerNet's figures of a split beside its balanced accuracy and macro recalls."""
    recalls = {
        head: of["macro_recall"] for head, of in figures.items() if isinstance(of, dict) and "macro_recall" in of
    }
    return {"official": official, "recalls": recalls, "balanced": figures["balanced_accuracy"]}
