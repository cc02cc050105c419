"""A phase's rebalancing on disk: ``boost.json`` and ``samples.csv`` in a folder of its own.

Small and rounded, so that a phase whose boost did not change is not trained again.
"""

from pathlib import Path

from tailwise.core.files import read_csv, read_json, write_csv, write_json

Boost = dict[str, dict[str, float]]
"""{head: {class: boost}}, every value within [1, max_weight]."""

DIGITS = 4


def write_rebalance(folder: Path, boost: Boost, samples: list[str]) -> None:
    """boost: {head: {class: boost}}; samples: names of the training samples the phase sees."""
    rounded = {head: {name: round(value, DIGITS) for name, value in of_head.items()} for head, of_head in boost.items()}
    write_json(folder / "boost.json", rounded)
    write_csv(folder / "samples.csv", ["sample"], ([name] for name in samples))


def read_boost(folder: Path) -> Boost:
    return read_json(folder / "boost.json")


def read_samples(folder: Path) -> list[str]:
    return [row["sample"] for row in read_csv(folder / "samples.csv")]
