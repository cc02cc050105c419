"""What the report of actions shows besides the shared sections: film strips, and attention between time steps."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tailwise.core.files import read_json
from tailwise.data.video.strips import GAP
from tailwise.reporting.page import Page

SECTIONS = ("result", "training", "calibration", "mistakes", "map", "data", "certificate", "run")


class ActionsPage(Page):
    """The shared sections; a contact sheet of each class, and clips with the streams' attention in the mistakes."""

    def __init__(self):
        own: dict[str, Any] = {"scripts": ("films",), "styles": ("films",), "parts": ("result", "mistakes", "data")}
        super().__init__(sections=SECTIONS, item_name="clip", folder=Path(__file__).parent, preview="strip", **own)

    def collect(self, root: Path) -> dict[str, Any]:
        """contact: clips of each class; confused: classes that are mixed up; groups: accuracy; survey: of raw clips"""
        names = ("contact", "confused", "intervals", "survey")
        files = {name: read_json(root / f"reports/{name}.json") for name in names}
        groups = files.pop("intervals")["groups"]
        return {**files, "groups": groups}

    def payload(self, own: Mapping[str, Any]) -> dict[str, Any]:
        """gap: pixels between two frames of a strip"""
        return {"gap": GAP}
