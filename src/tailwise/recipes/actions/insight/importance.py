"""What an answer of the two streams' model rests on: streams, time steps, and frames, by taking each away.

What is taken away is replaced by what says nothing of the clip: a token by the mean token of the split, a frame by the
median over time of each pixel. Importance is by how much the log-probability of a class falls, in nats; negative where
it rises.
Source: https://arxiv.org/abs/1311.2901, section 4.2, occlusion; https://arxiv.org/abs/1704.02685, gradient times input.
"""

from collections.abc import Mapping

import torch

from tailwise.models.action.model import ActionModel
from tailwise.models.frozen.streams import NAMES, pool_tokens

Streams = Mapping[str, torch.Tensor]
"""{stream: tokens (B, T, D)}, or a mean token (D,) each."""


def log_p(model: ActionModel, tokens: Streams, head: str, ids: torch.Tensor) -> torch.Tensor:
    """(B,): log-probability of a class. ids: (B,)"""
    logits = model(**tokens)[head].log_softmax(dim=1)
    return logits.gather(1, ids[:, None])[:, 0]


@torch.no_grad()
def step_importance(
    model: ActionModel, tokens: Streams, means: Streams, head: str, ids: torch.Tensor
) -> dict[str, torch.Tensor]:
    """{stream: (B, T)}: of each time step of a stream."""
    full, found = log_p(model, tokens, head, ids), dict[str, torch.Tensor]()
    for name in NAMES:
        falls = []
        for step in range(tokens[name].shape[1]):
            changed = tokens[name].clone()
            changed[:, step] = means[name]
            falls.append(full - log_p(model, {**tokens, name: changed}, head, ids))
        found[name] = torch.stack(falls, dim=1)
    return found


@torch.no_grad()
def without_stream(model: ActionModel, tokens: Streams, means: Streams, head: str) -> dict[str, torch.Tensor]:
    """{stream: logits (B, C) when all its tokens are the mean token}"""
    blank = {name: means[name].expand_as(tokens[name]) for name in NAMES}
    return {name: model(**{**tokens, name: blank[name]})[head] for name in NAMES}


def gradient_shares(model: ActionModel, tokens: Streams, means: Streams, head: str, ids: torch.Tensor) -> torch.Tensor:
    """(B, 2): each stream's share of the summed |gradient x (token - mean token)|, in the order of NAMES."""
    given = {name: tokens[name].detach().clone().requires_grad_() for name in NAMES}
    with torch.enable_grad():
        total = log_p(model, given, head, ids).sum()
    gradients = torch.autograd.grad(total, [given[name] for name in NAMES], allow_unused=True)
    products = [
        torch.zeros_like(given[name]) if gradient is None else gradient * (given[name].detach() - means[name])
        for name, gradient in zip(NAMES, gradients)
    ]
    found = torch.stack([each.abs().sum(dim=(1, 2)) for each in products], dim=1)
    return found / found.sum(dim=1, keepdim=True).clamp_min(torch.finfo(found.dtype).tiny)


@torch.no_grad()
def frame_importance(model: ActionModel, clip: torch.Tensor, head: str, class_id: int) -> torch.Tensor:
    """(T,): of each frame of a clip (T, H, W, 3) in [0, 255], which the clip's median frame takes the place of."""
    clips, still = clip[None].repeat(len(clip) + 1, 1, 1, 1, 1), clip.median(dim=0).values
    for place in range(len(clip)):
        clips[place + 1, place] = still
    tokens = pool_tokens(model.streams(clips), model.pool)
    told = log_p(model, tokens, head, torch.full((len(clips),), class_id, device=clip.device))
    return told[0] - told[1:]
