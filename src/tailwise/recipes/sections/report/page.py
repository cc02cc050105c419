"""What the report of sections shows besides the shared sections: songs as strips, and figures of their structure."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tailwise.core.files import read_json
from tailwise.reporting.page import Page

SCRIPTS = ("strips", "matrices", "songs", "lengths")
"""In the order in which they use each other."""


class SectionsPage(Page):
    """The shared sections, and two of its own: songs and structure."""

    def __init__(self):
        own: dict[str, Any] = {"scripts": SCRIPTS, "styles": ("sections",), "parts": ("mistakes",)}
        super().__init__(
            sections=(
                "result",
                "songs",
                "structure",
                "calibration",
                "training",
                "mistakes",
                "data",
                "certificate",
                "run",
            ),
            item_name="position",
            folder=Path(__file__).parent,
            titles={"songs": "Songs", "structure": "Structure"},
            **own,
        )

    def collect(self, root: Path) -> dict[str, Any]:
        """songs, structure: the files that `tracks.structure.extra` makes."""
        return {name: read_json(root / f"reports/{name}.json") for name in ("songs", "structure")}

    def payload(self, own: Mapping[str, Any]) -> dict[str, Any]:
        """Songs whole; of the structure its lengths and their unit."""
        return {"songs": own["songs"], "structure": {name: own["structure"][name] for name in ("unit", "lengths")}}
