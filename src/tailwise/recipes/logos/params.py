"""Every section of the logos pipeline's params.yaml, as one dataclass."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from tailwise.balance.boosts import Target
from tailwise.balance.guard import Balance
from tailwise.core.errors import UserError
from tailwise.core.heads import Head
from tailwise.core.params.runtime import Runtime
from tailwise.data.images.augment.ranges import ImageAugment
from tailwise.data.tables.resampling import Resampling
from tailwise.engine.contract.phase import Phase
from tailwise.engine.contract.run import Stability, Training
from tailwise.evaluation.calibration.options import Calibration
from tailwise.evaluation.certificate import Targets
from tailwise.evaluation.embedding.options import EmbeddingMap, check_package
from tailwise.evaluation.selection import Selection
from tailwise.losses.head.kinds import PLAIN
from tailwise.losses.image.loss import ImageLoss
from tailwise.models.image.classifier import Ensemble, ImageModel
from tailwise.recipes import contradictions as shared
from tailwise.recipes.checks import MADE_ROOT, check_phase, check_sources, is_made, without_memory
from tailwise.recipes.exports import Export, check_packages
from tailwise.recipes.logos.contrast.model import ContrastModel
from tailwise.recipes.logos.contrast.options import Contrast
from tailwise.recipes.logos.demo import Demo
from tailwise.recipes.logos.prepare import Prepare
from tailwise.recipes.logos.properties.rules import Fitting
from tailwise.recipes.logos.readers.images import ImageFiles
from tailwise.recipes.logos.readers.logo import HEAD
from tailwise.recipes.logos.source import Source
from tailwise.recipes.logos.task import Start
from tailwise.recipes.phases import PhaseSection, PlainPhase

ANY_HEAD = (Head(HEAD, ("a", "b")),)
"""Classes are known from the data only, and names of parameters do not depend on them."""
PHASES = ("phase1", "phase2", "phase3", "phase4")


@dataclass(frozen=True)
class Params:
    data: Source
    demo: Demo
    prepare: Prepare
    phase1: PhaseSection
    phase2: PhaseSection
    phase3: PhaseSection
    phase4: PhaseSection
    balance: Balance
    target: Target
    model: ImageModel
    loss: ImageLoss
    augment: ImageAugment
    rules: Fitting
    start: Start
    contrast: Contrast
    pretrain: PlainPhase
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
        self.model.check(self.prepare.size)
        model = without_memory(lambda: self.model.build(ANY_HEAD, self.prepare.size))
        for name, phase in self.phases().items():
            check_phase(name, model, phase.train, (HEAD,), self.loss.regularisers)
        self.loss.check(self.model.uncertainty)
        check_pretraining(self)
        for line in self.contradictions([name for name, _ in model.named_parameters()]):
            raise ValueError(line)

    def phases(self) -> dict[str, PhaseSection]:
        return {name: getattr(self, name) for name in PHASES}

    def contradictions(self, parameters: list[str]) -> Iterator[str]:
        """A line for each; parameters: the names of the model's."""
        trained = {name: phase.train for name, phase in self.phases().items()}
        yield from of_data(self.data, self.prepare)
        yield from of_augment(self.augment, [phase.augment for phase in trained.values()])
        yield from of_training(trained)
        yield from shared.of_curricula(self.phases(), "an image")
        yield from shared.of_balance(self.phases(), self.balance)
        yield from shared.of_correction(self.phases())
        yield from shared.of_patterns(trained, parameters)
        yield from shared.of_phases(trained, self.training)
        yield from shared.of_selection(trained, self.selection)
        yield from shared.of_machine(self.training, self.runtime)


def of_data(data: Source, prepare: Prepare) -> Iterator[str]:
    """The demo has one format; calibration needs images of its own."""
    if is_made(data.root) and not isinstance(data.reader, ImageFiles):
        yield f"data.reader.kind {data.reader.kind} cannot read {MADE_ROOT}: set data.root, or the kind to images"
    if not prepare.calibration:
        yield "prepare.calibration 0 leaves no image to fit calibration to: set it above 0"


def of_augment(augment: ImageAugment, strengths: list[float]) -> Iterator[str]:
    if augment.any and not any(strengths):
        yield "augment has no effect: the augment of each phase is 0"


def of_training(phases: Mapping[str, Phase]) -> Iterator[str]:
    for name, phase in phases.items():
        if phase.mix:
            yield f"{name}.train.mix {{kind: {phase.mix.kind}}}: images are not mixed, set it to null"


def check_pretraining(params: Params) -> None:
    """Raise UserError for options of pretraining without effect, or a backbone that is not pretrained."""
    phase = params.pretrain.train
    if phase.mix or phase.loss != PLAIN or phase.augment_by_class:
        raise UserError("pretrain.train: mix, loss and augment_by_class are of labels, which pretraining has none of")
    if not phase.augment:
        raise UserError("pretrain.train.augment 0: both views of a picture would be the same")
    if isinstance(params.model.backbone, Ensemble):
        if params.start.pretrained:
            raise UserError("start.pretrained has no effect on an ensemble: set it to null")
        return
    backbone = params.model.backbone
    model = without_memory(lambda: ContrastModel(backbone, params.contrast, ANY_HEAD, params.prepare.size))
    check_phase("pretrain", model, phase, (), ())


def check_inputs(params: Params) -> None:
    """Raise UserError if what the pipeline is to read is not there, or a package that it is to use."""
    check_sources(params.data.root, params.runtime)
    check_packages(params.export)
    check_package(params.map)
