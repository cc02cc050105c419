"""What the report of logos shows besides the shared sections: images, attention, pretraining and routing."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tailwise.core.files import read_json
from tailwise.recipes.logos.report.pretraining import pretraining
from tailwise.reporting.page import Page

TITLES = {"pretraining": "Pretraining", "routing": "Routing"}
SECTIONS = (
    *("result", "routing", "pretraining", "training", "calibration", "mistakes", "explanations", "map"),
    *("data", "certificate", "run"),
)


class LogosPage(Page):
    """The shared sections; a contact sheet of each class, and images with the model's attention in the mistakes; two
    of its own: routing and pretraining."""

    def __init__(self):
        own: dict[str, Any] = {"scripts": ("pictures", *TITLES), "styles": ("pictures",), "parts": ("mistakes", "data")}
        folder = Path(__file__).parent
        super().__init__(sections=SECTIONS, item_name="image", folder=folder, preview="picture", titles=TITLES, **own)

    def collect(self, root: Path) -> dict[str, Any]:
        """contact: a few training images of each class; routing: what route.py shows; pretraining: see `pretraining`"""
        files = {name: read_json(root / f"reports/{name}.json") for name in ("contact", "routing")}
        return {**files, "pretraining": pretraining(root)}

    def payload(self, own: Mapping[str, Any]) -> dict[str, Any]:
        return {name: own[name] for name in TITLES}
