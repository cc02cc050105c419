"""Detects faults of a training step from its loss and gradient norms: pure functions, and their state."""

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
    "figure above its limit": "stop",
}
"""skip batch: leave the weights unchanged.
roll back: restore the last good weights, halve the learning rate and continue with the next batch. Another rollback
    soon after divides the rate by 4, the next by 8, since a rate that is barely stable is too high to learn at. After
    `max_rollbacks` fall back to the next simpler model, with the weights that fit it; without one the run ends.
halve micro-batch: then repeat the step.
stop: end the phase after this epoch, see `EarlyStopping.limits`.
alert: accept the step; logged once while the condition lasts."""

Immovable = Callable[[list[str]], list[str]]
"""Filters parameter names to those whose gradient is always 0 by construction, see idle.py."""

WINDOW = 64
"""Number of recent steps that a value is compared with."""
MIN_HISTORY = 8
"""Minimum number of steps to compare with."""
SPIKE_SPREADS = 8.0
EXPLODING_FACTOR, EXPLODING_SPREADS = 10.0, 8.0
LEAST_LOSS, LEAST_NORM = 0.25, 0.1
"""Medians and means below these count as these: where nearly all is learnt, one hard sample is no fault."""
GOOD_EVERY = 20
"""Steps between copies of the weights for a rollback, made only if the loss has not risen."""
HIGH_SPREADS, PROBATION = 0.7, 3 * GOOD_EVERY
"""Maximum rise of the mean loss after a rollback, in spreads, and for how many steps it is checked."""
VANISHING_FACTOR, VANISHING_STEPS = 1e-3, 5
FROZEN_STEPS = 50
MAX_NONFINITE, NONFINITE_STEPS = 3, 50
"""Roll back at this many non-finite steps within this many steps."""


def spread(values: Sequence[float]) -> float:
    """Scaled median absolute deviation: an estimate of the standard deviation that is robust to outliers."""
    middle = median(values)
    return 1.4826 * median(abs(value - middle) for value in values)


def is_outlier(value: float, recent: Sequence[float], factor: float, spreads: float, least: float = 0.0) -> bool:
    """Whether a value exceeds both `factor` times the recent median and the median plus `spreads` spreads.

    least: what a smaller median counts as in the product
    False with fewer than MIN_HISTORY values. The factor alone would flag normal noise of small losses.
    """
    if len(recent) < MIN_HISTORY:
        return False
    middle = median(recent)
    return value > factor * max(middle, least) and value > middle + spreads * spread(recent)


def vanishing(norms: Sequence[float], recent: Sequence[float]) -> bool:
    """Whether the last norms are all tiny compared with recent ones."""
    last = norms[-VANISHING_STEPS:]
    known = len(last) == VANISHING_STEPS and len(recent) >= MIN_HISTORY
    return known and max(last) <= VANISHING_FACTOR * median(recent)


def frozen(zero_gradients: dict[str, int]) -> list[str]:
    """Names of parameters whose gradient was 0 for FROZEN_STEPS consecutive steps. zero_gradients: {name: steps}"""
    return [name for name, steps in zero_gradients.items() if steps >= FROZEN_STEPS]


def check_due(steps: int) -> bool:
    """Whether to check a parameter with this many consecutive zero gradients: at FROZEN_STEPS times 1, 2, 4, 8, ...

    Repeated, since other samples may move it; rarely, since a check costs as much as a few steps.
    """
    times, rest = divmod(steps, FROZEN_STEPS)
    return times > 0 and not rest and times.bit_count() == 1


def too_many(skipped: Sequence[int], step: int) -> bool:
    """Whether a non-finite step follows too many others. skipped: earlier non-finite steps of the phase"""
    return sum(step - earlier < NONFINITE_STEPS for earlier in skipped) + 1 >= MAX_NONFINITE


def stays_high(losses: Sequence[float], reference: Sequence[float]) -> bool:
    """Whether the mean of the newest losses is above that of the reference, even without a spike.

    False with a reference shorter than MIN_HISTORY, and for a mean below LEAST_LOSS.
    Means vary less than medians: false alarms are 1 in 300 checks.
    """
    if len(reference) < MIN_HISTORY:
        return False
    return fmean(losses[-GOOD_EVERY:]) > max(fmean(reference) + HIGH_SPREADS * spread(reference), LEAST_LOSS)


def settled(losses: Sequence[float]) -> bool:
    """Whether the newest losses are no higher than earlier ones, so that the weights are worth keeping."""
    return not losses or median(losses[-10:]) <= 1.25 * median(losses)


