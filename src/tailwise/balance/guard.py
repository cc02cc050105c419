"""The effective weight of each class, from sampling and boosts, and limits on the ratio of two of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from operator import attrgetter

from tailwise.balance.files import ApplyAs
from tailwise.core.errors import UserError


@dataclass(frozen=True)
class Balance:
    """Largest ratios between two classes of a head, each at least 1.

    max_effective_ratio: of draws x weight, which scale gradients: a rare class's few samples then dominate a step
    max_margin_ratio: of the margins, which move the decision only; the product of all three stays within the larger one
    """

    max_effective_ratio: float
    max_margin_ratio: float = 100.0

    def __post_init__(self):
        for name, value in vars(self).items():
            if value < 1:
                raise ValueError(f"{name} must be at least 1, found {value}")

    def limit(self, apply_as: ApplyAs) -> tuple[str, float]:
        """The name and value of the limit of a boost that applies in this place."""
        name = "max_margin_ratio" if apply_as == "margin" else "max_effective_ratio"
        return name, getattr(self, name)


@dataclass(frozen=True)
class EffectiveWeight:
    """draws: mean draws per label in an epoch; weight: loss weight; margin: exp of the logit margin."""

    draws: float
    weight: float
    margin: float

    @property
    def scale(self) -> float:
        """The factor of the gradients: draws x weight."""
        return self.draws * self.weight

    @property
    def product(self) -> float:
        return self.draws * self.weight * self.margin

    def __str__(self) -> str:
        return f"{self.draws:.2f} draws x {self.weight:.2f} weight x {self.margin:.2f} margin = {self.product:.2f}"


def effective_weights(
    counts: Mapping[str, int], drawn: Mapping[str, float], boost: Mapping[str, float], apply_as: ApplyAs
) -> dict[str, EffectiveWeight]:
    """Effective weights of the classes that are drawn.

    counts: training labels; drawn: labels of an epoch, with repeats, or how many are expected

    The weights in the loss have mean 1 over the samples drawn, as in training.
    """
    total, boosted = sum(drawn.values()), sum(boost[name] * n for name, n in drawn.items())
    scale = total / boosted if boosted else 1.0
    return {
        name: EffectiveWeight(
            n / counts[name],
            scale * boost[name] if apply_as == "weight" else 1.0,
            boost[name] if apply_as == "margin" else 1.0,
        )
        for name, n in drawn.items()
        if n
    }


def effective_ratio(classes: Mapping[str, EffectiveWeight]) -> float:
    """Ratio of the largest to the smallest product; 1 if no class is drawn."""
    products = [one.product for one in classes.values()]
    return max(products) / min(products) if products else 1.0


def check_drawn(phase: str, head: str, counts: Mapping[str, int], drawn: Mapping[str, float]) -> None:
    """Raise UserError for a class that has samples and is never drawn."""
    for name, n in counts.items():
        if n and not drawn[name]:
            raise UserError(
                f"{phase}: head {head}: no sample of {name} would be drawn; raise {phase}.samples.max_ratio"
            )


def check_ratio(phase: str, head: str, classes: Mapping[str, EffectiveWeight], balance: Balance) -> None:
    """Raise UserError for the first factor whose ratio between two classes is too large, with all their factors."""
    effective, margin = balance.max_effective_ratio, balance.max_margin_ratio
    larger = "max_margin_ratio" if margin >= effective else "max_effective_ratio"
    for what, key, factor in (
        ("draws x weight", "max_effective_ratio", attrgetter("scale")),
        ("the margin", "max_margin_ratio", attrgetter("margin")),
        ("draws x weight x margin", larger, attrgetter("product")),
    ):
        heaviest = max(classes, key=lambda name: factor(classes[name]), default="")
        lightest = min(classes, key=lambda name: factor(classes[name]), default="")
        ratio = factor(classes[heaviest]) / factor(classes[lightest]) if classes else 1.0
        if ratio > getattr(balance, key):
            raise UserError(
                f"{phase}: head {head}: {what} of {heaviest} would be {ratio:.1f} times that of {lightest}, and "
                f"balance.{key} is {getattr(balance, key):g}. {heaviest}: {classes[heaviest]}; "
                f"{lightest}: {classes[lightest]}. Lower {phase}.max_weight, or draw the samples more evenly"
            )
