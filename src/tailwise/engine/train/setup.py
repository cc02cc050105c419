"""Reads the inputs of a training stage, and sets up its run."""

from dataclasses import dataclass, replace
from pathlib import Path

import torch

from tailwise.balance.boosts import shrunk_recall
from tailwise.balance.files import Draws, Rebalancing, read_curriculum, read_rebalancing
from tailwise.core.errors import UserError
from tailwise.core.files import read_json
from tailwise.core.heads import Head
from tailwise.core.params.config import section, sections
from tailwise.core.params.runtime import Runtime
from tailwise.core.stage.events import Events, events_path, stage_name
from tailwise.core.system.cores import data_workers
from tailwise.engine.batches.draws import draws_by_epoch
from tailwise.engine.checkpoint.hand_over import HandOver, read_hand_over
from tailwise.engine.checkpoint.recovery import Recovery
from tailwise.engine.contract.options import SamplesOf, samples_by_epoch, stepwise
from tailwise.engine.contract.phase import Phase, adapt_phase, shapes
from tailwise.engine.contract.run import Run, Stability, Training, start
from tailwise.engine.contract.task import Samples, Task
from tailwise.engine.distributed.world import World
from tailwise.engine.evaluate.inputs import Builder, build_task, class_boosts, read_heads, sample_indices
from tailwise.engine.evaluate.teacher import Answers, read_answers
from tailwise.engine.monitor.backend import backend
from tailwise.engine.monitor.history import Boosts
from tailwise.engine.monitor.observers import Observer, observers_of
from tailwise.losses.head.boost import ClassBoost
from tailwise.losses.head.kinds import PLAIN
from tailwise.optim.kinds import optimizer_name

PRIOR_SAMPLES = 10
"""Pseudo-samples with the head's mean recall that are added to a class's recall."""


@dataclass(frozen=True)
class Inputs:
    """The files and folders that training reads. balance, init, state, curriculum: None if unused

    init: initial weights; state: state file of a phase with `hand_over: last`; curriculum: samples by epoch
    recalls: figures of the best epoch of an earlier phase
    teacher: folder of a teacher's answers, for a phase with `distil`
    """

    heads: Path
    train: Path
    valid: Path
    balance: Path | None
    init: Path | None
    state: Path | None
    curriculum: Path | None = None
    recalls: Path | None = None
    teacher: Path | None = None

    @property
    def paths(self) -> list[Path]:
        every = (self.train, self.valid, self.heads, self.balance, self.init, self.state, self.curriculum, self.recalls)
        return [path for path in (*every, self.teacher) if path]


@dataclass(frozen=True)
class Balance:
    """samples: indices of each epoch; boosts: as numbers, for the history; tensors: the same, for the loss

    draws: of a sampler, of these samples
    """

    samples: list[int] | SamplesOf
    boosts: Boosts
    tensors: dict[str, ClassBoost]
    draws: Draws | None = None


@dataclass(frozen=True)
class Setup:
    """asked: the specification of the model in params.yaml; facts: all settings that may change the result

    answers: of a teacher, for a phase with `distil`
    """

    phase: Phase
    training: Training
    stability: Stability
    device: torch.device
    task: Task
    asked: dict
    balance: Balance
    handed: HandOver | None
    facts: tuple[str, ...]
    answers: Answers | None = None


def read_setup(recipe: Builder, name: str, params: dict, inputs: Inputs, runtime: Runtime) -> Setup:
    """Read parameters and files of the phase `name`, and build its task; raises UserError for invalid input."""
    training, stability = section(params, "training", Training), section(params, "stability", Stability)
    phase, config = section(params, f"{name}.train", Phase), sections(params, recipe.config())
    phase = with_recalls(phase, inputs.recalls)
    device, heads = start(training, runtime), read_heads(inputs.heads)
    facts = tuple(map(repr, [training, stability, phase, config, backend(device)]))
    task, asked = build_task(recipe, config, heads, (inputs.train, inputs.valid), training.seed, inputs.init)
    if task is not asked:  # a fallback took over in an earlier phase
        phase = adapt_phase(phase, task.model, shapes(asked.model))
    schedule = read_schedule(name, inputs.curriculum, phase.epochs, task.samples)
    balance = read_balance(inputs.balance, heads, task.samples, schedule)
    balance = with_draws(balance, (training.seed, name), phase, heads, task.samples)
    balance = with_loss(balance, phase, heads, task.samples)
    handed = read_hand_over(inputs.state, task.spec, optimizer_name(phase.optimizer)) if inputs.state else None
    answers = read_answers(inputs.teacher, heads, task.samples) if inputs.teacher and phase.distil else None
    return Setup(phase, training, stability, device, task, asked.spec, balance, handed, facts, answers)


