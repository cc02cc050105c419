"""Boosts and samples of the phases that follow from counts alone. Arguments: their names."""

import sys
from pathlib import Path

from tailwise.balance.boosts import boost_from_counts
from tailwise.balance.counts import count_classes
from tailwise.balance.files import write_rebalance
from tailwise.balance.subset import Rebalance
from tailwise.core.config import read_params, section
from tailwise.core.files import read_json
from tailwise.data.load.manifest import read_labels


def main() -> None:
    params, counts = read_params(), read_json(Path("reports/classes.json"))["train"]
    names, labels = read_labels(Path("data/clips/train/manifest.csv"), list(counts))
    for phase in sys.argv[1:]:
        rebalance = section(params, phase, Rebalance, beside=("train",))
        boost = {head: boost_from_counts(of_head, rebalance.max_weight) for head, of_head in counts.items()}
        chosen = rebalance.samples.choose(labels)
        write_rebalance(Path(f"data/weights/{phase}"), boost, [names[i] for i in chosen])
        print(f"{phase}: {len(chosen)} of {len(names)} samples, boosts up to {rebalance.max_weight:g}")
        seen = count_classes({head: [labels[head][i] for i in chosen] for head in labels}, counts)
        for head, of_head in seen.items():
            print(f"  {head}: " + ", ".join(f"{name} {n} x {boost[head][name]:.2f}" for name, n in of_head.items()))


if __name__ == "__main__":
    main()
