"""The embeddings that a model's answers follow from: what the last layers of its heads are given."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from tailwise.core.errors import UserError
from tailwise.core.heads import IGNORE
from tailwise.engine.contract.run import Run
from tailwise.engine.contract.task import Task
from tailwise.engine.evaluate.validate import forward_all

LastLayers = Mapping[str, Sequence[nn.Module]]
"""{head: the layers that give its logits}; of several the embeddings stand beside each other."""


@dataclass(frozen=True)
class Embeddings:
    """Of the labels of a head, one row each. samples: N names; positions: (N,) in a sequence, or None

    rows: (N, D) float32
    """

    samples: Sequence[str]
    positions: np.ndarray | None
    rows: np.ndarray

    def at(self, samples: Sequence[str], positions: np.ndarray | None) -> np.ndarray:
        """(M, D) of these labels, in their order; ValueError for one that has no embedding."""
        places = {key: place for place, key in enumerate(_keys(self.samples, self.positions))}
        wanted = _keys(samples, positions)
        if absent := [key for key in wanted if key not in places]:
            raise ValueError(f"no embedding of {absent[0][0]!r}")
        return self.rows[[places[key] for key in wanted]]


def embeddings(task: Task, run: Run, layers: LastLayers) -> dict[str, Embeddings]:
    """{head: those of the labels of `task.valid`}. Raises UserError if the embeddings are not finite."""
    task.model.to(run.device)
    names, parts = list(task.valid.names), {head: list[Embeddings]() for head in layers}
    with ExitStack() as stack:
        given = {head: [stack.enter_context(watched(layer)) for layer in some] for head, some in layers.items()}
        for batch, _ in forward_all(task, run):
            samples = [names[i] for i in batch.index.tolist()]
            for head, inputs in given.items():
                rows = torch.cat([each[-1] for each in inputs], dim=-1).float().cpu()
                parts[head].append(_labelled(samples, batch.targets[head].cpu(), rows))
    found = {head: _joined(of_head) for head, of_head in parts.items()}
    for head, of_head in found.items():
        if not np.isfinite(of_head.rows).all():
            raise UserError(f"{head}: the embeddings are not finite: train the weights again with a lower lr")
    return found


@contextmanager
def watched(layer: nn.Module) -> Iterator[list[torch.Tensor]]:
    """The last input of a layer so far, as the only item of a list."""
    seen: list[torch.Tensor] = []
    handle = layer.register_forward_pre_hook(lambda _, inputs: seen.__setitem__(slice(None), [inputs[0]]))
    try:
        yield seen
    finally:
        handle.remove()


def _labelled(samples: list[str], targets: torch.Tensor, rows: torch.Tensor) -> Embeddings:
    """The labels of a batch; targets (B,) with rows (B, D), or (B, T) with (B, T, D)."""
    kept = (targets != IGNORE).nonzero(as_tuple=True)
    positions = kept[1].numpy() if targets.ndim == 2 else None
    return Embeddings([samples[i] for i in kept[0].tolist()], positions, rows[kept].numpy())


def _joined(parts: list[Embeddings]) -> Embeddings:
    samples = [name for part in parts for name in part.samples]
    positions = [part.positions for part in parts if part.positions is not None]
    return Embeddings(
        samples, np.concatenate(positions) if positions else None, np.concatenate([part.rows for part in parts])
    )


def _keys(samples: Sequence[str], positions: np.ndarray | None) -> list[tuple[str, int]]:
    return list(zip(samples, [0] * len(samples) if positions is None else positions.tolist()))
