"""Memory per sample, and the micro-batch that fits."""

from dataclasses import dataclass
from typing import Any

import pytest
import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

from support.helpers import HEADS, Linear, make_phase, make_run, make_table, make_task, same
from tailwise.core.batch import Batch
from tailwise.engine.batches import memory
from tailwise.engine.batches.memory import (
    SPARE,
    auto_micro_batch,
    catch_oom,
    free_share,
    halved_to_fit,
    kept_bytes,
    out_of_memory,
)
from tailwise.engine.distributed.world import World
from tailwise.engine.train.effect import check_effect
from tailwise.engine.train.loop import train_phase
from tailwise.losses.head.boost import ClassBoost


@pytest.mark.parametrize(
    ("batch", "needed", "free", "size"),
    [(16, 10, 160, 16), (16, 10, 159, 8), (16, 10, 40, 4), (12, 10, 35, 3), (16, 10, 0, 1), (16, 0, 0, 16)],
)
def test_the_batch_is_halved_until_it_fits(batch, needed, free, size):
    assert halved_to_fit(batch, needed, free) == size


class Squares(nn.Module):
    """Keeps its squared input for backward, and nothing else but parameters."""

    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(5))

    def forward(self, x):
        scaled = x * self.scale
        return {head.name: (scaled**2)[:, : len(head.classes)] for head in HEADS}


def test_activations_kept_for_a_sample_are_counted_once():
    """The input (5 floats), and what is squared, for both heads the same."""
    assert kept_bytes(make_task(Squares()), make_run(), 0) == 2 * 5 * 4


class Again(nn.Module):
    """Two squares on end; in training the first is computed again for backward, which keeps its input alone."""

    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(5))

    def square(self, x):
        return ((x * self.scale) ** 2) ** 2

    def forward(self, x):
        return {head.name: self._first(x)[:, : len(head.classes)] for head in HEADS[:1]}

    def _first(self, x):
        return checkpoint(self.square, x, use_reentrant=False) if self.training else self.square(x)


def test_recomputed_activations_are_not_counted():
    """Else there were three times 5 floats."""
    assert kept_bytes(make_task(Again()), make_run(), 0) == 5 * 4


def test_a_sample_is_measured_as_it_is_prepared():
    """Of 5 numbers 2 are cut off."""

    def cut(batch, strength, keys):
        assert strength == 0 and keys.shape == (1, 4)
        return Batch({"x": batch.inputs["x"][:, :3].clone()}, batch.targets, batch.index)

    model = Squares()
    model.scale = nn.Parameter(torch.ones(3))
    assert kept_bytes(make_task(model, prepare=cut), make_run(), 0) == 2 * 3 * 4


class Counting(nn.Module):
    """With dropout, batch norm, which fails of one sample where it measures, and a count of its training passes."""

    def __init__(self):
        super().__init__()
        self.norm, self.top = nn.BatchNorm1d(5), Linear(5, HEADS, dropout=0.5)
        self.register_buffer("passes", torch.zeros(()))

    def forward(self, x):
        if self.training:
            self.passes += 1
        return self.top(self.norm(x))


BOOST = {"colour": ClassBoost(torch.tensor([1.0, 2.0, 3.0]), torch.tensor([8.0, 8.0, 8.0]))}


@pytest.mark.parametrize(
    "look",
    [
        lambda task: kept_bytes(task, make_run(), 0),
        lambda task: check_effect(task, BOOST, list(task.model.parameters()), [0], make_run()),
    ],
    ids=["kept_bytes", "check_felt"],
)
def test_a_look_at_a_sample_leaves_no_trace(look):
    task, seen = make_task(Counting()), []
    task.model.top.dropout.register_forward_hook(lambda part, given, out: seen.append(part.training))
    before = {name: tensor.clone() for name, tensor in task.model.state_dict().items()}
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    look(task)
    assert seen == [True] * len(HEADS)  # as in training, dropout and all
    assert torch.equal(torch.rand(3), expected)
    assert same(task.model.state_dict(), before)
    assert all(parameter.grad is None for parameter in task.model.parameters())


def test_a_processors_memory_is_shared_by_the_processes_and_a_gpu_is_not(monkeypatch):
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda: (10**9, 2 * 10**9))
    monkeypatch.setattr(memory, "free_bytes", lambda device: device or 8 * 10**8)
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "4")
    assert free_share(torch.device("cpu")) == pytest.approx(SPARE * 2 * 10**8)
    assert free_share(torch.device("cuda")) == pytest.approx(SPARE * 10**9)


@dataclass(frozen=True)
class Beside(World):
    """Two processes, of which the other says what it is reported to say."""

    size: int = 2
    other: Any = None

    def any(self, flag):
        return flag

    def gather(self, value):
        return [value, self.other]


@pytest.mark.parametrize(("rank", "other", "size"), [(0, 2, 2), (1, 2, 2), (0, 8, 4)])
def test_all_processes_take_the_minimum_and_one_reports_it(rank, other, size, monkeypatch, capsys):
    monkeypatch.setattr(memory, "free_bytes", lambda device: 2 * 2 * 5 * 4 * 4 / SPARE)
    run = make_run(batch_size=8, world=Beside(rank, other=(other, "of the other")))
    assert auto_micro_batch(make_task(Squares()), run, 0) == size
    whose = "of the other" if other < 4 else "0.0 MB each, 0 MB free"
    line = f"training.accumulate: auto is a micro-batch of {size}, {whose}\n"
    assert capsys.readouterr().out == ("" if rank else line)


@pytest.mark.parametrize(("free", "micro"), [(10**9, 8), (0, 1)])
def test_auto_takes_what_the_memory_allows(monkeypatch, free, micro, capsys):
    monkeypatch.setattr(memory, "free_bytes", lambda device: free)
    task = make_task(Linear(5, HEADS), make_table(24))
    trained = train_phase(task, make_phase(), range(24), {}, make_run(batch_size=8, accumulate="auto"))
    assert trained.micro_batch == micro
    assert f"training.accumulate: auto is a micro-batch of {micro}, " in capsys.readouterr().out
    wanted = train_phase(
        make_task(Linear(5, HEADS), make_table(24)),
        make_phase(),
        range(24),
        {},
        make_run(batch_size=8, accumulate=8 // micro),
    )
    assert same(trained.weights, wanted.weights)


@pytest.mark.parametrize(
    ("error", "lacking"),
    [
        (torch.OutOfMemoryError("CUDA out of memory"), True),
        (MemoryError(), True),
        (RuntimeError("[enforce fail at alloc_cpu.cpp:117] DefaultCPUAllocator: can't allocate memory: you"), True),
        (RuntimeError("mat1 and mat2 shapes cannot be multiplied"), False),
        (OSError("out of memory"), False),
    ],
)
def test_lack_of_memory_is_distinguished_from_other_errors(error, lacking):
    def work():
        raise error

    assert out_of_memory(error) is lacking
    if lacking:
        assert catch_oom(work) is None
    else:
        with pytest.raises(type(error)):
            catch_oom(work)
