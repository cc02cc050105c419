"""Stands for every stage where only DVC's decisions are looked at: quick, and sensitive to all that is declared.

Writes each output as a hash of the stage's dependencies and parameters, so that a change
runs through everything after it. `stub.json` says what the stages declare.
"""

import hashlib
import json
import os
from pathlib import Path

PLAN = Path("stub.json")


def main() -> None:
    name = os.environ["DVC_STAGE"]
    stage = json.loads(PLAN.read_text())[name]
    with open("ran.txt", "a") as log:
        log.write(name + "\n")
    for out in stage["outs"]:
        digest = hashlib.sha256(json.dumps([name, out["path"], parameters(out["params"])]).encode())
        for file in [file for dep in out["deps"] for file in files(Path(dep))]:
            digest.update(file.as_posix().encode() + file.read_bytes())
        for file in out["files"]:
            Path(file).parent.mkdir(parents=True, exist_ok=True)
            Path(file).write_text(f"{file} {digest.hexdigest()}\n")


def parameters(paths: list[str]) -> list:
    """The values at dotted paths of params.yaml, which is JSON here."""
    values = []
    for path in paths:
        value = json.loads(Path("params.yaml").read_text())
        for key in path.split("."):
            value = value[key]
        values.append(value)
    return values


def files(path: Path) -> list[Path]:
    return sorted(file for file in path.rglob("*") if file.is_file() and "__pycache__" not in file.parts) or [path]


if __name__ == "__main__":
    main()
