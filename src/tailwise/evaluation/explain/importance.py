"""What an answer rests on: by taking away parts of its input, and by the gradient. Pure functions.

Importance is by how much the log-probability of a class falls, in nats; negative where it rises.
Sources: occlusion, https://arxiv.org/abs/1311.2901, section 4.2; gradient times the difference from a baseline,
https://arxiv.org/abs/1704.02685, section 3.1, which is what occlusion is to first order.
"""

from collections.abc import Callable, Mapping, Sequence
from math import prod

import torch

Answer = Callable[[torch.Tensor], torch.Tensor]
"""Variants of one sample's input (N, ...) to the logits (N, C) of each."""

AT_ONCE = 16
"""Variants in a batch."""


def regions(shape: Sequence[int], parts: Mapping[int, int]) -> torch.Tensor:
    """Masks (R, ...) bool that cut an input of this shape into regions; they broadcast against it.

    parts: {axis: number of pieces}, of lengths that differ by one at most; other axes are whole. R is their product,
    and the axis named last varies fastest. Raises ValueError for more pieces than an axis is long.
    """
    found = torch.ones([1, *(1 for _ in shape)], dtype=torch.bool)
    for axis, pieces in parts.items():
        length = shape[axis]
        if not 0 < pieces <= length:
            raise ValueError(f"axis {axis} of length {length} cannot be cut into {pieces} pieces")
        place = torch.arange(length) * pieces // length
        of_axis = place == torch.arange(pieces)[:, None]
        shaped = of_axis.view(pieces, *(length if axis % len(shape) == each else 1 for each in range(len(shape))))
        found = (found[:, None] & shaped[None]).flatten(0, 1)
    return found


@torch.no_grad()
def occlusion(
    answer: Answer, sample: torch.Tensor, baseline: torch.Tensor, masks: torch.Tensor, at_once: int = AT_ONCE
) -> torch.Tensor:
    """(R, C) float32 on the CPU: importance of each region for each class, as the baseline takes its place.

    sample: (...) of any type; baseline: broadcasts against it; masks: (R, ...), see `regions`
    at_once: variants in a batch
    """
    full = answer(sample[None]).float().log_softmax(dim=-1)
    falls = list[torch.Tensor]()
    for first in range(0, len(masks), at_once):
        changed = torch.where(masks[first : first + at_once].to(sample.device), baseline, sample)
        falls.append((full - answer(changed).float().log_softmax(dim=-1)).cpu())
    return torch.cat(falls)


def gradient_saliency(
    answer: Answer, sample: torch.Tensor, baseline: torch.Tensor, class_id: int, over: Sequence[int] = (-1,)
) -> torch.Tensor:
    """|gradient x (sample - baseline)| of a class's log-probability, float32 on the CPU, of the sample's shape without
    the axes `over`, which are summed over before the absolute value is taken: of colours, positions have one value.

    It says where the answer is sensitive, and is small all over where the class is certain.
    """
    given = sample.float()[None].requires_grad_()
    with torch.enable_grad():
        told = answer(given).float().log_softmax(dim=-1)[0, class_id]
    (gradient,) = torch.autograd.grad(told, given)
    product = gradient[0] * (sample.float() - baseline)
    return (product.sum(dim=tuple(over)) if over else product).abs().cpu()


def pooled(saliency: torch.Tensor, rows: int, columns: int) -> torch.Tensor:
    """Mean over the cells of a grid: (..., H, W) to (..., rows, columns), of at most H and W."""
    height, width = saliency.shape[-2:]
    flat = saliency.reshape(prod(saliency.shape[:-2]), 1, height, width)
    made = torch.nn.functional.adaptive_avg_pool2d(flat, (min(rows, height), min(columns, width)))
    return made.view(*saliency.shape[:-2], *made.shape[-2:])
