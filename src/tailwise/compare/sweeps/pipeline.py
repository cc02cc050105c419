"""What a sweep needs of dvc.yaml: which stages depend on the seed, or on other params, and which ones train."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tailwise.compare.revision import SEED
from tailwise.core.errors import UserError
from tailwise.core.stage.chain import outputs, within

TRAINING = "/train.py "


@dataclass(frozen=True)
class Pipeline:
    """seeded: stages that read what runs differ in and what another stage made; costly: that train, or else all"""

    seeded: frozenset[str]
    costly: frozenset[str]


def read_pipeline(file: Path, target: str = "", varied: Collection[str] = (SEED,)) -> Pipeline:
    """Of a dvc.yaml; UserError if it has no such stage.

    target: the last stage that is run, if any is; varied: dotted keys of params that runs differ in
    """
    try:
        stages: dict[str, Any] = yaml.safe_load(file.read_text("utf8"))["stages"]
    except (yaml.YAMLError, KeyError, TypeError) as error:
        raise UserError(f"{file}: is not one of DVC: {' '.join(str(error).split())}") from error
    if target and target not in stages:
        raise UserError(f"target: {file} has no stage {target}; it has {', '.join(stages)}")
    made = [out for stage in stages.values() for out in outputs(stage)]
    seeded = {
        name
        for name, stage in stages.items()
        if any(_reads(key, each) for key in stage.get("params", ()) for each in varied)
        and any(within(str(dep), out) for dep in stage.get("deps", ()) for out in made)
    }
    training = {name for name, stage in stages.items() if TRAINING in f"{stage.get('cmd', '')} "}
    return Pipeline(frozenset(seeded), frozenset(training or stages))


def _reads(key: str, other: str) -> bool:
    """Whether a dotted key of a stage is another one, or a section around it."""
    return f"{other}.".startswith(f"{key}.")
