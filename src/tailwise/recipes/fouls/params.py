"""Every section of the fouls pipeline's params.yaml, as one dataclass."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from tailwise.balance.boosts import Target
from tailwise.balance.guard import Balance
from tailwise.core.heads import Head
from tailwise.core.params.runtime import Runtime
from tailwise.data.tables.resampling import Resampling
from tailwise.data.video.augment.ranges import Augment
from tailwise.data.video.decode.window import Window
from tailwise.data.video.store.store import Decode
from tailwise.engine.contract.run import Stability, Training
from tailwise.evaluation.adjustment import EvaluationOptions
from tailwise.evaluation.calibration.options import Calibration
from tailwise.evaluation.certificate import Targets
from tailwise.evaluation.embedding.options import EmbeddingMap, check_package
from tailwise.evaluation.selection import Selection
from tailwise.models.weights import NoWeights
from tailwise.recipes import contradictions as shared
from tailwise.recipes.checks import check_phase, check_sources, without_memory
from tailwise.recipes.exports import Export, check_packages
from tailwise.recipes.fouls import contradictions
from tailwise.recipes.fouls.annotated.model import FoulModel
from tailwise.recipes.fouls.demo import Demo
from tailwise.recipes.fouls.inputs import Features, FoulPhase
from tailwise.recipes.fouls.loss import PER_VIEW
from tailwise.recipes.fouls.source import Source
from tailwise.recipes.phases import Distillation


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
    calibration: Calibration = field(default=Calibration("temperature"), kw_only=True)
    selection: Selection = field(default=Selection(), kw_only=True)
    resampling: Resampling = field(default=Resampling(), kw_only=True)
    export: Export = field(default=Export(), kw_only=True)
    distillation: Distillation = field(default=Distillation(), kw_only=True)
    map: EmbeddingMap = field(default=EmbeddingMap(), kw_only=True)

    def __post_init__(self):
        shape = (self.window.frames, self.window.height, self.window.width)
        try:
            self.model.backbone.check_shape(shape)
        except ValueError as error:
            raise ValueError(f"window does not fit model.backbone: {error}") from error
        model = without_memory(lambda: self.model.build(ANY_HEADS, shape))
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
        yield from contradictions.of_head_dropout(self.model, self.data.head_names)
        yield from shared.of_learned_weights(
            self.model.learned_weights, self.data.head_names, self.auxiliary_losses, trained
        )
        yield from shared.of_curricula(self.phases(), "a foul")
        yield from shared.of_balance(self.phases(), self.balance)
        yield from shared.of_correction(self.phases())
        yield from contradictions.of_adjustment(self.phase3, self.evaluation)
        yield from shared.of_patterns(trained, parameters)
        yield from contradictions.of_trainable(trained, parameters, pretrained, getattr(backbone, "checkpoint", False))
        yield from shared.of_phases(trained, self.training)
        yield from shared.of_teachers(self.phases(), self.distillation)
        yield from shared.of_selection(trained, self.selection)
        yield from contradictions.of_features(self.phases(), self.features, parameters)
        yield from shared.of_machine(self.training, self.runtime)


def check_inputs(params: Params) -> None:
    """Raise UserError if what the pipeline is to read is not there, or a package that it is to use."""
    check_sources(params.data.root, params.runtime)
    check_packages(params.export)
    check_package(params.map)
    params.model.backbone.check_weights()


ANY_HEADS = tuple(Head(f"head{i}", ("a", "b")) for i in range(8))
"""Heads are known from the data only; patterns of parameter names are checked against more than anyone has."""
