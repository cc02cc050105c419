"""What the report of actions shows besides the shared sections: film strips, and attention between time steps."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tailwise.core.files import read_json
from tailwise.data.video.strips import GAP
from tailwise.reporting.page import Page

TITLES = {"streams": "Streams"}
SECTIONS = (
    "result",
    "training",
    "calibration",
    "mistakes",
    "explanations",
    "streams",
    "map",
    "data",
    "certificate",
    "run",
)


class ActionsPage(Page):
    """The shared sections; a contact sheet of each class, and clips with the streams' attention in the mistakes."""

    def __init__(self):
        own: dict[str, Any] = {"scripts": ("films",), "styles": ("films",), "parts": ("result", "mistakes", "data")}
        folder = Path(__file__).parent
        super().__init__(sections=SECTIONS, item_name="clip", folder=folder, preview="strip", titles=TITLES, **own)

    def collect(self, root: Path) -> dict[str, Any]:
        """contact: clips of each class; confused: classes that are mixed up; groups: accuracy; survey: of raw clips;
        insight: of the streams"""
        names = ("contact", "confused", "intervals", "survey", "insight")
        files = {name: read_json(root / f"reports/{name}.json") for name in names}
        groups = files.pop("intervals")["groups"]
        return {**files, "groups": groups}

    def payload(self, own: Mapping[str, Any]) -> dict[str, Any]:
        """gap: pixels between two frames of a strip; insight: {head: averages by class}"""
        return {"gap": GAP, "insight": own["insight"]}
