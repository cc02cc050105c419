"""Boosts of a phase from the counts of its tags, position by position. Arguments: the phase."""

import sys
from pathlib import Path

from tailwise.balance.boosts import boost_from_counts
from tailwise.balance.counts import count_classes
from tailwise.balance.files import Rebalancing, write_rebalancing
from tailwise.balance.subset import Rebalance
from tailwise.core.files import read_csv, read_json
from tailwise.core.params.config import read_params, section


def main() -> None:
    phase, rows = sys.argv[1], read_csv(Path("data/songs/train/manifest.csv"))
    rebalance = section(read_params(), phase, Rebalance, beside=("train",))
    tags = {"tag": [tag for row in rows for tag in row["tags"].split() if tag != "-"]}
    counts = count_classes(tags, read_json(Path("data/index/heads.json")))
    boost = {
        head: boost_from_counts(of_head, rebalance.boost, rebalance.max_weight) for head, of_head in counts.items()
    }
    names = [row["sample"] for row in rows]
    chosen = rebalance.samples.choose({"sample": names})
    write_rebalancing(Path(f"data/weights/{phase}"), Rebalancing(rebalance.acts, boost, [names[i] for i in chosen]))


if __name__ == "__main__":
    main()
