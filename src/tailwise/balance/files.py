"""A phase's rebalancing on disk: ``boost.json`` and ``samples.csv`` in a folder of its own.

Small and rounded, so that a phase whose boost did not change is not trained again.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tailwise.core.files import read_csv, read_json, write_csv, write_json

Acts = Literal["loss", "logits"]
"""Where a boost acts: as a weight of the class in the loss, or as a margin in its logit."""

Boost = dict[str, dict[str, float]]
"""{head: {class: boost}}, every value within [1, max_weight]."""

DIGITS = 4


@dataclass(frozen=True)
class Rebalancing:
    """acts: where the boost acts; samples: names of the training samples of an epoch, with repeats"""

    acts: Acts
    boost: Boost
    samples: list[str]


def write_rebalancing(folder: Path, of_phase: Rebalancing) -> None:
    rounded = {
        head: {name: round(value, DIGITS) for name, value in of_head.items()}
        for head, of_head in of_phase.boost.items()
    }
    write_json(folder / "boost.json", {"acts": of_phase.acts, "boost": rounded})
    write_csv(folder / "samples.csv", ["sample"], ([name] for name in of_phase.samples))


def read_rebalancing(folder: Path) -> Rebalancing:
    saved = read_json(folder / "boost.json")
    return Rebalancing(saved["acts"], saved["boost"], [row["sample"] for row in read_csv(folder / "samples.csv")])
