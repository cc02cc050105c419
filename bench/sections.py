"""The sections pipeline: the engine against a bare loop on the same batches, padding, and very many songs.

Run alone, `python3 bench/sections.py --songs 10000` measures index, prepare and an epoch on that many made-up songs of
400 positions of 60 numbers, and the peak memory against a tenth of them; six minutes. The features of lyrics, which
take longer than all of these, are measured on LYRICS songs. Times are processor seconds, which other work on the
machine changes little.
"""

import argparse
import copy
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from measure import Figure, Table, markdown
from setting import optimizer_of
from tailwise.core.batch import Batch
from tailwise.core.heads import IGNORE
from tailwise.core.params.config import read_params, section, sections
from tailwise.core.params.runtime import Runtime
from tailwise.engine.batches.buckets import training_order
from tailwise.engine.batches.order import chunks
from tailwise.engine.contract.phase import Phase
from tailwise.engine.contract.run import Run, Training, start
from tailwise.engine.contract.task import Task
from tailwise.engine.evaluate.inputs import read_heads
from tailwise.engine.train.loop import train_phase
from tailwise.losses.boost import ClassBoost
from tailwise.models.sequence.tagger import SequenceModel
from tailwise.optim.cosine import Cosine
from tailwise.recipes.sections.task import Config, build

FOLDER = Path("pipelines/sections")
NAME, HEAD = "phase2", "section"
MANY = Path(__file__).with_name("many_songs.py")
LYRICS = 300
LEAST_SHARE, MOST_PADDING, MOST_GROWTH = 0.9, 0.15, 1.1


@dataclass(frozen=True)
class Setting:
    """One epoch: the task without dropout and noise, its phase at a constant rate, and its batches in memory."""

    task: Task
    phase: Phase
    training: Training
    batches: list[Batch]


Loop = Callable[[nn.Module, Setting], list[float]]


def without_dropout(model: SequenceModel) -> SequenceModel:
    """So that the same step has the same loss in both loops."""
    recurrence, projections = replace(model.recurrence, dropout=0.0), replace(model.projections, dropout=0.0)
    return replace(model, recurrence=recurrence, projections=projections, dropout=0.0)


def phase_of(params: dict) -> Phase:
    """The pipeline's, at a constant rate and without noise, for one epoch."""
    constant = Cosine("cosine", warmup=0.0, floor=1.0)
    return replace(section(params, f"{NAME}.train", Phase), epochs=1, augment=0.0, schedule=constant)


def setting_of(params: dict, prepared: Path, heads_file: Path) -> Setting:
    # a thread that waits for another one takes processor time, too
    training = replace(section(params, "training", Training), threads=1)
    start(training, Runtime("cpu", 0, 1, False))
    config = sections(params, Config)
    config = replace(config, model=without_dropout(config.model))
    task = build(config, read_heads(heads_file), prepared / "train", prepared / "valid", training.seed)
    samples, lengths = task.samples, task.lengths
    order = training_order(range(len(samples)), lengths, training.batch_size, (training.seed, NAME, 0))
    batches = [samples.collate([samples[i] for i in of_step]) for of_step in chunks(order, training.batch_size)]
    return Setting(task, phase_of(params), training, batches)


def bare_epoch(model: nn.Module, setting: Setting) -> list[float]:
    """A plain PyTorch loop over the batches, and answers on the validation songs; returns the loss of each step."""
    phase, losses = setting.phase, []
    optimizer = optimizer_of(model, phase)
    model.train()
    for batch in setting.batches:
        loss = loss_of(model, batch, getattr(phase.loss, "smoothing", 0.0))
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), phase.clip)
        optimizer.step()
        losses.append(loss.detach())
    return torch.stack(losses).tolist()


def loss_of(model: nn.Module, batch: Batch, smoothing: float) -> torch.Tensor:
    logits, targets = model(**batch.inputs)[HEAD], batch.targets[HEAD]
    return F.cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=IGNORE, label_smoothing=smoothing)


def engine_epoch(model: nn.Module, setting: Setting) -> list[float]:
    """The engine, which reads the songs from disk; returns the loss of each step."""
    task, losses = setting.task, []

    def loss(outputs, batch, boost):
        sums = task.loss(outputs, batch, boost)
        if torch.is_grad_enabled():
            losses.append(sum(value.detach() / batch.count(name) for name, value in sums.items()))
        return sums

    own = replace(task, model=model, loss=loss, valid=First(task.valid), valid_lengths=(task.valid_lengths or [])[:1])
    train_phase(own, setting.phase, range(len(task.samples)), even_boost(task, setting.phase), run_of(setting.training))
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


def run_of(training: Training) -> Run:
    return Run(NAME, training, torch.device("cpu"))


