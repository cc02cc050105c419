"""Reads a stage's files into arguments of the engine."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import torch

from tailwise.balance.files import Rebalancing
from tailwise.core.errors import UserError
from tailwise.core.files import read_json
from tailwise.core.heads import Head
from tailwise.core.params.runtime import Runtime
from tailwise.core.stage.events import Events, events_path, stage_name
from tailwise.core.system.cores import data_workers
from tailwise.engine.checkpoint.weights import fallback_spec, load_into
from tailwise.engine.contract.run import Run, Training, start
from tailwise.engine.contract.task import Samples, Task
from tailwise.engine.monitor.backend import log_difference
from tailwise.losses.head.boost import ClassBoost


def read_heads(path: Path) -> tuple[Head, ...]:
    """Heads from ``{name: [class, ...]}``."""
    return tuple(Head(name, tuple(classes)) for name, classes in read_json(path).items())


class Builder(Protocol):
    """Anything that builds a task, such as a recipe. See `recipes/recipe.py`."""

    def config(self) -> type: ...

    def build(self, config, heads, train, valid, seed, pretrained=False) -> Task: ...

    def as_stored(self, config, spec: dict): ...


def build_task(
    recipe: Builder,
    config,
    heads: tuple[Head, ...],
    splits: tuple[Path | None, Path],
    seed: int,
    weights: Path | None,
) -> tuple[Task, Task]:
    """(the recipe's task on splits (train, valid) with the weights of a file, the task of the model in params.yaml).

    They differ if an earlier phase ended with a fallback model. Raises UserError for weights of another model.
    """
    task = asked = recipe.build(config, heads, *splits, seed, pretrained=not weights)
    if weights:
        if stored := fallback_spec(weights, asked.spec):
            task = recipe.build(recipe.as_stored(config, stored), heads, *splits, seed)
        load_into(task.model, task.spec, weights)
    return task, asked


@dataclass(frozen=True)
class ComputeConfig:
    """The sections of params.yaml with settings of the run."""

    training: Training
    runtime: Runtime


def trained_task(recipe: Builder, config, by: ComputeConfig, weights: Path, split: Path) -> tuple[Task, Run]:
    """The task for evaluating a weights file on a split, and the run; a stage calls `keep_backend` at its end."""
    workers = data_workers(by.runtime.workers, by.training.threads)
    run = Run("evaluate", by.training, start(by.training, by.runtime), workers)
    log_difference(run.device, Events(events_path(stage_name())))
    heads = read_heads(Path("data/index/heads.json"))
    return build_task(recipe, config, heads, (None, split), by.training.seed, weights)[0], run


def sample_indices(dataset: Samples, names: Iterable[str]) -> list[int]:
    """Indices of named samples; raises UserError for an unknown name."""
    indices = {name: i for i, name in enumerate(dataset.names)}
    try:
        return [indices[name] for name in names]
    except KeyError as error:
        raise UserError(f"sample {error} of the weights stage is not in the training data") from error


def class_boosts(
    of_phase: Rebalancing, heads: tuple[Head, ...], dataset: Samples, indices: list[int]
) -> dict[str, ClassBoost]:
    """Boosts as tensors, with the class counts of the phase's samples; repeated samples count every time.

    Of a sampler the counts are those expected in an epoch, in the mean over the phase.
    """
    result, draws = {}, np.array(of_phase.draws.mean) if of_phase.draws else None
    for head in heads:
        ids = dataset.labels(head.name)[indices]
        times = None if draws is None else np.broadcast_to(draws.reshape(-1, *[1] * (ids.ndim - 1)), ids.shape)
        counts = np.bincount(ids[ids >= 0], None if times is None else times[ids >= 0], len(head.classes))
        values = [of_phase.boost[head.name][label] for label in head.classes]
        result[head.name] = ClassBoost(torch.tensor(values), torch.from_numpy(counts).float(), of_phase.apply_as)
    return result
