"""What the report of logos shows besides the shared sections: the images themselves, and where the model looked."""

from pathlib import Path
from typing import Any

from tailwise.core.files import read_json
from tailwise.reporting.page import Page

SECTIONS = ("result", "training", "calibration", "mistakes", "map", "data", "certificate", "run")


class LogosPage(Page):
    """The shared sections; a contact sheet of each class, and images with the model's attention in the mistakes."""

    def __init__(self):
        own: dict[str, Any] = {"scripts": ("pictures",), "styles": ("pictures",), "parts": ("mistakes", "data")}
        super().__init__(sections=SECTIONS, item_name="image", folder=Path(__file__).parent, preview="picture", **own)

    def collect(self, root: Path) -> dict[str, Any]:
        """contact: a few training images of each class"""
        return {"contact": read_json(root / "reports/contact.json")}
