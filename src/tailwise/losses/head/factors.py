"""Class factors of losses that adapt: what is counted in a step, and what follows from it after an epoch."""

from collections.abc import Mapping
from dataclasses import replace

import torch

from tailwise.core.batch import Batch, Outputs
from tailwise.core.heads import IGNORE
from tailwise.losses.head.adaptive import Adaptive
from tailwise.losses.head.boost import ClassBoost

Boosts = dict[str, ClassBoost]
Recalls = Mapping[str, list[float]]
"""{head: smoothed recall of each class}"""
Hits = Mapping[str, list[list[float]]]
"""{head: [labels of each class that were predicted, labels of each class]}, of an epoch."""


def adaptive(boost: Mapping[str, ClassBoost]) -> dict[str, Adaptive]:
    """{head: its loss}, of the heads whose loss adapts."""
    return {head: of.loss for head, of in boost.items() if isinstance(of.loss, Adaptive)}


def count_hits(boost: Mapping[str, ClassBoost], outputs: Outputs, batch: Batch) -> dict[str, torch.Tensor]:
    """{head: (2, C) float64}, of the heads whose loss adapts: labels that were predicted, and labels.

    A mixed sample's labels count by their shares.
    """
    heads = [head for head in adaptive(boost) if head in outputs]
    return {head: torch.stack(_counts(head, outputs[head].detach(), batch)) for head in heads}


def _counts(head: str, logits: torch.Tensor, batch: Batch) -> tuple[torch.Tensor, torch.Tensor]:
    hits = labels = torch.zeros(logits.shape[-1], dtype=torch.float64, device=logits.device)
    predicted = logits.argmax(dim=-1)
    for ids, share in batch.labels(head):
        counts = (ids != IGNORE).double() if share is None else (ids != IGNORE) * share.double()
        members = torch.nn.functional.one_hot(ids.clamp(min=0), logits.shape[-1]) * counts[..., None]
        labels = labels + members.flatten(0, -2).sum(dim=0)
        hits = hits + (members * (predicted == ids)[..., None]).flatten(0, -2).sum(dim=0)
    return hits, labels


def adapted(boost: Boosts, recalls: Recalls) -> Boosts:
    """The boosts with the factors that follow from smoothed recalls, {head: one a class}."""
    found = dict(boost)
    for head, loss in adaptive(boost).items():
        if head in recalls:
            factors = torch.tensor(loss.factors(recalls[head]), device=boost[head].boost.device)
            found[head] = replace(boost[head], factors=factors)
    return found


def factors_of(boost: Mapping[str, ClassBoost]) -> dict[str, list[float]]:
    """{head: one a class}, of the heads whose loss adapts; 1 before the first epoch has ended."""
    return {head: _factors(boost[head]) for head in adaptive(boost)}


def _factors(of: ClassBoost) -> list[float]:
    found = torch.ones(len(of.boost)) if of.factors is None else of.factors
    return [value.item() for value in found]


def follow(boost: Mapping[str, ClassBoost], recalls: Recalls, hits: Hits) -> Recalls:
    """The smoothed recalls after an epoch with these hits; as before for a head whose every step was skipped."""
    losses = {head: loss for head, loss in adaptive(boost).items() if head in hits}
    return {**recalls, **{head: loss.follow(recalls.get(head, []), *hits[head]) for head, loss in losses.items()}}
