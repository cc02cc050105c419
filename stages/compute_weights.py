"""Boosts and samples of the phases that follow from counts alone: compute_weights.py RECIPE PHASE... --train FOLDER."""

import argparse
from pathlib import Path

from tailwise.balance.boosts import boost_from_counts
from tailwise.balance.files import write_rebalancing
from tailwise.balance.guard import Balance
from tailwise.balance.plan import rebalance
from tailwise.balance.subset import Rebalance
from tailwise.core.files import read_json
from tailwise.core.params.auto import with_chosen
from tailwise.core.params.config import read_params, section
from tailwise.recipes.recipe import load_recipe


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("recipe")
    parser.add_argument("phases", nargs="+")
    parser.add_argument("--train", type=Path, required=True)
    args = parser.parse_args()

    params, counts = read_params(), read_json(Path("reports/classes.json"))["train"]
    labels, balance = load_recipe(args.recipe).labels(args.train, list(counts)), section(params, "balance", Balance)
    for phase in args.phases:
        how = section(with_chosen(params, phase), phase, Rebalance, ignore=("inputs", "train", "curriculum", "teacher"))
        boost = {head: boost_from_counts(of_head, how.boost, how.max_weight) for head, of_head in counts.items()}
        of_phase, lines = rebalance(phase, how, boost, counts, labels, balance)
        print("\n".join(lines))
        write_rebalancing(Path(f"data/weights/{phase}"), of_phase)


if __name__ == "__main__":
    main()
