"""What a model takes and returns: Batch, Outputs."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch

from tailwise.core.heads import IGNORE

Outputs = dict[str, torch.Tensor]
"""What a model returns: {head: logits (..., C)}, and anything else that its loss and metrics use."""

Decode = Callable[[dict[str, torch.Tensor], Outputs], Outputs]
"""(inputs of a batch, outputs) to {answers_output(head): class ids}, which are then added to the outputs."""


def answers_output(head: str) -> str:
    """Name of the output with the class ids (...,) that decoding has found; absent in training."""
    return f"{head}.answers"


def answers(outputs: Outputs, head: str) -> torch.Tensor:
    """(...,) class ids of a head: those that decoding has found, else the most probable ones."""
    found = outputs.get(answers_output(head))
    return outputs[head].argmax(dim=-1) if found is None else found


@dataclass(frozen=True)
class Mix:
    """Every sample i was mixed as share * i + (1 - share) * partner[i]; targets stay class ids.

    The loss is then share * L(targets) + (1 - share) * L(targets[partner]), see `Batch.labels`.
    partner: (B,) int64, places in the batch; share: one for all, or (B,)
    """

    partner: torch.Tensor
    share: float | torch.Tensor


@dataclass(frozen=True)
class Batch:
    """A collated batch; the model is called as ``model(**batch.inputs)``.

    inputs: {name: tensor (B, ...)}
    targets: {head name: class ids (B,) or (B, T), int64, IGNORE where there is none}
    index: (B,) int64, the samples' indices in their dataset
    """

    inputs: dict[str, torch.Tensor]
    targets: dict[str, torch.Tensor]
    index: torch.Tensor
    mix: Mix | None = None

    def __len__(self) -> int:
        return len(self.index)

    def count(self, name: str) -> int:
        """The denominator of the loss of this name: the labels of a head, else the samples."""
        if name not in self.targets:
            return len(self)
        return int((self.targets[name] != IGNORE).sum())

    def labels(self, name: str) -> list[tuple[torch.Tensor, torch.Tensor | None]]:
        """A head's (targets, what each counts in the loss, None for 1); the loss is the sum over the list.

        It has one entry; or, where samples were mixed, two: their own labels, and their partners'.
        """
        ids = self.targets[name]
        if self.mix is None:
            return [(ids, None)]
        share = torch.as_tensor(self.mix.share, dtype=torch.float32, device=ids.device).expand(len(ids))
        share = share.view(-1, *(1 for _ in ids.shape[1:])).expand_as(ids)
        return [(ids, share), (ids[self.mix.partner], 1 - share)]

    def to(self, device: torch.device) -> "Batch":
        return replace(
            self,
            inputs={name: tensor.to(device, non_blocking=True) for name, tensor in self.inputs.items()},
            targets={name: ids.to(device, non_blocking=True) for name, ids in self.targets.items()},
        )
