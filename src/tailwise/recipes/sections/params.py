"""Every section of the sections pipeline's params.yaml, as one dataclass."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from tailwise.balance.boosts import Target
from tailwise.balance.guard import Balance
from tailwise.core.heads import Head
from tailwise.core.params.runtime import Runtime
from tailwise.data.tables.resampling import Resampling
from tailwise.engine.contract.phase import Phase
from tailwise.engine.contract.run import Stability, Training
from tailwise.evaluation.calibration.options import Calibration
from tailwise.evaluation.certificate import Targets
from tailwise.evaluation.embedding.options import EmbeddingMap, check_package
from tailwise.evaluation.selection import Selection
from tailwise.losses.head.kinds import PLAIN
from tailwise.losses.sequence.loss import SequenceLoss
from tailwise.models.sequence.tagger import SequenceModel
from tailwise.recipes import contradictions as shared
from tailwise.recipes.checks import MADE_ROOT, check_phase, check_sources, is_made, without_memory
from tailwise.recipes.exports import Export, check_packages
from tailwise.recipes.phases import PhaseSection
from tailwise.recipes.sections.augment import SongAugment
from tailwise.recipes.sections.decoding.kinds import Decoding
from tailwise.recipes.sections.demo import Demo
from tailwise.recipes.sections.prepare import Prepare
from tailwise.recipes.sections.readers.lyrics import Lyrics
from tailwise.recipes.sections.readers.song import Reader
from tailwise.recipes.sections.readers.table import Vectors
from tailwise.recipes.sections.source import Source

HEADS = ("section",)
WIDTH = 60
"""Of features; their number is known from the data only, and parameters' names do not depend on it."""


@dataclass(frozen=True)
class Params:
    data: Source
    demo: Demo
    prepare: Prepare
    phase1: PhaseSection
    phase2: PhaseSection
    phase3: PhaseSection
    balance: Balance
    target: Target
    model: SequenceModel
    loss: SequenceLoss
    augment: SongAugment
    training: Training
    stability: Stability
    calibration: Calibration
    decoding: Decoding
    certificate: Targets
    runtime: Runtime
    selection: Selection = field(default=Selection(), kw_only=True)
    resampling: Resampling = field(default=Resampling(), kw_only=True)
    export: Export = field(default=Export(), kw_only=True)
    map: EmbeddingMap = field(default=EmbeddingMap(), kw_only=True)

    def __post_init__(self):
        model = without_memory(lambda: self.model.build(WIDTH, (Head(HEADS[0], ("a", "b")),)))
        for name, phase in self.phases().items():
            check_phase(name, model, phase.train, HEADS, (*self.loss.regularisers, *self.model.auxiliary_losses))
        self.loss.check(self.model.crf)
        for line in self.contradictions([name for name, _ in model.named_parameters()]):
            raise ValueError(line)

    def phases(self) -> dict[str, PhaseSection]:
        return {name: getattr(self, name) for name in ("phase1", "phase2", "phase3")}

    def contradictions(self, parameters: list[str]) -> Iterator[str]:
        """A line for each; parameters: the names of the model's."""
        trained = {name: phase.train for name, phase in self.phases().items()}
        yield from of_data(self.data, self.prepare)
        yield from of_transposition(self.augment, self.prepare, self.data.reader)
        yield from of_augment(self.augment, [phase.augment for phase in trained.values()])
        yield from of_training(trained, self.model.crf)
        if self.model.auxiliary and not any(
            phase.loss_weights.get(name) for phase in trained.values() for name in self.model.auxiliary_losses
        ):
            yield "model.auxiliary has no effect: name next in a phase's loss_weights, as {next: 0.1}"
        counted, auxiliary = (*HEADS, *self.loss.regularisers), self.model.auxiliary_losses
        yield from shared.of_learned_weights(self.model.learned_weights, counted, auxiliary, trained)
        yield from shared.of_balance(self.phases(), self.balance)
        yield from shared.of_correction(self.phases())
        yield from shared.of_patterns(trained, parameters)
        yield from shared.of_phases(trained, self.training)
        yield from shared.of_selection(trained, self.selection)
        yield from shared.of_machine(self.training, self.runtime)


def of_data(data: Source, prepare: Prepare) -> Iterator[str]:
    """The demo has one format; calibration needs songs of its own."""
    if is_made(data.root) and not isinstance(data.reader, Lyrics):
        yield f"data.reader.kind {data.reader.kind} cannot read {MADE_ROOT}: set data.root, or the kind to lyrics"
    if not prepare.calibration:
        yield "prepare.calibration 0 leaves no song to fit calibration to: set it above 0"


def of_transposition(augment: SongAugment, prepare: Prepare, reader: Reader) -> Iterator[str]:
    """What moves chroma, where songs have none."""
    what = "vectors" if isinstance(reader, Vectors) else "lyrics"
    if isinstance(reader, Lyrics) or (isinstance(reader, Vectors) and reader.content == "vectors"):
        if augment.transpose:
            yield f"augment.transpose {augment.transpose} has no effect: {what} have no chroma, set it to 0"
        if prepare.variants.copies and prepare.variants.transpose:
            chance = prepare.variants.transpose
            yield f"prepare.variants.transpose {chance:g} has no effect: {what} have no chroma, set it to 0"


def of_augment(augment: SongAugment, strengths: list[float]) -> Iterator[str]:
    if (augment.noise or augment.transpose) and not any(strengths):
        yield "augment has no effect: the augment of each phase is 0"


def of_training(phases: Mapping[str, Phase], crf: bool) -> Iterator[str]:
    """What songs, or a model with a CRF, cannot be trained with."""
    for name, phase in phases.items():
        if phase.mix:
            yield f"{name}.train.mix {{kind: {phase.mix.kind}}}: songs are not mixed, set it to null"
        if crf and phase.loss != PLAIN:
            yield (
                f"{name}.train.loss has no effect with model.crf, which has a loss of its own: set it to "
                "{kind: cross_entropy, smoothing: 0.0}, or crf to false"
            )


def check_inputs(params: Params) -> None:
    """Raise UserError if what the pipeline is to read is not there, or a package that it is to use."""
    check_sources(params.data.root, params.runtime)
    check_packages(params.export)
    check_package(params.map)
