"""Boosts and samples of the phases that follow from counts alone. Arguments: their names."""

import sys
from pathlib import Path

from tailwise.balance.boosts import boost_from_counts
from tailwise.balance.files import write_rebalancing
from tailwise.balance.guard import Balance
from tailwise.balance.plan import rebalance
from tailwise.balance.subset import Rebalance
from tailwise.core.files import read_json
from tailwise.core.params.auto import with_chosen
from tailwise.core.params.config import read_params, section
from tailwise.data.tables.manifest import read_labels


def main() -> None:
    params, counts = read_params(), read_json(Path("reports/classes.json"))["train"]
    names, labels = read_labels(Path("data/clips/train/manifest.csv"), list(counts))
    balance = section(params, "balance", Balance)
    for phase in sys.argv[1:]:
        how = section(with_chosen(params, phase), phase, Rebalance, beside=("train",))
        boost = {head: boost_from_counts(of_head, how.boost, how.max_weight) for head, of_head in counts.items()}
        of_phase, lines = rebalance(phase, how, boost, counts, names, labels, balance)
        print("\n".join(lines))
        write_rebalancing(Path(f"data/weights/{phase}"), of_phase)


if __name__ == "__main__":
    main()
