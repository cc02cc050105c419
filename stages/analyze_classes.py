"""Count the classes of the prepared samples: analyze_classes.py RECIPE --train FOLDER --valid FOLDER.

The test split is not looked at.
"""

import argparse
from pathlib import Path

import pandas as pd

from tailwise.balance.boosts import EffectiveNumber
from tailwise.balance.counts import check_counts, count_classes, imbalance_ratio, joint_counts
from tailwise.core.files import read_csv, read_json, write_json
from tailwise.core.tables import write_table
from tailwise.data.tables.pseudo import PSEUDO, count_pseudo, limits_of_pseudo
from tailwise.recipes.recipe import load_recipe

EFFECTIVE = EffectiveNumber("effective", beta=0.999)
"""The effective numbers shown, whatever the phases use."""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("recipe")
    parser.add_argument("--train", type=Path, required=True)
    parser.add_argument("--valid", type=Path, required=True)
    args = parser.parse_args()

    recipe, heads = load_recipe(args.recipe), read_json(Path("data/index/heads.json"))
    summary, joint, out = {}, {}, Path("reports/analysis")
    for split, folder in {"train": args.train, "valid": args.valid}.items():
        labels = recipe.labels(folder, list(heads)).classes
        summary[split] = count_classes(labels, heads)
        joint[split] = joint_counts(labels, heads)
    check_counts(summary["train"])
    if made := count_pseudo(read_csv(args.train / "manifest.csv"), heads):
        summary[PSEUDO] = made
        print("\n".join(limits_of_pseudo(summary)))
    for head, counts in summary["train"].items():
        table = frequencies(counts, summary["valid"][head])
        print(f"{head}: imbalance {imbalance_ratio(counts):.1f}")
        for name, count, size, _ in table.itertuples(index=False):
            print(f"  {name:<20}{count:>6} labels, effective {size:>7.1f}")
        write_table(out / f"{head}.csv", table)
    write_json(Path("reports/joint.json"), joint)
    write_json(Path("reports/classes.json"), summary)


def frequencies(train: dict[str, int], valid: dict[str, int]) -> pd.DataFrame:
    """A row a class, the most frequent first. train, valid: {class: samples}"""
    counts = pd.DataFrame({"class": list(train), "samples": train.values(), "valid": valid.values()})
    counts.insert(2, "effective", [round(EFFECTIVE.size(count), 1) for count in counts["samples"]])
    return counts.sort_values("samples", ascending=False, kind="stable")


if __name__ == "__main__":
    main()
