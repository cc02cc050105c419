"""What a step's numbers say of it: pure functions from recent values to yes or no, and what each fault calls for."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from statistics import fmean, median
from typing import Literal

from tailwise.engine.contract.run import Stability

Fault = Literal[
    "not finite",
    "not finite again",
    "loss spike",
    "loss stays high",
    "exploding gradient",
    "vanishing gradient",
    "frozen layer",
    "out of memory",
]
Verdict = Literal["skip", "roll back", "shrink", "alert"]

VERDICTS: dict[Fault, Verdict] = {
    "not finite": "skip",
    "not finite again": "roll back",
    "loss spike": "roll back",
    "loss stays high": "roll back",
    "exploding gradient": "roll back",
    "vanishing gradient": "alert",
    "frozen layer": "alert",
    "out of memory": "shrink",
}
"""skip: the batch; the weights stay as they are.
roll back: to the last good weights, at half the rate, and on with the next batch. If that does not help for long, at a
    quarter of that, then an eighth: a rate that just holds is still too high to learn by. After too many the next
    simpler model goes on from the weights that fit, and without one the run ends.
shrink: half the micro-batch, and the same step again.
alert: the step counts; it is told once, until it has passed."""

Idle = Callable[[list[str]], list[str]]
"""Names of parameters to those of them that cannot move by construction, see idle.py."""

RECENT = 64
"""Steps that a value is held against."""
KNOWN = 8
"""Steps before there is anything to hold it against."""
SPIKE_SPREADS = 8.0
EXPLODING_FACTOR, EXPLODING_SPREADS = 10.0, 8.0
GOOD_EVERY = 20
"""Steps after which the weights are kept to go back to, if the loss has not risen."""
HIGH_SPREADS, PROOF = 0.7, 3 * GOOD_EVERY
"""So far above what it was the loss must not stay, within so many steps after going back."""
VANISHING_FACTOR, VANISHING_STEPS = 1e-3, 5
FROZEN_STEPS = 50
AGAIN, AGAIN_STEPS = 3, 50
"""So many steps that are not finite, within so many steps."""


def spread(values: Sequence[float]) -> float:
    """Scaled median absolute deviation: the standard deviation, if they are normal. Outliers do not move it."""
    middle = median(values)
    return 1.4826 * median(abs(value - middle) for value in values)


def outlying(value: float, recent: Sequence[float], factor: float, spreads: float) -> bool:
    """Above `factor` times the median of recent values, and so many of their spreads above it; never if few are known.

    The factor alone would take for a spike what is usual where losses are small and scatter much.
    """
    if len(recent) < KNOWN:
        return False
    middle = median(recent)
    return value > factor * middle and value > middle + spreads * spread(recent)


def vanishing(norms: Sequence[float], recent: Sequence[float]) -> bool:
    """Whether the last norms are all next to nothing beside recent ones."""
    last = norms[-VANISHING_STEPS:]
    known = len(last) == VANISHING_STEPS and len(recent) >= KNOWN
    return known and max(last) <= VANISHING_FACTOR * median(recent)


def frozen(still: dict[str, int]) -> list[str]:
    """Names of the parameters whose gradient was 0 in so many steps on end. still: {name: steps so far}"""
    return [name for name, steps in still.items() if steps >= FROZEN_STEPS]


def looked_into(steps: int) -> bool:
    """Whether after so many steps on end a parameter is looked into: at FROZEN_STEPS, twice that, four times that ...

    More than once, as what a few samples cannot move others may; seldom, as it costs as much as some steps.
    """
    times, rest = divmod(steps, FROZEN_STEPS)
    return times > 0 and not rest and times.bit_count() == 1


def again(skipped: Sequence[int], step: int) -> bool:
    """Whether the step, which is not finite, comes with too many others. skipped: earlier ones of the phase"""
    return sum(step - earlier < AGAIN_STEPS for earlier in skipped) + 1 >= AGAIN


def stays_high(losses: Sequence[float], before: Sequence[float]) -> bool:
    """Whether the newest losses are above what they were, as a whole; no single one need be a spike. Never if few are
    known.

    Means, as they scatter less than medians: chance alone raises one so far once in 300 times.
    """
    known = len(before) >= KNOWN
    return known and fmean(losses[-GOOD_EVERY:]) > fmean(before) + HIGH_SPREADS * spread(before)


def settled(losses: Sequence[float]) -> bool:
    """Whether the newest losses are no higher than what they were: weights worth going back to."""
    return not losses or median(losses[-10:]) <= 1.25 * median(losses)


@dataclass(frozen=True)
class StepNumbers:
    """A step before the optimizer moves. layers: {parameter name: norm of its gradient}, without those that have none

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
    """Recent numbers of a phase, of steps that counted; saved with the run. One judge: `fault`, then `remember`.

    skipped: steps of the phase that were not finite
    still: {parameter name: steps on end with a gradient of 0; of parameters that have one}
    told: what was alerted and has not passed yet
    since: steps of the phase that counted, or of those after the last time it went back
    before: losses that belong to the weights it went back to, once it has
    tries: times on end that it went back, none of which helped before the last
    """

    losses: list[float] = field(default_factory=list)
    norms: list[float] = field(default_factory=list)
    skipped: list[int] = field(default_factory=list)
    still: dict[str, int] = field(default_factory=dict)
    told: list[str] = field(default_factory=list)
    since: int = 0
    before: list[float] = field(default_factory=list)
    tries: int = 0

    @property
    def unproved(self) -> bool:
        """Whether it went back, and that has not yet shown to have helped."""
        return bool(self.before) and self.since < PROOF

    def fault(self, numbers: StepNumbers, step: int, stability: Stability) -> Fault | None:
        """What stands against this step, by its number in the phase; None if it may count."""
        if not numbers.finite:
            return "not finite again" if again(self.skipped, step) else "not finite"
        if outlying(numbers.loss, self.losses, stability.spike_factor, SPIKE_SPREADS):
            return "loss spike"
        if self.unproved and (self.since + 1) % GOOD_EVERY == 0:
            if stays_high([*self.losses, numbers.loss], self.before):
                return "loss stays high"
        if outlying(numbers.norm, self.norms, EXPLODING_FACTOR, EXPLODING_SPREADS):
            return "exploding gradient"
        return None

    def remember(self, numbers: StepNumbers, idle: Idle = lambda names: []) -> list[tuple[Fault, str]]:
        """Take in a step that counted; alerts that are new, with the parameter's name if it is about one.

        idle: which of these parameters cannot move by construction; nothing is said of them
        """
        self.losses = [*self.losses, numbers.loss][-RECENT:]
        self.norms = [*self.norms, numbers.norm][-RECENT:]
        self.since += 1
        self.still = {name: self.still.get(name, 0) + 1 for name, norm in numbers.layers.items() if norm == 0}
        found: list[tuple[Fault, str]] = [("frozen layer", name) for name in self._dead(idle)]
        if vanishing(self.norms, self.norms[:-VANISHING_STEPS]):
            found.append(("vanishing gradient", ""))
        new = [(fault, name) for fault, name in found if f"{fault} {name}" not in self.told]
        self.told = [f"{fault} {name}" for fault, name in found]
        return new

    def _dead(self, idle: Idle) -> list[str]:
        """Parameters that do not move though they could: those told of, and what is now looked into and found so."""
        names = frozen(self.still)
        told = [name for name in names if f"frozen layer {name}" in self.told]
        asked = [name for name in names if name not in told and looked_into(self.still[name])]
        cannot = idle(asked) if asked else []
        return [name for name in names if name in told or (name in asked and name not in cannot)]

    def good(self) -> bool:
        """Whether the weights after the newest step are worth going back to; asked once a step."""
        return self.since % GOOD_EVERY == 0 and not self.unproved and settled(self.losses)

    def back_to(self, good: "GuardState") -> "GuardState":
        """What is known once the weights are those of `good` again, as far as that knew anything.

        Of two times it went back the lower losses are to be reached: else each could allow for more than the last.
        """
        kept = good if len(good.losses) >= KNOWN else self
        known = [losses for losses in (self.before, kept.losses) if losses]
        before = min(known, key=lambda losses: (len(losses) < KNOWN, fmean(losses)), default=[])
        tries = self.tries + 1 if self.unproved else 1
        return replace(self, losses=kept.losses, norms=kept.norms, skipped=[], since=0, before=before, tries=tries)


def describe_fault(fault: Fault, numbers: StepNumbers, watch: GuardState) -> str:
    """The numbers that a fault was found by."""
    if fault == "loss stays high":
        last, before = fmean([*watch.losses, numbers.loss][-GOOD_EVERY:]), fmean(watch.before)
        return f"mean loss of {GOOD_EVERY} steps {last:.3g}, {before:.3g} before it went back"
    if fault == "loss spike":
        return f"loss {numbers.loss:.3g}, median of the last {len(watch.losses)} {median(watch.losses):.3g}"
    if fault in ("exploding gradient", "vanishing gradient"):
        return f"gradient norm {numbers.norm:.3g}, median of the last {len(watch.norms)} {median(watch.norms):.3g}"
    return f"loss {numbers.loss:.3g}, gradient norm {numbers.norm:.3g}"
