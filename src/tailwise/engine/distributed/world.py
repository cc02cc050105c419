"""Data-parallel processes. Each has a full copy of the model and computes a share of every step.

Gradients, counts and figures are sums over processes of sums over samples, never means of means. So the gradient
equals that of one process, even with uneven or empty shares; only dropout masks differ. Gradients are summed once per
step, after the last micro-batch: an optimizer may evaluate a step several times, and the other processes must notice
if one runs out of memory.
"""

# torch leaves `split` and `rendezvous` without types.
# pyright: reportUnknownMemberType=false

# torch.distributed does not list what it exports.
# pyright: reportPrivateImportUsage=false

import os
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar, cast

import torch
import torch.distributed as dist
from torch import nn

from tailwise.core.errors import UserError, describe_error

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True)
class World:
    """rank: of this process, from 0; size: number of processes"""

    rank: int = 0
    size: int = 1

    def share(self, items: Sequence[Item]) -> Sequence[Item]:
        """This process's consecutive part of a step; the parts are as even as possible."""
        first, end = (len(items) * rank // self.size for rank in (self.rank, self.rank + 1))
        return items[first:end]

    def any(self, flag: bool) -> bool:
        """Whether the flag is set in any process."""
        return flag if self.size == 1 else max(self.gather(flag))

    def sums(self, counts: Sequence[int]) -> list[int]:
        """Integers, each summed over the processes."""
        return list(counts) if self.size == 1 else [sum(column) for column in zip(*self.gather(list(counts)))]

    def gather(self, value: Any) -> list[Any]:
        """Every process's value, by rank."""
        if self.size == 1:
            return [value]
        values = [None] * self.size
        dist.all_gather_object(values, value)
        return values

    def broadcast(self, value: Any) -> Any:
        """The value of process 0."""
        if self.size == 1:
            return value
        values = [value]
        dist.broadcast_object_list(values, src=0)
        return values[0]

    def alone(self, work: Callable[[], Result]) -> Result | None:
        """work() on rank 0, None on the others, which wait for it; its user errors are raised on all ranks."""
        found = text = None
        if self.rank == 0:
            try:
                found = work()
            except (UserError, OSError) as error:
                text = describe_error(error)
                if text is None:
                    raise
        if (text := self.broadcast(text)) is not None:
            raise UserError(text)
        return found

    def with_gradients(self, parameters: list[nn.Parameter]) -> list[nn.Parameter]:
        """Parameters with a gradient in any process; the others keep None, as with one process."""
        used = self.sums([parameter.grad is not None for parameter in parameters])
        return [parameter for parameter, count in zip(parameters, used) if count]

    def sum_gradients(self, flats: list["Flat"], loss: torch.Tensor) -> torch.Tensor:
        """Replace each gradient by its sum over the processes; returns the summed loss (). flats: by `flattened`"""
        for same, flat in flats:
            dist.all_reduce(flat)
            parts = cast(tuple[torch.Tensor, ...], flat.split([parameter.numel() for parameter in same]))
            for parameter, part in zip(same, parts):
                cast(torch.Tensor, parameter.grad).copy_(part.view_as(parameter))
        loss = loss.clone()
        dist.all_reduce(loss)
        return loss

    def share_buffers(self, model: nn.Module) -> None:
        """Broadcast the running statistics of rank 0 before validation."""
        if self.size > 1:
            for buffer in model.buffers():
                dist.broadcast(buffer, src=0)


Flat = tuple[list[nn.Parameter], torch.Tensor]
"""Parameters of one type, and their gradients in one tensor (N,)."""


def flattened(parameters: list[nn.Parameter]) -> list[Flat]:
    """Gradients flattened for the sum; zeros for parameters without a gradient in this process."""
    groups: dict[torch.dtype, list[nn.Parameter]] = {}
    for parameter in parameters:
        if parameter.grad is None:
            parameter.grad = torch.zeros_like(parameter)
        groups.setdefault(parameter.dtype, []).append(parameter)
    return [(same, torch.cat([cast(torch.Tensor, p.grad).flatten() for p in same])) for same in groups.values()]


@contextmanager
def join(device: torch.device) -> Generator[World]:
    """Join the process group of ``torchrun``: NCCL on CUDA, else gloo; a single process without it."""
    if int(os.environ.get("WORLD_SIZE", 1)) == 1:
        yield World()
        return
    store, rank, size = next(dist.rendezvous("env://"))
    if os.environ.get("GROUP_WORLD_SIZE") == "1":
        # Of one machine the launcher keeps its store through a restart, and with it where the lost processes listened.
        store = dist.PrefixStore(f"start {os.environ.get('TORCHELASTIC_RESTART_COUNT', 0)}", store)
    dist.init_process_group("nccl" if device.type == "cuda" else "gloo", store=store, rank=rank, world_size=size)
    try:
        yield World(dist.get_rank(), dist.get_world_size())
    finally:
        dist.destroy_process_group()