def with_recalls(phase: Phase, file: Path | None) -> Phase:
    """The phase with the recalls that its `augment_by_class` needs; UserError where there are none.

    Recalls of few samples are shrunk as `target` does by default, see `shrunk_recall`.
    """
    how = phase.augment_by_class
    if how is None or not how.mastery or how.recalls:
        return phase
    if file is None:
        raise UserError(
            "augment_by_class.mastery needs recalls: --recalls FILE in the cmd of this stage, or rarity alone"
        )
    measured = {head: found for head, found in read_json(file).items() if isinstance(found, dict) and "hits" in found}
    recalls = {head: shrunk_recall(found["hits"], found["support"], PRIOR_SAMPLES) for head, found in measured.items()}
    return replace(phase, augment_by_class=replace(how, recalls=recalls))


def read_schedule(name: str, path: Path | None, epochs: int, samples: Samples) -> SamplesOf | None:
    """The samples of each epoch of a phase with a curriculum; None without one.

    Raises UserError for one whose last samples would come after the phase's last epoch.
    """
    by_epoch = read_curriculum(path) if path else {}
    if not by_epoch:
        return None
    if max(by_epoch) > epochs:
        raise UserError(f"{name}.curriculum admits samples until epoch {max(by_epoch)}, and the phase has {epochs}")
    return stepwise({epoch: sample_indices(samples, names) for epoch, names in by_epoch.items()})


def read_balance(
    folder: Path | None, heads: tuple[Head, ...], samples: Samples, schedule: SamplesOf | None = None
) -> Balance:
    """Read the output of the weights stage; without a folder, all samples and no boost. schedule: of a curriculum"""
    if folder is None:
        even = {head.name: dict.fromkeys(head.classes, 1.0) for head in heads}
        return Balance(schedule or list(range(len(samples))), even, {})
    of_phase = read_rebalancing(folder)
    indices = sample_indices(samples, of_phase.samples)
    tensors = class_boosts(of_phase, heads, samples, indices)
    return Balance(schedule or indices, of_phase.boost, tensors, of_phase.draws)


def with_draws(
    balance: Balance, where: tuple[int, str], phase: Phase, heads: tuple[Head, ...], samples: Samples
) -> Balance:
    """The samples of each epoch drawn by the phase's sampler, if it has one. where: (seed, name of the phase)"""
    if not balance.draws or callable(balance.samples):
        return balance
    if phase.epochs == 1 and balance.draws.first != balance.draws.last:
        raise UserError(f"{where[1]}.samples: draws that change by the epoch need 2 epochs or more")
    labels = [samples.labels(head.name)[balance.samples] for head in heads]
    strata = [ids for ids in labels if ids.ndim == 1]
    return replace(balance, samples=draws_by_epoch(balance.samples, balance.draws, strata, where, phase.epochs))


def with_loss(balance: Balance, phase: Phase, heads: tuple[Head, ...], samples: Samples) -> Balance:
    """The boosts with the phase's kind of loss; a head without a boost gets an even one. Nothing changes for `PLAIN`.

    Raises UserError where no head could use the loss.
    """
    if phase.loss == PLAIN:
        return balance
    if not heads:
        raise UserError(f"loss {{kind: {phase.loss.kind}}} has no effect: the pipeline has no head")
    drawn = sorted({i for epoch in samples_by_epoch(balance.samples, phase.epochs) for i in epoch})
    even = Rebalancing("margin", {head.name: dict.fromkeys(head.classes, 1.0) for head in heads}, [])
    of_samples = class_boosts(even, heads, samples, drawn)
    tensors = {
        name: replace(balance.tensors.get(name, own), loss=phase.loss, samples=own.counts)
        for name, own in of_samples.items()
    }
    return replace(balance, tensors=tensors)


def make_run(setup: Setup, name: str, runtime: Runtime, world: World, recovery: Recovery | None) -> Run:
    """The run of this process; only rank 0 has recovery and observers."""
    events = Events(events_path(stage_name()), runtime.verbosity, phase=name)

    def observers() -> tuple[Observer, ...]:
        assert recovery is not None
        return observers_of(name, setup.task.metrics, setup.balance.boosts, runtime, events, recovery)

    return Run(
        name,
        setup.training,
        setup.device,
        workers=data_workers(runtime.workers, setup.training.threads),
        recovery=recovery,
        save_every=runtime.save_every,
        observers=world.alone(observers) or (),
        stability=setup.stability,
        events=events,
        world=world,
    )
