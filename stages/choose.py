"""What stands as `auto` in each phase, chosen from the data. Arguments: the phases in order."""

import json
import sys
from pathlib import Path

from tailwise.balance.auto import Facts, choose, first_rate
from tailwise.core.files import read_json, write_text
from tailwise.core.params.auto import FOLDER
from tailwise.core.params.config import read_params, section
from tailwise.data.tables.manifest import read_labels


def main() -> None:
    params, counts = read_params(), read_json(Path("reports/classes.json"))["train"]
    _, labels = read_labels(Path("data/clips/train/manifest.csv"), list(counts))
    rate = first_rate(section(params, "model.backbone", dict))
    facts = Facts(counts, labels, section(params, "training.batch_size", int), rate)
    settings = []
    for place, phase in enumerate(sys.argv[1:]):
        chosen = choose(section(params, phase, dict), place, facts)
        values = {path: choice.value for path, choice in chosen.items()}
        write_text(FOLDER / f"{phase}.json", json.dumps(values, indent=2) + "\n")
        for path, choice in chosen.items():
            print(f"{phase}.{path}: auto is {choice.value:g}: {choice.why}")
            settings.append(f"-S {phase}.{path}={choice.value:g}")
    print(f"to keep them: dvc exp run {' '.join(settings)}" if settings else "nothing is left to auto")


if __name__ == "__main__":
    main()
