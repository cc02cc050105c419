"""Compare the methods, the test split read here alone. Arguments: their names, in the order of the table."""

import sys
from pathlib import Path

from baselines.cells import score_cell
from baselines.setting import read_setting
from baselines.table import summarize, table
from tailwise.core.config import read_params
from tailwise.core.files import read_json, write_json, write_text
from tailwise.engine.weights import read_tensors


def main() -> None:
    params, summary = read_params(), {}
    for name in sys.argv[1:]:
        setting, report = read_setting(params, name), read_json(Path(f"reports/{name}.json"))
        files = {path.stem: path for path in sorted(Path(f"data/{name}").glob("*.safetensors"))}
        test = {seed: score_cell(setting, read_tensors(path)[0], "test") for seed, path in files.items()}
        splits = {"valid": report["valid"], "test": test}
        figures = {split: summarize(list(of_split.values())) for split, of_split in splits.items()}
        summary[name] = {"lr": report["lr"], "steps": report["steps"], **figures}
    write_json(Path("reports/baselines.json"), summary)
    write_text(Path("reports/baselines.md"), table(summary))
    print(table(summary))


if __name__ == "__main__":
    main()
