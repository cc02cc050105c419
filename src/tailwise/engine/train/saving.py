"""Saves the state of a phase and resumes from it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import cast

from tailwise.core.system.interrupts import ForcedInterrupt
from tailwise.engine.batches.memory import auto_micro_batch
from tailwise.engine.checkpoint.recovery import State
from tailwise.engine.checkpoint.snapshot import Tensors
from tailwise.engine.checkpoint.weights import write_tensors
from tailwise.engine.contract.task import Task
from tailwise.engine.train.state import TrainState
from tailwise.engine.train.trainer import PhaseTrainer

KEPT_FILES = "epoch*.safetensors"
"""Weights of kept epochs, in the state's folder."""


def resume(trainer: PhaseTrainer) -> None:
    """Resume from the saved state; without one, choose the micro-batch if `accumulate` is auto."""
    world, recovery = trainer.run.world, trainer.run.recovery
    saved = world.broadcast(world.alone(lambda: recovery.load() if recovery else None))
    if saved:
        restore_state(trainer, saved)
    elif trainer.run.training.accumulate == "auto" and not trainer.handed:
        trainer.state.micro_batch = auto_micro_batch(trainer.task, trainer.run, largest_sample(trainer))


def largest_sample(trainer: PhaseTrainer) -> int:
    """A sample of the first epoch that needs no less memory than its others: the longest, where lengths are known."""
    samples, lengths = trainer.samples[0], trainer.task.lengths
    return samples[0] if lengths is None else max(samples, key=lengths.__getitem__)


def restore_state(trainer: PhaseTrainer, saved: State) -> None:
    """Restore state, model and optimizer from a state written by `save`."""
    trainer.state = TrainState.from_json(saved.facts)
    for _ in range(trainer.state.fallback):
        trainer.build(cast(Callable[[], Task], trainer.task.fallback)())
    trainer.best = saved.tensors["best"]
    if "now" in saved.tensors:
        trainer.restore(saved.tensors["now"])
    if trainer.finished:
        text = f"{trainer.run.name}: already finished; `make clean-recovery` deletes that state"
    else:
        trainer.good = saved.tensors["good"]
        text = f"{trainer.position}: resumed"
    trainer.log("resume", text)


def save(trainer: PhaseTrainer) -> None:
    """Save the state; for a finished phase only what its result needs."""
    if not trainer.run.recovery:
        return
    with trainer.timer.timed("save"):
        current = {} if trainer.finished else {"now": trainer.snapshot(), "good": trainer.good}
        if trainer.finished and trainer.phase.hand_over == "last":
            current = {"now": trainer.snapshot()}
        trainer.run.recovery.save(State(trainer.state.to_json(), {"best": trainer.best, **current}))
    trainer.log("save", f"{trainer.position}: state saved", detail=True, seconds=trainer.timer.took("save"))


def save_if_due(trainer: PhaseTrainer, work: str) -> None:
    """Save now if saving after the next piece of work would exceed `save_every`. work: its kind"""
    if trainer.timer.due(work):
        save(trainer)


@contextmanager
def save_at_end(trainer: PhaseTrainer) -> Iterator[None]:
    """Saves at the end of the block and on Ctrl-C; never on a forced interrupt, which may cut a step short."""
    try:
        yield
        save(trainer)
    except ForcedInterrupt:
        raise
    except KeyboardInterrupt:
        save(trainer)
        raise


def save_best(trainer: PhaseTrainer) -> str:
    """Write the best weights next to the state of a failed phase; returns a suffix for its error message."""
    if not (trainer.best and trainer.run.recovery):
        return ""
    path = trainer.run.recovery.folder / "best.safetensors"
    write_tensors(path, trainer.best, trainer.specs[trainer.state.best_fallback])
    return f"; the weights of epoch {trainer.state.best_epoch} are kept in {path}"


def keep_epoch(trainer: PhaseTrainer, weights: Tensors) -> None:
    """Write the weights of every n-th epoch next to the state, since DVC deletes outputs before a stage resumes."""
    every, epoch = trainer.phase.keep_every, trainer.state.epoch + 1
    if trainer.run.recovery and every and not epoch % every:
        write_tensors(trainer.run.recovery.folder / KEPT_FILES.replace("*", f"{epoch:03}"), weights, trainer.specs[-1])
