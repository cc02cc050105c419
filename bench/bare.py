"""One epoch of the engine against a bare PyTorch loop on the same batches, for pipelines whose answer is one head."""

import copy
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from measure import Figure, Table
from setting import optimizer_of
from tailwise.core.batch import Batch
from tailwise.core.heads import IGNORE
from tailwise.core.params.config import section
from tailwise.core.params.runtime import Runtime
from tailwise.engine.batches.buckets import training_order
from tailwise.engine.batches.order import chunks
from tailwise.engine.contract.phase import Phase
from tailwise.engine.contract.run import Run, Training, start
from tailwise.engine.contract.task import Task
from tailwise.engine.train.loop import train_phase
from tailwise.losses.head.boost import ClassBoost
from tailwise.optim.cosine import Cosine

LEAST_SHARE = 0.9


@dataclass(frozen=True)
class Setting:
    """One epoch: a task without dropout, its phase at a constant rate and without noise, and its batches in memory."""

    task: Task
    name: str
    phase: Phase
    training: Training
    batches: list[Batch]


Loop = Callable[[nn.Module, Setting], list[float]]


def start_alone(params: dict) -> Training:
    """The pipeline's settings on one thread: one that waits for another one takes processor time, too."""
    training = replace(section(params, "training", Training), threads=1)
    start(training, Runtime("cpu", 0, 1, False))
    return training


def phase_of(params: dict, name: str) -> Phase:
    """The pipeline's, at a constant rate and without noise, for one epoch."""
    constant = Cosine("cosine", warmup=0.0, floor=1.0)
    return replace(section(params, f"{name}.train", Phase), epochs=1, augment=0.0, schedule=constant)


def setting_of(task: Task, params: dict, training: Training, name: str) -> Setting:
    """name: of the phase"""
    samples = task.samples
    order = training_order(range(len(samples)), task.lengths, training.batch_size, (training.seed, name, 0))
    batches = [samples.collate([samples[i] for i in of_step]) for of_step in chunks(order, training.batch_size)]
    return Setting(task, name, phase_of(params, name), training, batches)


def bare_epoch(model: nn.Module, setting: Setting) -> list[float]:
    """A plain PyTorch loop over the batches, and answers on the validation split; returns the loss of each step."""
    phase, losses = setting.phase, []
    optimizer = optimizer_of(model, phase)
    model.train()
    for batch in setting.batches:
        loss = loss_of(model, batch, setting.task.heads[0].name, getattr(phase.loss, "smoothing", 0.0))
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), phase.clip)
        optimizer.step()
        losses.append(loss.detach())
    return torch.stack(losses).tolist()


def loss_of(model: nn.Module, batch: Batch, head: str, smoothing: float) -> torch.Tensor:
    logits, targets = model(**batch.inputs)[head], batch.targets[head]
    return F.cross_entropy(logits.flatten(0, -2), targets.flatten(), ignore_index=IGNORE, label_smoothing=smoothing)


def engine_epoch(model: nn.Module, setting: Setting) -> list[float]:
    """The engine, which reads the samples from disk; returns the loss of each step."""
    task, losses = setting.task, []

    def loss(outputs, batch, boost):
        sums = task.loss(outputs, batch, boost)
        if torch.is_grad_enabled():
            losses.append(sum(value.detach() / batch.count(name) for name, value in sums.items()))
        return sums

    lengths = task.valid_lengths and task.valid_lengths[:1]
    own = replace(task, model=model, loss=loss, valid=First(task.valid), valid_lengths=lengths)
    train_phase(
        own,
        setting.phase,
        range(len(task.samples)),
        even_boost(task, setting.phase),
        run_of(setting.name, setting.training),
    )
    return torch.stack(losses).tolist()


class First:
    """The first sample of a dataset: the engine must validate, and the bare loop does not."""

    def __init__(self, samples):
        self.samples, self.names = samples, samples.names[:1]

    def __len__(self) -> int:
        return 1

    def __getitem__(self, i: int):
        return self.samples[i]

    def collate(self, items: list) -> Batch:
        return self.samples.collate(items)

    def labels(self, head: str) -> np.ndarray:
        return self.samples.labels(head)[:1]

    def groups(self) -> list[str]:
        return list(self.samples.groups()[:1])


def even_boost(task: Task, phase: Phase) -> dict[str, ClassBoost]:
    """With the loss of the phase."""
    ones = {head.name: torch.ones(len(head.classes)) for head in task.heads}
    return {name: ClassBoost(of_head, of_head, loss=phase.loss) for name, of_head in ones.items()}


def run_of(name: str, training: Training) -> Run:
    return Run(name, training, torch.device("cpu"))


def processor_seconds(loop: Loop, model: nn.Module, setting: Setting) -> tuple[float, list[float]]:
    """Of all threads of this process, and the loss of each step."""
    started = time.process_time()
    losses = loop(model, setting)
    return time.process_time() - started, losses


def against_bare(setting: Setting, title: str, repeats: int) -> Table:
    """An epoch of the engine and of a bare loop in turn, and how their losses differ in the first one."""
    loops = {"engine": engine_epoch, "bare loop": bare_epoch}
    times, losses = {name: [] for name in loops}, {}
    for round_ in range(repeats + 1):
        for name, loop in loops.items():
            taken, found = processor_seconds(loop, copy.deepcopy(setting.task.model), setting)
            losses.setdefault(name, found)
            times[name] += [taken] if round_ else []
    shares = [bare / ours for ours, bare in zip(times["engine"], times["bare loop"])]
    gap = max(abs(a - b) for a, b in zip(losses["engine"], losses["bare loop"], strict=True))
    figures = [Figure(name, values, "s") for name, values in times.items()]
    figures += [Figure("throughput, engine / bare loop", shares, least=LEAST_SHARE)]
    figures += [Figure("largest gap of a step's loss", [gap], most=1e-4)]
    return Table(title, figures, "Processor seconds. The engine reads the samples from disk, the bare loop has them.")
