"""Aim a phase at the classes that an earlier one left weak. Arguments: earlier phase, phase."""

import sys
from pathlib import Path

from tailwise.balance.boosts import Target, raise_weak
from tailwise.balance.files import read_boost, write_rebalance
from tailwise.balance.subset import Rebalance
from tailwise.core.config import read_params, section
from tailwise.core.files import read_json
from tailwise.data.load.manifest import read_labels


def main() -> None:
    earlier, phase = sys.argv[1:]
    params, counts = read_params(), read_json(Path("reports/classes.json"))["train"]
    target, rebalance = section(params, "target", Target), section(params, phase, Rebalance, beside=("train",))
    measured = read_json(Path(f"reports/training/{earlier}/best.json"))
    before = read_boost(Path(f"data/weights/{earlier}"))
    boost = {}
    for head, of_head in before.items():
        hits, support = measured[head]["hits"], measured[head]["support"]
        boost[head] = raise_weak(of_head, counts[head], hits, support, target, rebalance.max_weight)
        raised = [f"{name} {of_head[name]:.2f} -> {b:.2f}" for name, b in boost[head].items() if b > of_head[name]]
        print(f"{phase} {head}: " + (", ".join(raised) or "no class is weak"))
    names, labels = read_labels(Path("data/clips/train/manifest.csv"), list(counts))
    write_rebalance(Path(f"data/weights/{phase}"), boost, [names[i] for i in rebalance.samples.choose(labels)])


if __name__ == "__main__":
    main()
