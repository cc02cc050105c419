"""A phase under a real limit of memory: ``limited.py FOLDER PLACE MEGABYTES [PLACE MEGABYTES ...]``.

PLACE says what is large: a forward pass, a backward pass or the optimizer's state. The limit counts beyond what the
process holds before it trains; 0 is none. Each has a process of its own, forked from this one, as torch is slow to
import. <FOLDER>/<PLACE>-<MEGABYTES> gets the weights, and with .json the interventions and where memory ran out.
"""

import multiprocessing
import resource
import sys
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path

import torch
from torch import nn

from support.helpers import HEADS, Linear, make_phase, make_run, make_table, make_task
from tailwise.core.files import write_json
from tailwise.core.heads import IGNORE
from tailwise.engine.batches.memory import out_of_memory
from tailwise.engine.checkpoint.weights import write_tensors
from tailwise.engine.train.loop import train_phase
from tailwise.losses.head.boost import ClassBoost
from tailwise.optim.adamw import QuickAdamW

WIDE = 4_000_000
"""Numbers a sample in the large place, 32 MB."""
MB = 1024**2
met: list[str] = []


@contextmanager
def meeting(place: str):
    """Note that memory ran out here; the error goes on."""
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if out_of_memory(error):
            met.append(place)
        raise


def limit(megabytes: int) -> None:
    """Let this process grow by so much, or freely."""
    held = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    most = held + megabytes * MB if megabytes else resource.RLIM_INFINITY
    resource.setrlimit(resource.RLIMIT_AS, (most, resource.RLIM_INFINITY))


def through(x: torch.Tensor) -> torch.Tensor:
    """x, copied into the first columns of a large tensor and back; the rest is never written, which saves time."""
    large = x.new_empty(len(x), WIDE)
    large[:, : x.shape[1]] = x
    return large[:, : x.shape[1]].clone()


class WideForward(torch.autograd.Function):
    """x as it is, by way of a large tensor."""

    @staticmethod
    def forward(context, x):
        with meeting("forward"):
            return through(x)

    @staticmethod
    def backward(context, gradient):
        return gradient


class WideBackward(torch.autograd.Function):
    """x as it is; its gradient comes by way of a large tensor."""

    @staticmethod
    def forward(context, x):
        return x.clone()

    @staticmethod
    def backward(context, gradient):
        with meeting("backward"):
            return through(gradient)


LARGE = {"forward": WideForward, "backward": WideBackward}


class Net(Linear):
    """The smallest model, with what is large before its heads."""

    def __init__(self, place: str):
        super().__init__(5, HEADS)
        self.scale, self.place = nn.Parameter(torch.ones(1, WIDE if place == "step" else 1)), place

    def forward(self, x):
        x = x * self.scale.mean(dim=1, keepdim=True)
        if torch.is_grad_enabled() and self.place in LARGE:
            x = LARGE[self.place].apply(x)
        return super().forward(x)


class Crowded(QuickAdamW):
    """Others take most of the memory just when the first step is to allocate its state, and give it back after."""

    megabytes = 0

    def step(self, closure):
        closure()
        if Crowded.megabytes:
            limit(Crowded.megabytes)
            Crowded.megabytes = 0
        try:
            with meeting("step"):
                return super().step()
        finally:
            limit(0)


class Build:
    @staticmethod
    def build(groups, lr):
        return Crowded(groups, lr)


def train(place: str):
    """38 samples in batches of 16: the last micro-batches are uneven. With class weights and missing labels."""
    table = make_table(38)
    table.inputs["x"] = table.inputs["x"].double()
    table.targets["colour"][::3] = IGNORE
    boost = {"colour": ClassBoost(torch.tensor([1.0, 2.0, 3.0]).double(), torch.tensor([8.0, 8.0, 8.0]))}
    phase = make_phase(epochs=2, lr=1e-2, clip=0.3, **({"optimizer": Build} if place == "step" else {}))
    return train_phase(make_task(Net(place).double(), table, table), phase, range(38), boost, make_run(batch_size=16))


def train_limited(folder: Path, place: str, megabytes: int) -> None:
    train("nowhere")  # loads all that is loaded late
    if place == "step":
        Crowded.megabytes = megabytes
    else:
        limit(megabytes)
    trained = train(place)
    limit(0)
    file = folder / f"{place}-{megabytes}"
    write_tensors(file, trained.weights, {})
    done = [
        (each.epoch, each.step, each.action, each.micro_batch)
        for record in trained.history
        for each in record.interventions
    ]
    write_json(file.with_suffix(".json"), {"met": met, "done": done, "micro_batch": trained.micro_batch})


def in_forks(work: Callable[..., None], jobs: list[tuple]) -> None:
    """work(*job) for each, in a copy of this process, where no thread may run yet; the first error ends all."""
    torch.set_num_threads(1)  # each of a pool takes room besides
    for job in jobs:
        child = multiprocessing.get_context("fork").Process(target=work, args=job)
        child.start()
        child.join()
        if child.exitcode:
            sys.exit(child.exitcode)


def pairs(words: list[str]) -> list[tuple[str, int]]:
    return list(zip(words[::2], map(int, words[1::2]), strict=True))


if __name__ == "__main__":
    in_forks(train_limited, [(Path(sys.argv[1]), *pair) for pair in pairs(sys.argv[2:])])
