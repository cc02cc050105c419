"""Compare the methods, the test split read here alone. Arguments: their names, in the order of the table."""

import sys
from pathlib import Path

from baselines.cells import score_cell
from baselines.setting import read_setting
from baselines.table import summarize, table
from tailwise.core.files import read_json, write_json, write_text
from tailwise.core.params.config import read_params
from tailwise.engine.checkpoint.weights import read_tensors


def main() -> None:
    """The first method is the one that the others are held against, seed by seed."""
    params, seeds, summary = read_params(), {}, {}
    for name in sys.argv[1:]:
        setting, report = read_setting(params, name), read_json(Path(f"reports/{name}.json"))
        files = [Path(f"data/{name}/{seed}.safetensors") for seed in report["valid"]]
        test = [score_cell(setting, read_tensors(file)[0], "test") for file in files]
        seeds[name] = {"valid": list(report["valid"].values()), "test": test}
        first = seeds[sys.argv[1]]
        figures = {split: summarize(of_split) for split, of_split in seeds[name].items()}
        gains = {f"{split}_gain": summarize(of_split, first[split]) for split, of_split in seeds[name].items()}
        summary[name] = {"lr": report["lr"], "steps": report["steps"], **figures, **gains}
    write_json(Path("reports/baselines.json"), summary)
    write_text(Path("reports/baselines.md"), table(summary))
    print(table(summary))


if __name__ == "__main__":
    main()
