"""Which samples each epoch of a phase draws, the easiest first: plan_curriculum.py RECIPE PHASE --train FOLDER.

Without a curriculum the table of epochs has no rows, and nothing else is read.
"""

import argparse
from pathlib import Path

from tailwise.balance.curriculum import Curriculum
from tailwise.balance.epochs import check_curriculum, plan_curriculum
from tailwise.balance.files import read_difficulty, read_rebalancing, write_curriculum
from tailwise.balance.guard import Balance
from tailwise.core.files import read_json
from tailwise.core.params.config import read_params, section
from tailwise.core.params.typed import convert
from tailwise.recipes.recipe import load_recipe


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("recipe")
    parser.add_argument("phase")
    parser.add_argument("--train", type=Path, required=True)
    args = parser.parse_args()

    phase, schedule = args.phase, {}
    if asked := read_json(Path(f"data/curricula/{phase}.json")):
        how, counts = (
            convert(Curriculum, asked, f"{phase}.curriculum"),
            read_json(Path("reports/classes.json"))["train"],
        )
        labels, of_phase = (
            load_recipe(args.recipe).labels(args.train, list(counts)),
            read_rebalancing(Path(f"data/weights/{phase}")),
        )
        schedule = plan_curriculum(phase, how, read_difficulty(Path("data/difficulty/train.csv")), of_phase, labels)
        limit = section(read_params(), "balance", Balance)
        print("\n".join(check_curriculum(phase, schedule, of_phase, counts, labels, limit)))
    else:
        print(f"{phase} has no curriculum")
    write_curriculum(Path(f"data/epochs/{phase}.csv"), schedule)


if __name__ == "__main__":
    main()
