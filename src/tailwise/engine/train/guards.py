"""Finds the faults of a step by its numbers: pure functions of recent values, and the state that they need."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from statistics import fmean, median

from tailwise.engine.contract.run import Stability
from tailwise.metrics.interventions import Action, Fault

ACTIONS: dict[Fault, Action] = {
    "not finite": "skip batch",
    "not finite again": "roll back",
    "loss spike": "roll back",
    "loss stays high": "roll back",
    "exploding gradient": "roll back",
    "vanishing gradient": "alert",
    "frozen layer": "alert",
    "out of memory": "halve micro-batch",
}
"""skip batch: the weights stay as they are.
roll back: to the last good weights, at half the rate, and continue with the next batch. Where that does not help for
    long, at a quarter of that rate, then an eighth: a rate that just holds is still too high to learn at. After
    `max_rollbacks` fall back to the next simpler model, from the weights that fit it; without one the run ends.
halve micro-batch: and take the same step again.
alert: the step counts; logged once, until it has passed."""

Immovable = Callable[[list[str]], list[str]]
"""Maps names of parameters to those that cannot move by construction, see idle.py."""

WINDOW = 64
"""Recent steps that a value is compared with."""
MIN_HISTORY = 8
"""Fewer steps are too few to compare with."""
SPIKE_SPREADS = 8.0
EXPLODING_FACTOR, EXPLODING_SPREADS = 10.0, 8.0
GOOD_EVERY = 20
"""Steps between copies of the weights for a rollback, taken where the loss has not risen."""
HIGH_SPREADS, PROBATION = 0.7, 3 * GOOD_EVERY
"""How far above its reference the loss must not stay, and for how many steps after a rollback that is checked."""
VANISHING_FACTOR, VANISHING_STEPS = 1e-3, 5
FROZEN_STEPS = 50
MAX_NONFINITE, NONFINITE_STEPS = 3, 50
"""So many steps that are not finite, within so many steps, are too many."""


def spread(values: Sequence[float]) -> float:
    """Scaled median absolute deviation: the standard deviation, if they are normal. Outliers do not move it."""
    middle = median(values)
    return 1.4826 * median(abs(value - middle) for value in values)


def is_outlier(value: float, recent: Sequence[float], factor: float, spreads: float) -> bool:
    """Whether it exceeds `factor` times the median of recent values, and the median by `spreads` of their spreads.

    False while there are few values. The factor alone would flag what is usual where losses are small and noisy.
    """
    if len(recent) < MIN_HISTORY:
        return False
    middle = median(recent)
    return value > factor * middle and value > middle + spreads * spread(recent)


def vanishing(norms: Sequence[float], recent: Sequence[float]) -> bool:
    """Whether the last norms are all tiny compared with recent ones."""
    last = norms[-VANISHING_STEPS:]
    known = len(last) == VANISHING_STEPS and len(recent) >= MIN_HISTORY
    return known and max(last) <= VANISHING_FACTOR * median(recent)


def frozen(zero_gradients: dict[str, int]) -> list[str]:
    """Names of the parameters whose gradient was 0 in FROZEN_STEPS steps in a row. zero_gradients: {name: steps}"""
    return [name for name, steps in zero_gradients.items() if steps >= FROZEN_STEPS]


def check_due(steps: int) -> bool:
    """Whether a parameter with so many zero gradients in a row is checked: at FROZEN_STEPS, twice that, four times ...

    More than once, since other samples may move it; seldom, since a check costs as much as a few steps.
    """
    times, rest = divmod(steps, FROZEN_STEPS)
    return times > 0 and not rest and times.bit_count() == 1


def too_many(skipped: Sequence[int], step: int) -> bool:
    """Whether a step that is not finite follows too many others. skipped: earlier ones of the phase"""
    return sum(step - earlier < NONFINITE_STEPS for earlier in skipped) + 1 >= MAX_NONFINITE


def stays_high(losses: Sequence[float], reference: Sequence[float]) -> bool:
    """Whether the newest losses are above the reference on average; none of them need be a spike.

    False while there are few. Means scatter less than medians: chance raises one so far once in 300 times.
    """
    known = len(reference) >= MIN_HISTORY
    return known and fmean(losses[-GOOD_EVERY:]) > fmean(reference) + HIGH_SPREADS * spread(reference)


def settled(losses: Sequence[float]) -> bool:
    """Whether the newest losses are no higher than those before: weights worth a rollback."""
    return not losses or median(losses[-10:]) <= 1.25 * median(losses)


@dataclass(frozen=True)
class StepNumbers:
    """A step before the optimizer moves. layers: {parameter name: norm of its gradient}, of those that have one

    norm: of the whole gradient, before it is clipped
    """

    loss: float
    norm: float
    layers: dict[str, float]

    @property
    def finite(self) -> bool:
        return math.isfinite(self.loss) and math.isfinite(self.norm)


@dataclass
class GuardState:
    """Recent numbers of a phase, of the steps that counted; saved with the run.

    skipped: steps of the phase that were not finite; below 0 in the phase that handed over
    zero_gradients: {parameter name: steps in a row with a gradient of 0}, of parameters that have a gradient
    alerted: alerts that were raised and still hold
    steps: that counted, since the phase began or since the last rollback
    reference: losses that a rollback has to reach again; empty before the first rollback
    attempts: rollbacks in a row, none of which helped before the last
    """

    losses: list[float] = field(default_factory=list)
    norms: list[float] = field(default_factory=list)
    skipped: list[int] = field(default_factory=list)
    zero_gradients: dict[str, int] = field(default_factory=dict)
    alerted: list[str] = field(default_factory=list)
    steps: int = 0
    reference: list[float] = field(default_factory=list)
    attempts: int = 0

    @property
    def on_probation(self) -> bool:
        """Whether there was a rollback that has not yet been shown to help."""
        return bool(self.reference) and self.steps < PROBATION

    def find_fault(self, numbers: StepNumbers, step: int, stability: Stability) -> Fault | None:
        """The fault of this step, by its number in the phase; None if it may count."""
        if not numbers.finite:
            return "not finite again" if too_many(self.skipped, step) else "not finite"
        if is_outlier(numbers.loss, self.losses, stability.spike_factor, SPIKE_SPREADS):
            return "loss spike"
        examined = self.on_probation and (self.steps + 1) % GOOD_EVERY == 0
        if examined and stays_high([*self.losses, numbers.loss], self.reference):
            return "loss stays high"
        if is_outlier(numbers.norm, self.norms, EXPLODING_FACTOR, EXPLODING_SPREADS):
            return "exploding gradient"
        return None

    def update(self, numbers: StepNumbers, immovable: Immovable = lambda names: []) -> list[tuple[Fault, str]]:
        """Take in a step that counted; returns new alerts, each with the parameter's name if it is about one.

        immovable: which of these parameters cannot move by construction; they raise no alert
        """
        self.losses = [*self.losses, numbers.loss][-WINDOW:]
        self.norms = [*self.norms, numbers.norm][-WINDOW:]
        self.steps += 1
        zero = [name for name, norm in numbers.layers.items() if norm == 0]
        self.zero_gradients = {name: self.zero_gradients.get(name, 0) + 1 for name in zero}
        found: list[tuple[Fault, str]] = [("frozen layer", name) for name in self._frozen(immovable)]
        if vanishing(self.norms, self.norms[:-VANISHING_STEPS]):
            found.append(("vanishing gradient", ""))
        new: list[tuple[Fault, str]] = [(fault, name) for fault, name in found if f"{fault} {name}" not in self.alerted]
        self.alerted = [f"{fault} {name}" for fault, name in found]
        return new

    def _frozen(self, immovable: Immovable) -> list[str]:
        """Parameters that do not move though they could: those alerted before, and those that a check finds now."""
        names = frozen(self.zero_gradients)
        known = [name for name in names if f"frozen layer {name}" in self.alerted]
        checked = [name for name in names if name not in known and check_due(self.zero_gradients[name])]
        exempt = immovable(checked) if checked else []
        return [name for name in names if name in known or (name in checked and name not in exempt)]

    def after(self, steps: int) -> "GuardState":
        """The same, for a next phase that counts its own steps from 0 after these."""
        return replace(self, skipped=[step - steps for step in self.skipped])

    def is_good(self) -> bool:
        """Whether to keep the weights after the newest step for a rollback; ask once a step."""
        return self.steps % GOOD_EVERY == 0 and not self.on_probation and settled(self.losses)

    def roll_back(self, good: "GuardState") -> "GuardState":
        """The state after a rollback to the weights that `good` belongs to."""
        window = good if len(good.losses) >= MIN_HISTORY else self
        return replace(
            self,
            losses=window.losses,
            norms=window.norms,
            skipped=[],
            steps=0,
            reference=lower([self.reference, window.losses]),
            attempts=self.attempts + 1 if self.on_probation else 1,
        )


def lower(windows: list[list[float]]) -> list[float]:
    """The window with the lowest mean loss, so that no rollback allows for more than the one before.

    Windows shorter than MIN_HISTORY count only if all are.
    """
    long = [losses for losses in windows if len(losses) >= MIN_HISTORY]
    return min(long or filter(None, windows), key=fmean, default=[])


def evidence(fault: Fault, numbers: StepNumbers, guard: GuardState) -> dict[str, float | None]:
    """The numbers by which a fault was found: columns of an `Intervention`."""
    loss, reference = numbers.loss, None
    if fault == "loss stays high":
        loss, reference = fmean([*guard.losses, loss][-GOOD_EVERY:]), fmean(guard.reference)
    elif fault == "loss spike":
        reference = median(guard.losses)
    elif fault in ("exploding gradient", "vanishing gradient"):
        reference = median(guard.norms)
    return {"loss": loss, "norm": numbers.norm, "reference": reference}
