"""Every section of the actions pipeline's params.yaml, as one dataclass."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from tailwise.balance.boosts import Target
from tailwise.balance.guard import Balance
from tailwise.core.errors import UserError
from tailwise.core.heads import Head
from tailwise.core.params.runtime import Runtime
from tailwise.data.tables.resampling import Resampling
from tailwise.data.video.augment.ranges import Augment
from tailwise.data.video.decode.spread import Spread
from tailwise.data.video.store.store import Decode
from tailwise.data.video.views import Size
from tailwise.engine.contract.mixing import Mixup
from tailwise.engine.contract.phase import Phase, moves
from tailwise.engine.contract.run import Stability, Training
from tailwise.evaluation.calibration.options import Calibration
from tailwise.evaluation.certificate import Targets
from tailwise.evaluation.embedding.options import EmbeddingMap, check_package
from tailwise.evaluation.selection import Selection
from tailwise.models.action.model import TwoStreams, check_limits
from tailwise.models.frozen.motion import OwnMotion
from tailwise.models.frozen.streams import Streams
from tailwise.recipes import contradictions as shared
from tailwise.recipes.actions.baseline.model import BaselineModel
from tailwise.recipes.actions.baseline.task import BaselineStage
from tailwise.recipes.actions.clips.prepare import Prepare
from tailwise.recipes.actions.demo import Demo
from tailwise.recipes.actions.features.options import Features
from tailwise.recipes.actions.motion.model import MotionModel
from tailwise.recipes.actions.source import HEAD, Source
from tailwise.recipes.checks import check_phase, check_sources, without_memory
from tailwise.recipes.exports import Export, check_packages
from tailwise.recipes.phases import PhaseSection

ANY_HEAD = (Head(HEAD, ("a", "b")),)
"""Classes are known from the data only, and names of parameters do not depend on them."""
PHASES = ("phase1", "phase2", "phase3")


@dataclass(frozen=True)
class MotionStage:
    """stages: [motion], or [] where streams.motion is not the pipeline's own: DVC makes a stage of each item
    train: the phase, without rebalancing
    """

    stages: tuple[Literal["motion"], ...]
    train: Phase


@dataclass(frozen=True)
class Params:
    data: Source
    demo: Demo
    prepare: Prepare
    window: Spread
    decode: Decode
    augment: Augment
    streams: Streams
    motion: MotionStage
    baseline: BaselineStage
    features: Features
    phase1: PhaseSection
    phase2: PhaseSection
    phase3: PhaseSection
    balance: Balance
    target: Target
    model: TwoStreams
    training: Training
    stability: Stability
    calibration: Calibration
    map: EmbeddingMap
    certificate: Targets
    runtime: Runtime
    selection: Selection = field(default=Selection(), kw_only=True)
    resampling: Resampling = field(default=Resampling(), kw_only=True)
    export: Export = field(default=Export(), kw_only=True)

    def __post_init__(self):
        shape = self._check_shape()
        steps = self.streams.steps(shape[0])
        model = without_memory(
            lambda: self.model.build(self.streams, ANY_HEAD, (steps["semantic"], steps["motion"]), self.features.pool)
        )
        parameters = [name for name, _ in model.named_parameters()]
        for name, phase in self.phases().items():
            check_phase(name, model, phase.train, (HEAD,), ())
            check_limits(model, {key for key in parameters if moves(key, phase.train.trainable)}, self.model.limits)
        self._check_motion()
        self._check_baseline()
        for line in self.contradictions(parameters):
            raise ValueError(line)

    def _check_shape(self) -> Size:
        """Frames, height and width that the streams are given; ValueError where they do not fit."""
        decoded = (self.window.frames, self.window.height, self.window.width)
        try:
            if self.features.views:
                self.features.views.check(decoded)
        except ValueError as error:
            raise ValueError(f"features.views does not fit window: {error}") from error
        shape = self.features.shape(decoded)
        try:
            self.streams.check_shape(shape)
        except ValueError as error:
            raise ValueError(f"window does not fit streams: {error}") from error
        return shape

    def _check_motion(self) -> None:
        options = self.streams.motion
        if isinstance(options, OwnMotion):
            check_phase(
                "motion", without_memory(lambda: MotionModel(options, ANY_HEAD)), self.motion.train, (HEAD,), ()
            )

    def _check_baseline(self) -> None:
        shape = (self.window.frames, self.window.height, self.window.width)
        if not self.baseline.stages:
            return
        if not self.motion.stages:
            raise ValueError("baseline.stages needs the clips that motion.stages decodes: set that to [motion]")
        try:
            model = without_memory(lambda: BaselineModel(self.baseline.model, ANY_HEAD, shape))
        except ValueError as error:
            raise ValueError(f"window does not fit baseline.model: {error}") from error
        check_phase("baseline", model, self.baseline.train, (HEAD,), ())

    def phases(self) -> dict[str, PhaseSection]:
        return {name: getattr(self, name) for name in PHASES}

    def contradictions(self, parameters: list[str]) -> Iterator[str]:
        """A line for each; parameters: the names of the model's."""
        trained = {name: phase.train for name, phase in self.phases().items()}
        yield from of_motion(self.streams, self.motion, self.prepare)
        yield from of_phases(trained, self.features)
        yield from of_augment(self.augment)
        yield from shared.of_curricula(self.phases(), "a clip")
        yield from shared.of_balance(self.phases(), self.balance)
        yield from shared.of_correction(self.phases())
        yield from shared.of_patterns(trained, parameters)
        yield from shared.of_phases(trained, self.training)
        yield from shared.of_selection(trained, self.selection)
        yield from shared.of_machine(self.training, self.runtime)


