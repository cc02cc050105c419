"""Contradictions between sections of params.yaml, and values without effect: a line each, found before any stage runs.

Each function checks some sections against each other; a section checks itself in its dataclass.
"""

from collections.abc import Iterator, Mapping, Sequence

from tailwise.balance.samplers import Sampler
from tailwise.balance.subset import AllSamples, Oversampled, Rebalance
from tailwise.data.video.augment.ranges import OPTIONAL, Augment
from tailwise.data.video.decode.window import Window
from tailwise.engine.contract.phase import Phase, moves
from tailwise.evaluation.adjustment import EvaluationOptions
from tailwise.recipes.checks import MADE_ROOT, is_made
from tailwise.recipes.fouls.annotated.model import FoulModel
from tailwise.recipes.fouls.demo import Demo
from tailwise.recipes.fouls.demo.scene.plan import FPS
from tailwise.recipes.fouls.inputs import Features, FoulPhase
from tailwise.recipes.fouls.soccernet.reader import Soccernet
from tailwise.recipes.fouls.source import Source
from tailwise.recipes.phases import PhaseSection

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


def of_annotations(data: Source, model: FoulModel, phases: Mapping[str, Rebalance]) -> Lines:
    """What a table does not have, and dropped fouls that no phase draws: the other samplers draw by official labels."""
    reader = data.reader
    if not isinstance(reader, Soccernet):
        for name in ("auxiliary", "metadata"):
            if getattr(model, name):
                yield f"model.{name} needs data.reader.kind soccernet: a table has no such columns, set it to []"
    elif reader.keep_dropped and not any(isinstance(how.samples, AllSamples | Oversampled) for how in phases.values()):
        yield "data.reader.keep_dropped has no effect: no phase has samples {kind: all} or {kind: oversampled}"


def of_losses(model: FoulModel, phases: Mapping[str, Phase]) -> Lines:
    """Auxiliary heads that no phase trains."""
    for name in model.auxiliary:
        if not any(phase.loss_weights.get(name) for phase in phases.values()):
            yield f"model.auxiliary {name} has no effect: name it in a phase's loss_weights, as {{{name}: 0.1}}"


def of_head_dropout(model: FoulModel, heads: Sequence[str]) -> Lines:
    """Rates of heads that are not there. heads: of the official labels"""
    known = (*heads, *model.auxiliary)
    for name in model.head_dropout:
        if name not in known:
            yield f"model.head_dropout.{name}: the model has no such head; it has {', '.join(known)}"


def of_adjustment(last: PhaseSection, evaluation: EvaluationOptions) -> Lines:
    """A fixed adjustment of a model that was trained with a correction; auto may find that it needs none."""
    adjust = evaluation.adjust
    if adjust and not isinstance(adjust.tau, str) and (last.max_weight > 1 or isinstance(last.samples, Sampler)):
        yield (
            f"evaluation.adjust.tau {adjust.tau:g} corrects the imbalance a second time, after phase3: "
            "set it to auto, or phase3.max_weight to 1 with samples {kind: all}"
        )


def of_trainable(phases: Mapping[str, Phase], parameters: list[str], pretrained: bool, checkpoint: bool) -> Lines:
    """A backbone that is never trained. parameters: all names of the model's"""
    backbone = [parameter for parameter in parameters if parameter.startswith("backbone.")]
    if any(moves(parameter, phase.trainable) for phase in phases.values() for parameter in backbone):
        return
    if checkpoint:
        yield "model.backbone.checkpoint has no effect: no phase trains the backbone"
    if not pretrained:
        yield "no phase trains the backbone, and it has no weights to begin with: see trainable"


def of_features(phases: Mapping[str, FoulPhase], features: Features, parameters: list[str]) -> Lines:
    """Phases on features that are not there or of another backbone, and features that nothing reads."""
    backbone = [parameter for parameter in parameters if parameter.startswith("backbone.")]
    training = [n for n, p in phases.items() if any(moves(each, p.train.trainable) for each in backbone)]
    reading = {name: phase for name, phase in phases.items() if phase.features}
    for name, phase in reading.items():
        if phase.features not in (*features.start, *features.after):
            key = "start" if phase.features == "start" else "after"
            yield f"{name}.inputs {phase.inputs}: add {phase.features} to features.{key}"
        if phase.train.augment and not features.passes:
            yield f"{name}.train.augment {phase.train.augment:g} has no effect: features.passes is 0"
        if phase.train.mix:
            yield f"{name}.train.mix: features are not mixed, set it to null"
        yield from _of_other_backbone(name, phases, training)
    used = [phase.features for phase in reading.values()]
    for of in [each for each in (*features.start, *features.after) if each not in used]:
        yield f"features of {of} have no effect: no phase has inputs: features/{of}"
    if reading and features.passes and not any(phase.train.augment for phase in reading.values()):
        yield f"features.passes {features.passes} has no effect: train.augment is 0 in each phase on features"


def _of_other_backbone(name: str, phases: Mapping[str, FoulPhase], training: list[str]) -> Lines:
    """training: the phases that train the backbone"""
    names, phase = ["start", *phases], phases[name]
    since = names[names.index(phase.features) : names.index(name)]
    if not since:
        yield f"{name}.inputs {phase.inputs} are there only after {phase.features}"
    if name in training:
        yield f'{name}.train.trainable: features train no backbone, add "!backbone.*"'
    for other in [other for other in since[1:] if other in training]:
        yield f"{name}.inputs {phase.inputs}: {other} changes the backbone that they are of"
    before = phases.get(phase.features)
    if before and before.train.average and before.train.hand_over == "last":
        yield f"{name}.inputs {phase.inputs} are of averaged weights: set {phase.features}.train.hand_over to best"
