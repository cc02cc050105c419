"""Every section of the fouls pipeline's params.yaml, as one dataclass."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

import torch

from tailwise.balance.boosts import Target
from tailwise.balance.guard import Balance
from tailwise.core.errors import UserError
from tailwise.core.heads import Head
from tailwise.core.params.runtime import Runtime
from tailwise.data.tables.checks.root import check_root, check_tree
from tailwise.data.video.augment.ranges import Augment
from tailwise.data.video.decode.window import Window
from tailwise.data.video.store.store import Decode
from tailwise.engine.contract.phase import Phase, check_losses, rate_groups, set_trainable
from tailwise.engine.contract.run import Stability, Training
from tailwise.evaluation.adjustment import EvaluationOptions
from tailwise.evaluation.certificate import Targets
from tailwise.models.weights import NoWeights
from tailwise.recipes import contradictions as shared
from tailwise.recipes.fouls import contradictions
from tailwise.recipes.fouls.annotated.model import FoulModel
from tailwise.recipes.fouls.demo import Demo
from tailwise.recipes.fouls.inputs import Features, FoulPhase
from tailwise.recipes.fouls.loss import PER_VIEW
from tailwise.recipes.fouls.source import Source


@dataclass(frozen=True)
class Params:
    data: Source
    demo: Demo
    window: Window
    decode: Decode
    phase1: FoulPhase
    phase2: FoulPhase
    phase3: FoulPhase
    balance: Balance
    target: Target
    model: FoulModel
    augment: Augment
    training: Training
    stability: Stability
    certificate: Targets
    runtime: Runtime
    evaluation: EvaluationOptions = field(default=EvaluationOptions(), kw_only=True)
    features: Features = field(default=Features(), kw_only=True)

    def __post_init__(self):
        shape = (self.window.frames, self.window.height, self.window.width)
        try:
            self.model.backbone.check_shape(shape)
        except ValueError as error:
            raise ValueError(f"window does not fit model.backbone: {error}") from error
        model = shape_of(self.model, shape)
        for name, phase in self.phases().items():
            check_phase(name, model, phase.train, self.data.head_names, self.auxiliary_losses)
        for line in self.contradictions([name for name, _ in model.named_parameters()]):
            raise ValueError(line)

    def phases(self) -> dict[str, FoulPhase]:
        return {name: getattr(self, name) for name in ("phase1", "phase2", "phase3")}

    @property
    def auxiliary_losses(self) -> tuple[str, ...]:
        return PER_VIEW, *self.model.auxiliary

    def contradictions(self, parameters: list[str]) -> Iterator[str]:
        """A line for each; parameters: the names of the model's."""
        trained, backbone = {name: phase.train for name, phase in self.phases().items()}, self.model.backbone
        pretrained = getattr(backbone, "weights", NoWeights("none")) != NoWeights("none")
        yield from contradictions.of_data(self.data, self.window, self.demo)
        yield from contradictions.of_augment(self.augment, self.window, trained)
        yield from contradictions.of_annotations(self.data, self.model, self.phases())
        yield from contradictions.of_losses(self.model, trained)
        yield from shared.of_learned_weights(
            self.model.learned_weights, self.data.head_names, self.auxiliary_losses, trained
        )
        yield from contradictions.of_curricula(self.phases())
        yield from shared.of_balance(self.phases(), self.balance)
        yield from shared.of_correction(self.phases())
        yield from contradictions.of_adjustment(self.phase3, self.evaluation)
        yield from shared.of_patterns(trained, parameters)
        yield from contradictions.of_trainable(trained, parameters, pretrained, getattr(backbone, "checkpoint", False))
        yield from shared.of_phases(trained, self.training)
        yield from contradictions.of_features(self.phases(), self.features, parameters)
        yield from shared.of_machine(self.training, self.runtime)


def check_inputs(params: Params) -> None:
    """Raise UserError if what the pipeline is to read is not there, or a package that it is to use."""
    if not contradictions.is_made(params.data.root):
        check_root(Path(params.data.root))
        check_tree(Path(params.data.root))
    params.model.backbone.check_weights()
    if params.runtime.tensorboard and find_spec("tensorboard") is None:
        raise UserError("runtime.tensorboard: pip install tensorboard, or set it to false")


ANY_HEADS = tuple(Head(f"head{i}", ("a", "b")) for i in range(8))
"""Heads are known from the data only; patterns of parameter names are checked against more than anyone has."""


def shape_of(model: FoulModel, shape: tuple[int, int, int]) -> torch.nn.Module:
    """The model without memory for its weights; raises ValueError for sizes that no machine can hold."""
    try:
        with torch.device("meta"):
            return model.build(ANY_HEADS, shape)
    except (RuntimeError, TypeError) as error:  # a product of sizes, or a size itself, that is no 64-bit number
        raise ValueError(f"the model cannot be built, is a width in model too large? {error}") from error


def check_phase(
    name: str, model: torch.nn.Module, phase: Phase, heads: tuple[str, ...], auxiliary: tuple[str, ...]
) -> None:
    """Raise UserError for a pattern without effect, or a phase that would move nothing."""
    try:
        set_trainable(model, phase.trainable)
        rate_groups(model, phase.rates)
        check_losses(phase.loss_weights, heads, auxiliary)
    except UserError as error:
        raise UserError(f"{name}.train.{error}") from error
