"""Every section of the logos pipeline's params.yaml, as one dataclass."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import torch

from tailwise.balance.boosts import Target
from tailwise.balance.guard import Balance
from tailwise.core.errors import UserError
from tailwise.core.heads import Head
from tailwise.core.params.runtime import Runtime
from tailwise.data.images.augment.ranges import ImageAugment
from tailwise.data.tables.checks.root import check_root, check_tree
from tailwise.engine.contract.phase import Phase, check_losses, rate_groups, set_trainable
from tailwise.engine.contract.run import Stability, Training
from tailwise.evaluation.calibration.options import Calibration
from tailwise.evaluation.certificate import Targets
from tailwise.losses.image.loss import ImageLoss
from tailwise.losses.kinds import PLAIN
from tailwise.models.image.classifier import Ensemble, ImageModel
from tailwise.recipes import contradictions as shared
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

MADE_ROOT = "data/demo"
"""The data root that a stage of the pipeline makes."""
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
    certificate: Targets
    runtime: Runtime

    def __post_init__(self):
        model = shape_of(self.model, self.prepare.size)
        for name, phase in self.phases().items():
            check_phase(name, model, phase, self.loss.regularisers)
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
        yield from of_training(trained)
        yield from shared.of_balance(self.phases(), self.balance)
        yield from shared.of_correction(self.phases())
        yield from shared.of_patterns(trained, parameters)
        yield from shared.of_phases(trained, self.training)
        yield from shared.of_machine(self.training, self.runtime)


def of_data(data: Source, prepare: Prepare) -> Iterator[str]:
    """The demo has one format; calibration needs images of its own."""
    if Path(data.root) == Path(MADE_ROOT) and not isinstance(data.reader, ImageFiles):
        yield f"data.reader.kind {data.reader.kind} cannot read {MADE_ROOT}: set data.root, or the kind to images"
    if not prepare.calibration:
        yield "prepare.calibration 0 leaves no image to fit calibration to: set it above 0"


def of_training(phases: Mapping[str, Phase]) -> Iterator[str]:
    for name, phase in phases.items():
        if phase.mix:
            yield f"{name}.train.mix {{kind: {phase.mix.kind}}}: images are not mixed, set it to null"


def shape_of(model: ImageModel, size: int) -> torch.nn.Module:
    """The model without memory for its weights; raises ValueError for sizes that no machine holds."""
    model.check(size)
    try:
        with torch.device("meta"):
            return model.build((Head(HEAD, ("a", "b")),), size)
    except (RuntimeError, TypeError) as error:
        raise ValueError(f"the model cannot be built, is a width in model too large? {error}") from error


def check_phase(name: str, model: torch.nn.Module, phase: PhaseSection, auxiliary: tuple[str, ...]) -> None:
    """Raise UserError for a pattern without effect, or a phase that would move nothing."""
    try:
        set_trainable(model, phase.train.trainable)
        rate_groups(model, phase.train.rates)
        check_losses(phase.train.loss_weights, (HEAD,), auxiliary)
    except UserError as error:
        raise UserError(f"{name}.train.{error}") from error


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
    with torch.device("meta"):
        heads = (Head(HEAD, ("a", "b")),)
        model = ContrastModel(params.model.backbone, params.contrast, heads, params.prepare.size)
    try:
        set_trainable(model, phase.trainable)
        rate_groups(model, phase.rates)
        check_losses(phase.loss_weights, (), ())
    except UserError as error:
        raise UserError(f"pretrain.train.{error}") from error


def check_inputs(params: Params) -> None:
    """Raise UserError if what the pipeline is to read is not there, or a package that it is to use."""
    root = Path(params.data.root)
    if root != Path(MADE_ROOT):
        check_root(root)
        check_tree(root)
    if params.runtime.tensorboard and find_spec("tensorboard") is None:
        raise UserError("runtime.tensorboard: pip install tensorboard, or set it to false")
