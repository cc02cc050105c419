"""Contradictions between the sections of params.yaml that pipelines share, and values without effect: a line each.

Found before any stage runs. A section checks itself in its dataclass.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence

from tailwise.balance.boosts import EffectiveNumber, SquareRoot
from tailwise.balance.guard import Balance
from tailwise.balance.samplers import Sampler
from tailwise.balance.subset import Oversampled, Rebalance
from tailwise.core.params.runtime import Runtime
from tailwise.engine.contract.phase import Phase, moves
from tailwise.engine.contract.phases import hand_over_faults, recall_faults
from tailwise.engine.contract.run import Training
from tailwise.evaluation.selection import Selection
from tailwise.losses.head.adaptive import AdaptiveFocal
from tailwise.losses.head.ldam import LDAM
from tailwise.recipes.phases import NO_TEACHER, Distillation, PhaseSection

Lines = Iterator[str]


def of_curricula(phases: Mapping[str, PhaseSection], sample: str) -> Lines:
    """A curriculum by length, for samples of one label a head. sample: the word for one, such as `a foul`"""
    for name, phase in phases.items():
        if phase.curriculum and phase.curriculum.by == "length":
            yield f"{name}.curriculum.by length has no effect: {sample} has one label a head, set it to difficulty"


def of_balance(phases: Mapping[str, Rebalance], balance: Balance) -> Lines:
    """A cap above the guard's limit, and rules that treat all classes and samples alike."""
    for name, how in phases.items():
        key, limit = balance.limit(how.apply_as)
        if how.max_weight > limit:
            yield f"{name}.max_weight {how.max_weight:g} is above balance.{key} {limit:g}, which no boost may exceed"
        if isinstance(how, PhaseSection):
            yield from _of_factors(name, how, balance)
        if how.max_weight > 1 and isinstance(how.boost, EffectiveNumber) and not how.boost.beta:
            yield f"{name}.boost.beta 0 has no effect: every class gets the same boost; set {name}.max_weight to 1"
        if isinstance(how.samples, Oversampled) and how.samples.max_repeat == 1:
            yield f"{name}.samples.max_repeat 1 has no effect: each sample is drawn once; use {{kind: all}}"


def _of_factors(name: str, how: PhaseSection, balance: Balance) -> Lines:
    """Factors of an adaptive loss that the guard's limit does not allow, on top of the phase's weights."""
    loss, (key, limit) = how.train.loss, balance.limit("weight")
    weight = how.max_weight if how.apply_as == "weight" else 1.0
    if isinstance(loss, AdaptiveFocal) and weight * loss.max_factor > limit:
        times = f"{name}.max_weight {weight:g} times " if weight > 1 else ""
        yield f"{times}{name}.train.loss.max_factor {loss.max_factor:g} is above balance.{key} {limit:g}"


def of_correction(phases: Mapping[str, PhaseSection]) -> Lines:
    """Boosts, draws and a loss that would each correct the same imbalance."""
    for name, how in phases.items():
        if how.max_weight == 1:
            continue
        samples = how.samples
        if isinstance(samples, Sampler) and not (samples.kind == "square_root" and isinstance(how.boost, SquareRoot)):
            other = f", or {name}.boost to {{kind: sqrt}}" if samples.kind == "square_root" else ""
            yield (
                f"{name}.samples {{kind: {samples.kind}}} and {name}.apply_as {how.apply_as} correct the imbalance "
                f"twice: set {name}.max_weight to 1{other}"
            )
        if isinstance(how.train.loss, LDAM) and how.apply_as == "margin":
            yield (
                f"{name}.train.loss {{kind: ldam}} and {name}.apply_as margin are two margins for the same imbalance: "
                f"set {name}.max_weight to 1, or apply_as to weight"
            )


def of_learned_weights(
    names: Sequence[str], heads: Collection[str], auxiliary: Collection[str], phases: Mapping[str, Phase]
) -> Lines:
    """Learned weights of losses that are not there, or that never move.

    heads, auxiliary: the losses that count unless a phase says otherwise, and those that a phase must name
    """
    for name in names:
        if name not in (*heads, *auxiliary):
            yield f"model.learned_weights: the task has no loss {name}; it has {', '.join([*heads, *auxiliary])}"
            continue
        counted = [phase for phase in phases.values() if phase.loss_weights.get(name, float(name in heads))]
        if not any(moves(f"log_variances.{name}", phase.trainable) for phase in counted):
            yield f"model.learned_weights {name} has no effect: no phase trains it, see loss_weights and trainable"


def of_teachers(phases: Mapping[str, PhaseSection], distillation: Distillation) -> Lines:
    """Teachers that a phase names and that are not there, and teachers that nobody learns from."""
    teachers = distillation.teachers
    for name, phase in phases.items():
        if phase.teacher not in (NO_TEACHER, *teachers):
            known = f"it has {', '.join(teachers)}" if teachers else "it has none"
            yield f"{name}.teacher {phase.teacher}: distillation.teachers has no such name, {known}"
    for teacher in [each for each in teachers if each not in [phase.teacher for phase in phases.values()]]:
        yield f"distillation.teachers.{teacher} has no effect: it is the teacher of no phase"


def of_patterns(phases: Mapping[str, Phase], parameters: Sequence[str]) -> Lines:
    """Patterns that freeze nothing. parameters: all names of the model's"""
    for name, phase in phases.items():
        for pattern in phase.trainable:
            rest = tuple(other for other in phase.trainable if other != pattern)
            if pattern.startswith("!") and not any(
                moves(parameter, rest) != moves(parameter, phase.trainable) for parameter in parameters
            ):
                yield f"{name}.train.trainable: {pattern!r} has no effect: no other pattern names what it freezes"


def of_phases(phases: Mapping[str, Phase], training: Training) -> Lines:
    """An optimizer's state for another kind of optimizer, recalls that nobody measured, mixing of one sample."""
    yield from hand_over_faults(phases)
    yield from recall_faults(phases)
    for name, phase in phases.items():
        if phase.mix and training.micro_batch == 1:
            yield f"{name}.train.mix has no effect: a micro-batch has one sample"


def of_selection(phases: Collection[str], selection: Selection) -> Lines:
    """A phase that the pipeline lacks, and a rule with nothing to decide."""
    for name in selection.candidates:
        if name not in phases:
            yield f"selection.candidates names {name}, which is no phase; there are {', '.join(phases)}"
    if len(selection.candidates) == 1 and selection.standard_errors != Selection().standard_errors:
        yield f"selection.standard_errors {selection.standard_errors:g} has no effect: there is one candidate"


def of_machine(training: Training, runtime: Runtime) -> Lines:
    if training.precision == "bf16" and runtime.device == "cpu":
        yield "training.precision bf16 has no effect where runtime.device is cpu: a processor computes in float32"
