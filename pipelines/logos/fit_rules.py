"""Rules on measured properties, fitted to the training logos, and what they answer of the validation split.

fit_rules.py FOLDER
"""

import sys
from pathlib import Path

from tailwise.core.files import read_csv, read_json
from tailwise.core.heads import Head
from tailwise.core.params.config import read_params, section
from tailwise.core.params.runtime import Runtime
from tailwise.core.system.cores import decode_workers
from tailwise.metrics.predictions import write_predictions
from tailwise.recipes.logos.answers import answers, fitted, measure_rows
from tailwise.recipes.logos.hybrid import accuracy
from tailwise.recipes.logos.properties.rules import Fitting
from tailwise.recipes.logos.source import Source


def main() -> None:
    folder, params = Path(sys.argv[1]), read_params()
    source, workers = section(params, "data", Source), decode_workers(section(params, "runtime", Runtime).decoders)
    ((name, classes),) = read_json(Path("data/index/heads.json")).items()
    rows = {split: read_csv(Path(f"data/index/{split}.csv")) for split in ("train", "valid")}
    measured = measure_rows([*rows["train"], *rows["valid"]], source, workers)
    rules = fitted(rows["train"], measured, section(params, "rules", Fitting))
    rules.save(folder / "rules.json")
    found = answers(rules, Head(name, tuple(classes)), rows["valid"], measured)
    write_predictions(folder / "valid.csv", found)
    print(f"rules: validation accuracy {accuracy(found):.3f}")


if __name__ == "__main__":
    main()