Hits = dict[str, list[list[float]]]
"""{head: [labels of each class that were predicted, labels of each class]}, of heads whose loss adapts."""


@dataclass(frozen=True)
class StepNumbers:
    """Numbers of a step before the optimizer update.

    norm: global gradient norm before clipping
    layers: {parameter name: norm of its gradient}, of parameters that have a gradient
    sharpness: loss at the weights of the step's last evaluation minus `loss`, of an optimizer such as SAM that
        evaluates the worst weights nearby; None where there is one evaluation
    hits: of this process
    """

    loss: float
    norm: float
    layers: dict[str, float]
    sharpness: float | None = None
    hits: Hits = field(default_factory=dict)

    @property
    def finite(self) -> bool:
        return math.isfinite(self.loss) and math.isfinite(self.norm)


@dataclass
class GuardState:
    """Recent numbers of a phase's accepted steps; saved with the run.

    skipped: numbers of the phase's non-finite steps; negative for those of the phase that handed over
    zero_gradients: {parameter name: consecutive steps with a gradient of 0}
    alerted: alerts whose condition still holds
    steps: accepted steps since the start of the phase or the last rollback
    reference: losses to reach again after a rollback; empty before the first rollback
    attempts: consecutive rollbacks without recovery in between
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
        """Whether the last rollback is too recent to know that it helped."""
        return bool(self.reference) and self.steps < PROBATION

    def find_fault(self, numbers: StepNumbers, step: int, stability: Stability) -> Fault | None:
        """The fault of a step, None if it is accepted. step: its number in the phase"""
        if not numbers.finite:
            return "not finite again" if too_many(self.skipped, step) else "not finite"
        if is_outlier(numbers.loss, self.losses, stability.spike_factor, SPIKE_SPREADS, LEAST_LOSS):
            return "loss spike"
        examined = self.on_probation and (self.steps + 1) % GOOD_EVERY == 0
        if examined and stays_high([*self.losses, numbers.loss], self.reference):
            return "loss stays high"
        if is_outlier(numbers.norm, self.norms, EXPLODING_FACTOR, EXPLODING_SPREADS, LEAST_NORM):
            return "exploding gradient"
        return None

    def update(self, numbers: StepNumbers, immovable: Immovable = lambda names: []) -> list[tuple[Fault, str]]:
        """Add an accepted step; returns new alerts as (fault, parameter name or "").

        immovable: filters parameters whose gradient is always 0 by construction, which raise no alert
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
        """Frozen parameters: those alerted before, and those that a check finds now."""
        names = frozen(self.zero_gradients)
        known = [name for name in names if f"frozen layer {name}" in self.alerted]
        checked = [name for name in names if name not in known and check_due(self.zero_gradients[name])]
        exempt = immovable(checked) if checked else []
        return [name for name in names if name in known or (name in checked and name not in exempt)]

    def after(self, steps: int) -> "GuardState":
        """The same, for a next phase that counts its own steps from 0 after these."""
        return replace(self, skipped=[step - steps for step in self.skipped])

    def fresh(self) -> "GuardState":
        """The same, where losses and norms so far are no measure of those to come."""
        return replace(self, losses=[], norms=[], reference=[], attempts=0)

    def is_good(self) -> bool:
        """Whether to copy the weights after the newest step for a rollback; called once per step."""
        return self.steps % GOOD_EVERY == 0 and not self.on_probation and settled(self.losses)

    def roll_back(self, good: "GuardState") -> "GuardState":
        """The state after a rollback. good: the state when the restored weights were copied"""
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
    """The window with the lowest mean loss, so that repeated rollbacks never relax the reference.

    Windows shorter than MIN_HISTORY are used only if all are.
    """
    long = [losses for losses in windows if len(losses) >= MIN_HISTORY]
    return min(long or filter(None, windows), key=fmean, default=[])


def evidence(fault: Fault, numbers: StepNumbers, guard: GuardState) -> dict[str, float | None]:
    """The numbers that revealed a fault, as columns of an `Intervention`."""
    loss, reference = numbers.loss, None
    if fault == "loss stays high":
        loss, reference = fmean([*guard.losses, loss][-GOOD_EVERY:]), fmean(guard.reference)
    elif fault == "loss spike":
        reference = median(guard.losses)
    elif fault in ("exploding gradient", "vanishing gradient"):
        reference = median(guard.norms)
    return {"loss": loss, "norm": numbers.norm, "reference": reference}
