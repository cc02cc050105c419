"""A small study: tiny splits of digits, a default, two baselines and an ablation."""

from pathlib import Path

from pictures.sources import LongTail, cut, read_digits
from pictures.store import write_split
from study.settings import ROOT, Cells, Dataset, Method, Settings, read_settings
from tailwise.core.files import write_json

FOLDER = ROOT / "pipelines/study"
SETTINGS = read_settings(FOLDER / "params.yaml")
METHODS = {
    "default": Method("default", "default"),
    "plain": Method("baseline", "plain", {"phases.max_weight": 1.0}),
    "post": Method("baseline", "post", like="plain", taus=(0.5, 1.0)),
    "ablation": Method("ablation", "ablation", {"phases.train.clip": 2.0}),
}


def make_place(folder: Path) -> None:
    """Fill a folder with tiny splits."""
    pictures = read_digits()
    for split, indices in cut(pictures, LongTail(1, 4, 8, 3, 3)).items():
        names = [pictures.classes[label] for label in pictures.labels[indices]]
        write_split(folder / "clips" / split, pictures.images[indices], names, indices.tolist())
    write_json(folder / "index/heads.json", {"label": list(pictures.classes)})
    write_json(folder / "classes.json", {"train": {"label": dict.fromkeys(pictures.classes, 1)}})


def settings(seeds: int = 2) -> Settings:
    params = {**SETTINGS.datasets["digits"].params, "phases.train.epochs": 1, "model": {"width": 4}}
    dataset = Dataset("pictures", "clips", "index", "classes.json", params)
    return Settings(Cells(seeds, 1, (0.5, 1.0), 1), {"digits": dataset}, METHODS, SETTINGS.base)
