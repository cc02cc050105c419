"""List every labelled view of the raw data. Arguments: the data root."""

import sys
from dataclasses import asdict, fields
from pathlib import Path

from tailwise.core.files import write_csv, write_json
from tailwise.data.index.soccernet import DROPPED, HEADS, SPLITS, View, read_split


def main() -> None:
    root, out = Path(sys.argv[1]), Path("data/index")
    summary = {}
    for split in SPLITS:
        views, dropped = read_split(root, split)
        fouls = len({view.sample for view in views})
        summary[split] = {"fouls": fouls, "views": len(views), "dropped": {rule: dropped[rule] for rule in DROPPED}}
        write_csv(
            out / f"{split}.csv", [field.name for field in fields(View)], (asdict(view).values() for view in views)
        )
        print(f"{split}: {fouls} fouls, {len(views)} views")
        for rule, text in DROPPED.items():
            print(f"  {dropped[rule]:4d} dropped: {text}")
    write_json(out / "heads.json", HEADS)
    write_json(Path("reports/index.json"), summary)


if __name__ == "__main__":
    main()
