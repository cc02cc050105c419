"""Raise a phase's boosts for the classes that an earlier phase left weak.

target_weak_classes.py RECIPE EARLIER-PHASE PHASE --train FOLDER
"""

import argparse
from pathlib import Path

from tailwise.balance.boosts import Target, boost_from_counts, raise_weak
from tailwise.balance.files import read_rebalancing, write_rebalancing
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
    parser.add_argument("earlier")
    parser.add_argument("phase")
    parser.add_argument("--train", type=Path, required=True)
    args = parser.parse_args()

    earlier, phase = args.earlier, args.phase
    params, counts = with_chosen(read_params(), phase), read_json(Path("reports/classes.json"))["train"]
    target, how = (
        section(params, "target", Target),
        section(params, phase, Rebalance, ignore=("inputs", "train", "curriculum", "teacher")),
    )
    measured = read_json(Path(f"reports/training/{earlier}/best.json"))
    boost = {}
    for head, before in read_rebalancing(Path(f"data/weights/{earlier}")).boost.items():
        hits, support = measured[head]["hits"], measured[head]["support"]
        by_count = boost_from_counts(counts[head], how.boost, how.max_weight)
        boost[head] = raise_weak(before, by_count, hits, support, target, how.max_weight)
        higher = {name: b for name, b in boost[head].items() if b > before[name] + 0.005}
        raised = [f"{name} {before[name]:.2f} -> {b:.2f}" for name, b in higher.items()]
        print(f"{phase} {head}: " + (", ".join(raised) or "no class is weak"))
    labels = load_recipe(args.recipe).labels(args.train, list(counts))
    of_phase, lines = rebalance(phase, how, boost, counts, labels, section(params, "balance", Balance))
    print("\n".join(lines))
    write_rebalancing(Path(f"data/weights/{phase}"), of_phase)


if __name__ == "__main__":
    main()
