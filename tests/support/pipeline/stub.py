"""Stands for every stage where only DVC's decisions are looked at: quick, and sensitive to all that is declared.

Writes each output as a hash of the stage's dependencies and parameters, so that a change
runs through everything after it. A process of its own, of the standard library alone: it starts in 20 ms.
"""

import hashlib
import json
import sys
from pathlib import Path

PLANS, RAN = "plans.json", "ran.txt"
"""In the working folder: {stage: its outputs} for `write_outputs`, and the names of the stages that ran."""


def write_outputs(stage: str, outs: list[dict], params: dict) -> None:
    """In the working folder. outs: each with its path, its files, and the params and deps that it follows from"""
    digests = {dep: digest_of(Path(dep)) for out in outs for dep in out["deps"]}
    for out in outs:
        follows = [*(value_at(params, path) for path in out["params"]), *(digests[dep] for dep in out["deps"])]
        digest = hashlib.sha256(json.dumps([stage, out["path"], follows]).encode()).hexdigest()
        for file in out["files"]:
            Path(file).parent.mkdir(parents=True, exist_ok=True)
            Path(file).write_text(f"{file} {digest}\n")


def value_at(params: dict, path: str):
    """The value at a dotted path of params.yaml."""
    for key in path.split("."):
        params = params[key]
    return params


def digest_of(path: Path) -> str:
    """Of a file, or of all files below a folder with their paths."""
    digest = hashlib.sha256()
    for file in sorted(file for file in path.rglob("*") if file.is_file() and "__pycache__" not in file.parts) or [
        path
    ]:
        digest.update(file.as_posix().encode() + file.read_bytes())
    return digest.hexdigest()


def main(stage: str) -> None:
    plans, params = (json.loads(Path(name).read_text()) for name in (PLANS, "params.yaml"))
    write_outputs(stage, plans[stage], params)
    with open(RAN, "a") as ran:
        ran.write(f"{stage}\n")


if __name__ == "__main__":
    main(sys.argv[1])
