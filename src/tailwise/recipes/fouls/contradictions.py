"""Contradictions between sections of params.yaml, and values without effect: a line each, found before any stage runs.

Each function checks some sections against each other; a section checks itself in its dataclass.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

from tailwise.balance.boosts import EffectiveNumber
from tailwise.balance.guard import Balance
from tailwise.balance.subset import Oversampled, Rebalance
from tailwise.core.params.runtime import Runtime
from tailwise.data.video.augment.ranges import OPTIONAL, Augment
from tailwise.data.video.decode.window import Window
from tailwise.engine.contract.phase import Phase, moves
from tailwise.engine.contract.phases import hand_over_faults
from tailwise.engine.contract.run import Training
from tailwise.recipes.fouls.demo import Demo
from tailwise.recipes.fouls.demo.scene.plan import FPS
from tailwise.recipes.fouls.soccernet.reader import Soccernet
from tailwise.recipes.fouls.source import Source

MADE_ROOT = "data/demo"
"""The data root that a stage of the pipeline makes."""

Lines = Iterator[str]


def of_data(data: Source, window: Window, demo: Demo) -> Lines:
    """The demo has one layout, one length and one frame of contact."""
    if not is_made(data.root):
        return
    if not isinstance(data.reader, Soccernet):
        yield f"data.reader.kind {data.reader.kind} cannot read {MADE_ROOT}: set data.root, or the kind to soccernet"
    indices = window.indices(FPS)
    first, last = indices[0], indices[-1]
    if last >= demo.frames:
        yield f"the window ends at frame {last}, and a clip of the demo has {demo.frames}: raise demo.frames"
    elif not first <= demo.contact <= last:
        yield f"demo.contact {demo.contact} is not within the window, frames {first} to {last}: move window.centre"


def is_made(root: str) -> bool:
    """Whether a data root is the one that a stage makes."""
    return Path(root) == Path(MADE_ROOT)


def of_augment(augment: Augment, window: Window, phases: Mapping[str, Phase]) -> Lines:
    """What needs frames to shift into, and what is rounded to nothing."""
    strength = max(phase.augment for phase in phases.values())
    if augment.delay > window.margin:
        yield f"augment.delay {augment.delay} needs window.margin {augment.delay} or more"
    if augment.delay and not any(round(augment.delay * phase.augment) for phase in phases.values()):
        yield f"augment.delay {augment.delay} has no effect: at the augment of each phase it is less than a frame"
    for name in OPTIONAL:
        if getattr(augment, name) and not strength:
            yield f"augment.{name} has no effect: the augment of each phase is 0"
    for name in ("speed", "drop_frames", "reverse"):
        if getattr(augment, name) and window.frames == 1:
            yield f"augment.{name} has no effect: window.frames is 1"
    slowest = 1 / (1 + augment.speed * strength)
    if augment.speed and window.frames // 2 * (1 - slowest) < 0.5:
        yield f"augment.speed {augment.speed:g} has no effect: it moves no frame by half a frame"
    if augment.erase and augment.erase * strength * max(window.height, window.width) < 0.5:
        yield f"augment.erase {augment.erase:g} has no effect: it is less than a pixel"


def of_balance(phases: Mapping[str, Rebalance], balance: Balance) -> Lines:
    """A cap above the guard's limit, and rules that treat all classes and samples alike."""
    for name, how in phases.items():
        if how.max_weight > balance.max_effective_ratio:
            limit = f"balance.max_effective_ratio {balance.max_effective_ratio:g}"
            yield f"{name}.max_weight {how.max_weight:g} is above {limit}, which no boost may exceed"
        if how.max_weight > 1 and isinstance(how.boost, EffectiveNumber) and not how.boost.beta:
            yield f"{name}.boost.beta 0 has no effect: every class gets the same boost; set {name}.max_weight to 1"
        if isinstance(how.samples, Oversampled) and how.samples.max_repeat == 1:
            yield f"{name}.samples.max_repeat 1 has no effect: each sample is drawn once; use {{kind: all}}"


def of_trainable(phases: Mapping[str, Phase], parameters: list[str], pretrained: bool, checkpoint: bool) -> Lines:
    """Parts that are never trained, and patterns that freeze nothing. parameters: all names of the model's"""
    for name, phase in phases.items():
        for pattern in phase.trainable:
            rest = tuple(other for other in phase.trainable if other != pattern)
            if pattern.startswith("!") and not any(
                moves(parameter, rest) != moves(parameter, phase.trainable) for parameter in parameters
            ):
                yield f"{name}.train.trainable: {pattern!r} has no effect: no other pattern names what it freezes"
    backbone = [parameter for parameter in parameters if parameter.startswith("backbone.")]
    if any(moves(parameter, phase.trainable) for phase in phases.values() for parameter in backbone):
        return
    if checkpoint:
        yield "model.backbone.checkpoint has no effect: no phase trains the backbone"
    if not pretrained:
        yield "no phase trains the backbone, and it has no weights to begin with: see trainable"


def of_phases(phases: Mapping[str, Phase]) -> Lines:
    """An optimizer's state for another kind of optimizer."""
    yield from hand_over_faults(phases)


def of_machine(training: Training, runtime: Runtime) -> Lines:
    if training.precision == "bf16" and runtime.device == "cpu":
        yield "training.precision bf16 has no effect where runtime.device is cpu: a processor computes in float32"
