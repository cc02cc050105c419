"""Count the classes of the prepared samples: analyze_classes.py RECIPE --train FOLDER --valid FOLDER.

The test split is not looked at.
"""

import argparse
from pathlib import Path

from tailwise.balance.boosts import EffectiveNumber
from tailwise.balance.counts import check_counts, count_classes, imbalance_ratio, joint_counts
from tailwise.core.files import read_json, write_csv, write_json
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
    for head, counts in summary["train"].items():
        print(f"{head}: imbalance {imbalance_ratio(counts):.1f}")
        rows = [
            [name, n, round(EFFECTIVE.size(n), 1), summary["valid"][head][name]]
            for name, n in sorted(counts.items(), key=lambda pair: -pair[1])
        ]
        print("\n".join(f"  {name:<20}{n:>6} samples, effective {size:>7.1f}" for name, n, size, _ in rows))
        write_csv(out / f"{head}.csv", ["class", "samples", "effective", "valid"], rows)
    write_json(Path("reports/joint.json"), joint)
    write_json(Path("reports/classes.json"), summary)


if __name__ == "__main__":
    main()
