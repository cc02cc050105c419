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
                "explanations",
                "map",
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
        """songs, structure: the files that `tracks.structure.extra` makes; decoding: a sentence on the answers."""
        files = {name: read_json(root / f"reports/{name}.json") for name in ("songs", "structure", "decoding")}
        return {**files, "decoding": describe_decoding(next(iter(files["decoding"].values())))}

    def payload(self, own: Mapping[str, Any]) -> dict[str, Any]:
        """Songs whole; of the structure its lengths and their unit."""
        return {"songs": own["songs"], "structure": {name: own["structure"][name] for name in ("unit", "lengths")}}


def describe_decoding(chosen: Mapping[str, Any]) -> str:
    """How answers follow from probabilities. chosen: a head's part of reports/decoding.json"""
    if chosen["kind"] == "most_probable":
        return "The answers are the most probable class of each position."
    settings = ", ".join(f"{name} {value:g}" for name, value in chosen["chosen"].items() if not name.endswith("f1"))
    before, after = (chosen[name]["boundary_f1"] for name in ("most_probable", "chosen"))
    return (
        f"The answers are decoded by {chosen['kind']}, {settings}; on the calibration songs the mean boundary F1 is "
        f"{after:.3f}, and {before:.3f} for the most probable classes."
    )
