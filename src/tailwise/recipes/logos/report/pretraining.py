"""Contrastive pretraining in the report: what a linear probe finds of the classes in the embedding, and the losses."""

from pathlib import Path
from typing import Any

from tailwise.core.params.config import read_params
from tailwise.core.tables import column, read_table
from tailwise.reporting.history import Column, finite

PHASE = "pretrain"
PROBES = {"accuracy": "accuracy", "macro_recall": "macro recall", "min_recall": "lowest recall"}
LOSS, FOUND = "pairs_loss", "pairs_found"


def pretraining(root: Path) -> dict[str, Any]:
    """{"epochs", "heads": {head: {figure: column}}, "losses": {projection: column}, "found": column, "kept": whether
    phase 1 began with these weights}, of the run in `root`."""
    table = read_table(root / f"reports/training/{PHASE}/epochs.csv", {"epoch": "integer"}, others="number")
    names = [str(name) for name in table.columns]
    heads = [name.removesuffix("_min_recall") for name in names if name.endswith("_min_recall")]
    aspects = [name for name in names if name.startswith("pairs_") and name not in (LOSS, FOUND)]
    started = read_params(root / "reports/config.yaml").get("start", {})
    return {
        "epochs": column(table, "epoch").tolist(),
        "heads": {head: {title: _figure(table, f"{head}_{name}") for name, title in PROBES.items()} for head in heads},
        "losses": {name.removeprefix("pairs_"): _figure(table, name) for name in aspects},
        "found": _figure(table, FOUND),
        "kept": bool(started.get("pretrained")),
    }


def _figure(table: Any, name: str) -> Column:
    return finite(column(table, name).tolist())
