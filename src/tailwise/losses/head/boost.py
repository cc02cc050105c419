"""The loss of a head in a phase: its kind, and the boosts of its classes."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import torch

from tailwise.losses.head.cross_entropy import cross_entropy
from tailwise.losses.head.each import Labels
from tailwise.losses.head.kinds import PLAIN, Loss


def class_weights(boost: torch.Tensor, counts: torch.Tensor) -> torch.Tensor:
    """Boosts scaled so that their mean over the samples is 1.

    boost, counts: (C,); returns (C,)
    """
    total = counts.sum()
    return boost * (total / (boost * counts).sum()) if total else boost


@dataclass(frozen=True)
class ClassBoost:
    """Per-class rebalancing factors of one head in a phase, and how they apply.

    boost: (C,) within [1, max_weight]; counts: (C,) labels per class among those that the phase draws
    apply_as: margins in the logits, or weights in the loss
    loss: its kind; samples: (C,) as counts, but a sample that is drawn repeatedly counts once; None: as counts
    factors: (C,) of a loss that adapts, in this epoch; None: all 1
    """

    boost: torch.Tensor
    counts: torch.Tensor
    apply_as: Literal["margin", "weight"] = "weight"
    loss: Loss = PLAIN
    samples: torch.Tensor | None = None
    factors: torch.Tensor | None = None

    def weights(self) -> torch.Tensor:
        """(C,) class weights for the loss, with mean 1 over the samples: of the boost, where it is a weight, times
        the factors; all 1 where there are neither."""
        if self.factors is None:
            return class_weights(self.boost, self.counts) if self.apply_as == "weight" else torch.ones_like(self.boost)
        boost = self.boost if self.apply_as == "weight" else torch.ones_like(self.boost)
        return class_weights(boost * self.factors, self.counts)

    def margins(self) -> torch.Tensor:
        """(C,) to be added to the logits in training: -log boost; all 0 where the boost is a weight.

        A boosted class must win by its margin. With boosts of n_max / n_c without a cap this is
        balanced softmax. Source: https://arxiv.org/abs/2007.10740, eq. 3
        """
        return -self.boost.log() if self.apply_as == "margin" else torch.zeros_like(self.boost)

    def to(self, device: torch.device) -> "ClassBoost":
        samples, factors = (None if x is None else x.to(device) for x in (self.samples, self.factors))
        moved = {"boost": self.boost.to(device), "counts": self.counts.to(device)}
        return replace(self, **moved, samples=samples, factors=factors)

    def labels(self, targets: torch.Tensor, share: torch.Tensor | None) -> Labels:
        """Labels with the weights of their classes. targets, share: (...)"""
        return Labels(targets, self.weights(), share, self.counts if self.samples is None else self.samples)


def largest_margin(smoothing: float, classes: int) -> float:
    """The ratio of boosts as margins from which smoothed labels favour a rare class everywhere.

    A model that fits its labels gives the common class of a sample 1 - s + s / C and each other one s / C, after the
    margins; without them the odds of the rare class are the boosts' ratio times as high. From C (1 - s) / s + 1 on the
    rare class wins although the label is certain.
    """
    return classes * (1 - smoothing) / smoothing + 1


def margin_warnings(boosts: Mapping[str, ClassBoost], classes: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Lines for heads whose smoothing and margins contradict each other. boosts, classes: of each head"""
    for head, boost in boosts.items():
        smoothing = getattr(boost.loss, "smoothing", 0.0)
        if boost.apply_as != "margin" or not smoothing:
            continue
        names, ratio = classes[head], float(boost.boost.max() / boost.boost.min())
        if ratio >= (most := largest_margin(smoothing, len(names))):
            common, rare = names[int(boost.boost.argmin())], names[int(boost.boost.argmax())]
            yield (
                f"{head}: smoothing {smoothing:g} gives {rare} a share of every label, which a margin of {ratio:.3g} "
                f"raises: a model that fits its labels answers {rare} where it is sure of {common}. Set max_weight "
                f"below {most:.3g}, or a smaller smoothing"
            )


def boosted_cross_entropy(
    logits: torch.Tensor, targets: torch.Tensor, boost: ClassBoost | None, share: torch.Tensor | None = None
) -> torch.Tensor:
    """The phase's loss with the boost; without one plain `cross_entropy`, as in evaluation."""
    if boost is None:
        return cross_entropy(logits, targets, share=share)
    return boost.loss.total(logits + boost.margins(), boost.labels(targets, share))
