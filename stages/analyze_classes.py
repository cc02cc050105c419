"""Count the classes of the samples that can be used. The test split is not looked at."""

from pathlib import Path

from tailwise.balance.counts import check_counts, count_classes, imbalance_ratio
from tailwise.core.files import read_json, write_json
from tailwise.data.load.manifest import read_labels


def main() -> None:
    heads = read_json(Path("data/index/heads.json"))
    summary = {}
    for split in ("train", "valid"):
        _, labels = read_labels(Path(f"data/clips/{split}/manifest.csv"), list(heads))
        summary[split] = count_classes(labels, heads)
    check_counts(summary["train"])
    for head, counts in summary["train"].items():
        print(
            f"{head}: imbalance {imbalance_ratio(counts):.1f}: "
            + ", ".join(f"{name} {n}" for name, n in counts.items())
        )
    write_json(Path("reports/classes.json"), summary)


if __name__ == "__main__":
    main()