def processor_seconds(loop: Loop, model: nn.Module, setting: Setting) -> tuple[float, list[float]]:
    """Of all threads of this process, and the loss of each step."""
    started = time.process_time()
    losses = loop(model, setting)
    return time.process_time() - started, losses


def of_engine(params: dict, prepared: Path, heads_file: Path, repeats: int) -> Table:
    """An epoch of the engine and of a bare loop in turn, and how their losses differ in the first one."""
    setting = setting_of(params, prepared, heads_file)
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
    count = len(setting.task.samples)
    note = "Processor seconds. The engine reads the songs from disk, the bare loop has the batches in memory."
    return Table(f"One epoch of {count} songs without noise and dropout, one thread", figures, note)


def padding(lengths: np.ndarray, order: np.ndarray, batch: int) -> float:
    """Share of the positions of an epoch's batches that are padding. lengths: (N,); order: (S,)"""
    steps = [lengths[step] for step in chunks(order, batch)]
    return 1 - sum(int(step.sum()) for step in steps) / sum(int(step.max()) * len(step) for step in steps)


def of_padding(params: dict, prepared: Path, heads_file: Path, epochs: int = 10) -> Table:
    """Padding with batches of similar length and with random ones, over some epochs' orders."""
    training = section(params, "training", Training)
    task = build(sections(params, Config), read_heads(heads_file), prepared / "train", prepared / "valid", 1)
    lengths, batch = np.array(task.lengths), training.batch_size

    def shares(known: np.ndarray | None) -> list[float]:
        positions = [(training.seed, NAME, epoch) for epoch in range(epochs)]
        return [padding(lengths, training_order(range(len(lengths)), known, batch, at), batch) for at in positions]

    figures = [Figure("by length", shares(lengths), most=MOST_PADDING), Figure("random", shares(None))]
    spread = f"{lengths.min()} to {lengths.max()} positions"
    return Table(f"Share of padding, {len(lengths)} songs of {spread}, batches of {batch}", figures)


def of_child(part: str, folder: str, songs: int) -> tuple[float, float]:
    """Processor seconds and peak memory in 10^6 bytes, of a process of its own; exits if it fails."""
    command = [sys.executable, str(MANY), part, folder, str(songs)]
    made = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if made.returncode:
        sys.exit(f"sections: {part} of {songs} songs failed")
    seconds, mb = json.loads(made.stdout.splitlines()[-1])
    return seconds, mb


def of_many(songs: int, least: int) -> Table:
    """Index, features and an epoch of made-up songs, each part in a process of its own, of both numbers of songs."""
    found: dict[str, dict[int, tuple[float, float]]] = {"index": {}, "prepare": {}, "epoch": {}}
    for count in (least, songs):
        with tempfile.TemporaryDirectory() as folder:
            for part, of_part in found.items():
                of_part[count] = of_child(part, folder, count)
                print(f"{part}, {count} songs: {of_part[count][0]:.1f} s, {of_part[count][1]:.0f} MB", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        seconds, mb = of_child("lyrics", folder, LYRICS)
    figures = [Figure(f"features of lyrics, {LYRICS} songs", [seconds], "s")]
    figures += [Figure(f"features of lyrics, {LYRICS} songs, peak", [mb], "MB")]
    for part, of_part in found.items():
        figures += [Figure(f"{part}, {count} songs", [of_part[count][0]], "s") for count in of_part]
        figures += [Figure(f"{part}, {count} songs, peak", [of_part[count][1]], "MB") for count in of_part]
        growth = of_part[songs][1] / of_part[least][1]
        figures.append(Figure(f"{part}, growth of the peak", [growth], most=MOST_GROWTH))
    note = "Processor seconds, imports and the making of the songs included. The peak has all memory of the process."
    return Table(f"Made-up songs of 400 positions, {least} and {songs}", figures, note)


def tables(repeats: int = 9) -> list[Table]:
    prepared, heads_file = FOLDER / "data/prepared", FOLDER / "data/index/heads.json"
    if not (prepared / "train" / "manifest.csv").is_file():
        note = f"Not measured: {prepared} is absent; run the pipeline in {FOLDER} first, with dvc repro."
        return [Table("Training on songs", [], note)]
    params = read_params(FOLDER / "params.yaml")
    return [of_engine(params, prepared, heads_file, repeats), of_padding(params, prepared, heads_file)]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--songs", type=int, help="made-up songs, instead of the pipeline's own")
    parser.add_argument("--least", type=int, help="songs that their memory is compared with; a tenth of them")
    given = parser.parse_args()
    if given.songs:
        print(markdown(of_many(given.songs, given.least or given.songs // 10)))
    else:
        print("\n".join(map(markdown, tables())))
