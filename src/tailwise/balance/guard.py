"""The effective weight of each class, from sampling and boosts, and a limit on the ratio of two of them."""

from collections.abc import Mapping
from dataclasses import dataclass

from tailwise.balance.files import ApplyAs
from tailwise.core.errors import UserError


@dataclass(frozen=True)
class Balance:
    """Largest ratios between the effective weights of two classes of a head, at least 1.

    max_effective_ratio: of draws x weight x margin, where samples or weights are uneven
    max_margin_ratio: of margins alone; training stays stable at ratios where weights and draws do not
    """

    max_effective_ratio: float
    max_margin_ratio: float = 100.0

    def __post_init__(self):
        for name, value in vars(self).items():
            if value < 1:
                raise ValueError(f"{name} must be at least 1, found {value}")

    def limit(self, classes: Mapping[str, "EffectiveWeight"]) -> tuple[str, float]:
        """The key of the limit that applies to these classes, and its value."""
        without_margin = {one.draws * one.weight for one in classes.values()}
        key = "max_margin_ratio" if len(without_margin) < 2 else "max_effective_ratio"
        return f"balance.{key}", getattr(self, key)


@dataclass(frozen=True)
class EffectiveWeight:
    """draws: mean draws per label in an epoch; weight: loss weight; margin: exp of the logit margin."""

    draws: float
    weight: float
    margin: float

    @property
    def product(self) -> float:
        return self.draws * self.weight * self.margin

    def __str__(self) -> str:
        return f"{self.draws:.2f} draws x {self.weight:.2f} weight x {self.margin:.2f} margin = {self.product:.2f}"


def effective_weights(
    counts: Mapping[str, int], drawn: Mapping[str, int], boost: Mapping[str, float], apply_as: ApplyAs
) -> dict[str, EffectiveWeight]:
    """Effective weights of the classes that are drawn. counts: training labels; drawn: labels of an epoch, with repeats

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


def check_drawn(phase: str, head: str, counts: Mapping[str, int], drawn: Mapping[str, int]) -> None:
    """Raise UserError for a class that has samples and is never drawn."""
    for name, n in counts.items():
        if n and not drawn[name]:
            raise UserError(
                f"{phase}: head {head}: no sample of {name} would be drawn; raise {phase}.samples.max_ratio"
            )


def check_ratio(phase: str, head: str, classes: Mapping[str, EffectiveWeight], balance: Balance) -> None:
    """Raise UserError, with the factors of the heaviest and the lightest class, if their ratio is too large."""
    ratio, (key, limit) = effective_ratio(classes), balance.limit(classes)
    if ratio <= limit:
        return
    heaviest = max(classes, key=lambda name: classes[name].product)
    lightest = min(classes, key=lambda name: classes[name].product)
    raise UserError(
        f"{phase}: head {head}: the effective weight of {heaviest} would be {ratio:.1f} times that of {lightest}, and "
        f"{key} is {limit:g}. {heaviest}: {classes[heaviest]}; "
        f"{lightest}: {classes[lightest]}. Lower {phase}.max_weight, or draw the samples more evenly"
    )
