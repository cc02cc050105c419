"""What a sample needs, and the micro-batch that fits."""

import pytest
import torch
from torch import nn

from helpers import HEADS, Linear, make_phase, make_run, make_table, make_task, same
from tailwise.engine import memory
from tailwise.engine.loop import train_phase
from tailwise.engine.memory import afford, halved_to_fit, kept_bytes, out_of_memory


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


def test_what_is_kept_of_a_sample_is_counted_once():
    """The input (5 floats), and what is squared, for both heads the same."""
    assert kept_bytes(make_task(Squares()), make_run(), 0) == 2 * 5 * 4


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
def test_lack_of_memory_is_told_from_other_errors(error, lacking):
    def work():
        raise error

    assert out_of_memory(error) is lacking
    if lacking:
        assert afford(work) is None
    else:
        with pytest.raises(type(error)):
            afford(work)
