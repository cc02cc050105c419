"""Time of a no-op `dvc repro`, against an equally long pipeline of empty stages."""

import subprocess
import tempfile
from functools import partial
from pathlib import Path

import yaml

from measure import Table, interleave, ratio, seconds


def quiet(*command: str, folder: Path) -> None:
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def chain(count: int) -> dict[str, dict]:
    """Stages in a chain; each makes one file from the one before."""
    first = {"stage0": {"cmd": "echo 0 > 0", "outs": ["0"]}}
    rest = {f"stage{i}": {"cmd": f"echo {i} > {i}", "deps": [str(i - 1)], "outs": [str(i)]} for i in range(1, count)}
    return {**first, **rest}


def make_empty(folder: Path, count: int) -> None:
    """A repository of `count` stages in a chain."""
    quiet("git", "init", folder=folder)
    quiet("dvc", "init", folder=folder)
    (folder / "dvc.yaml").write_text(yaml.safe_dump({"stages": chain(count)}))
    quiet("dvc", "repro", folder=folder)


def with_pipelines(folder: Path, count: int, pipelines: int = 3, stages: int = 15) -> Path:
    """A repository of `count` stages, with further pipelines beside it."""
    make_empty(folder, count)
    for name in range(pipelines):
        place = folder / "pipelines" / str(name)
        place.mkdir(parents=True)
        (place / "dvc.yaml").write_text(yaml.safe_dump({"stages": chain(stages)}))
    quiet("dvc", "repro", "-P", folder=folder)
    return folder


def several(count: int, repeats: int) -> Table:
    """The root's no-op with three more pipelines of 15 stages, against without."""
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as more:
        make_empty(Path(one), count)
        with_pipelines(Path(more), count)
        alone, beside = f"{count} stages alone", "with 3 pipelines of 15 stages beside them"
        works = {name: partial(quiet, "dvc", "repro", folder=Path(at)) for name, at in ((alone, one), (beside, more))}
        times = interleave(works, repeats)
    return Table(
        "`dvc repro` of the root with nothing to do", [*seconds(times), ratio(times, beside, alone, most=1.15)]
    )


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
    return [
        Table("`dvc repro` with nothing to do", [*seconds(times), ratio(times, ours, theirs, most=1.5)]),
        several(count, repeats),
    ]