def of_motion(streams: Streams, motion: MotionStage, prepare: Prepare) -> Iterator[str]:
    """A net of its own that no stage trains, or one that is trained and not used."""
    own = isinstance(streams.motion, OwnMotion)
    if own and not motion.stages:
        yield "streams.motion {kind: own} needs the stage that trains it: set motion.stages to [motion]"
    if not own and motion.stages:
        yield f"motion.stages has no effect: streams.motion is {streams.motion.kind}, set it to []"
    if not prepare.calibration:
        yield "prepare.calibration 0 leaves no clip to fit calibration to: set it above 0"


def of_phases(phases: Mapping[str, Phase], features: Features) -> Iterator[str]:
    """Passes that no phase takes, those that are taken and not there, and what tokens cannot be trained with."""
    for name, phase in phases.items():
        if any(moves(f"streams.{stream}.x", phase.trainable) for stream in ("semantic", "motion")):
            yield f'{name}.train.trainable: features do not train the streams: add "!streams.*"'
        if phase.mix and not isinstance(phase.mix, Mixup):
            yield f"{name}.train.mix {{kind: {phase.mix.kind}}}: tokens of clips have no area, use mixup"
        if phase.augment and not features.passes:
            yield f"{name}.train.augment has no effect: features.passes is 0"
    if features.passes and not any(phase.augment for phase in phases.values()):
        yield "features.passes has no effect: the augment of each phase is 0"


def of_augment(augment: Augment) -> Iterator[str]:
    """What clips of one view, without a margin, cannot be changed by."""
    if augment.delay or augment.drop_views:
        yield "augment.delay and drop_views are of windows with a margin and of several views: set them to 0"
    if augment.reverse or augment.one_sided:
        yield "augment.reverse and one_sided have no effect: actions backwards are others, mirrored labels are swapped"


def check_inputs(params: Params) -> None:
    """Raise UserError if what the pipeline is to read is not there, or a package that it is to use."""
    check_sources(params.data.root, params.runtime)
    check_packages(params.export)
    check_package(params.map)
    try:
        params.streams.check_weights()
    except ImportError as error:
        raise UserError(
            f"streams.semantic: the package {error.name} is absent: pip install -r requirements.txt"
        ) from error
