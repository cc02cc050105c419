"""A `dvc repro` that finds nothing to do, against an equally long pipeline of empty stages."""

import subprocess
import tempfile
from pathlib import Path

import yaml

from measure import Table, interleave, ratio, seconds


def quiet(*command: str, folder: Path) -> None:
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def make_empty(folder: Path, count: int) -> None:
    """A repository of `count` stages in a chain; each makes one file from the one before."""
    quiet("git", "init", folder=folder)
    quiet("dvc", "init", folder=folder)
    first = {"stage0": {"cmd": "echo 0 > 0", "outs": ["0"]}}
    rest = {f"stage{i}": {"cmd": f"echo {i} > {i}", "deps": [str(i - 1)], "outs": [str(i)]} for i in range(1, count)}
    (folder / "dvc.yaml").write_text(yaml.safe_dump({"stages": {**first, **rest}}))
    quiet("dvc", "repro", folder=folder)


def tables(repeats: int = 7) -> list[Table]:
    here = Path.cwd()
    count = len(yaml.safe_load(Path("dvc.yaml").read_text())["stages"])
    with tempfile.TemporaryDirectory() as name:
        empty = Path(name)
        make_empty(empty, count)
        quiet("dvc", "repro", folder=here)
        ours, theirs = f"this pipeline, {count} stages", f"{count} empty stages"
        works = {ours: lambda: quiet("dvc", "repro", folder=here), theirs: lambda: quiet("dvc", "repro", folder=empty)}
        times = interleave(works, repeats)
    return [Table("`dvc repro` with nothing to do", [*seconds(times), ratio(times, ours, theirs, most=1.5)])]
