"""One epoch of the engine against a bare PyTorch loop and PyTorch Lightning, on the same batches in memory.

The same initial weights, synthetic clips, no workers, no augmentation, no dropout; each trains one epoch and validates.
Their losses must agree step by step.
"""

import copy
from pathlib import Path

import torch
from torch import nn

import peer
from measure import Figure, Table, interleave, ratio, seconds
from setting import HEADS, NAME, Setting, even_boost, loss_of, model_of, optimizer_of, setting_of, start_as_stages
from tailwise.core.params.config import read_params
from tailwise.engine.contract.run import Run
from tailwise.engine.contract.task import Task
from tailwise.engine.train.loop import train_phase
from tailwise.losses.classification import classification_loss
from tailwise.recipes.fouls import task as fouls


def bare_epoch(model: nn.Module, setting: Setting) -> list[float]:
    """A plain PyTorch loop over these batches; returns the loss of each step."""
    optimizer, losses = optimizer_of(model, setting.phase), []
    model.train()
    for batch in setting.train:
        loss = loss_of(model, batch)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), setting.phase.clip)
        optimizer.step()
        losses.append(loss.detach())
    model.eval()
    with torch.no_grad():
        for batch in setting.valid:
            {name: logits.argmax(dim=1) for name, logits in model(**batch.inputs).items()}
    return torch.stack(losses).tolist()


def engine_epoch(model: nn.Module, setting: Setting) -> list[float]:
    """The engine on the same samples; returns the loss of each step."""
    losses = []

    def loss(outputs, batch, boost):
        sums = classification_loss(outputs, batch, boost)
        if torch.is_grad_enabled():
            losses.append(sum(value.detach() / batch.count(name) for name, value in sums.items()))
        return sums

    train, valid = setting.made
    task = Task(HEADS, model, {}, train, valid, lambda batch, strength, keys: batch, loss, fouls.metrics(HEADS))
    run = Run(NAME, setting.training, torch.device("cpu"))
    train_phase(task, setting.phase, range(len(train)), even_boost(), run)
    return torch.stack(losses).tolist()


def tables(repeats: int = 9) -> list[Table]:
    params = read_params(Path("params.yaml"))
    setting, model = setting_of(params), model_of(params)
    start_as_stages(setting.training)
    epochs = {"engine": engine_epoch, "bare loop": bare_epoch}
    if absent := peer.absent():
        print(f"epoch: {absent}", flush=True)
    else:
        epochs[peer.NAME] = peer.epoch
    losses = {name: [] for name in epochs}

    def work(name: str):
        own = copy.deepcopy(model)
        return lambda: losses[name].append(epochs[name](own, setting))

    times = interleave({name: work(name) for name in epochs}, repeats)
    compared = [("engine", "bare loop", 1.10), ("engine", peer.NAME, None), (peer.NAME, "bare loop", None)]
    ratios = [ratio(times, a, b, most) for a, b, most in compared if {a, b} <= times.keys()]
    apart = [apart_from(losses, name) for name in epochs if name != "engine"]
    title = f"One epoch of {len(setting.made[0])} fouls of two views, {setting.training.threads} threads"
    return [Table(title, [*seconds(times), *ratios, *apart], absent)]


def apart_from(losses: dict[str, list[list[float]]], name: str) -> Figure:
    """Maximum difference between losses of the same step in the first epoch."""
    gaps = [abs(a - b) for a, b in zip(losses["engine"][0], losses[name][0], strict=True)]
    return Figure(f"largest gap of a step's loss, engine to {name}", [max(gaps)], most=1e-4)
