"""Saving the state of a phase, and resuming from it."""

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
"""In the folder of the state: the weights of epochs that are kept."""


def resume(trainer: PhaseTrainer) -> None:
    """Continue from the saved state; without one, choose the micro-batch where that is left to the free memory."""
    world, recovery = trainer.run.world, trainer.run.recovery
    saved = world.broadcast(world.alone(lambda: recovery.load() if recovery else None))
    if saved:
        restore_state(trainer, saved)
    elif trainer.run.training.accumulate == "auto" and not trainer.handed:
        trainer.state.micro_batch = auto_micro_batch(trainer.task, trainer.run, trainer.samples[0][0])


def restore_state(trainer: PhaseTrainer, saved: State) -> None:
    """Set state, model and optimizer to what `save` saved."""
    trainer.state = TrainState.from_json(saved.facts)
    for _ in range(trainer.state.fallback):
        trainer.build(cast(Callable[[], Task], trainer.task.fallback)())
    trainer.best = saved.tensors["best"]
    if "now" in saved.tensors:
        trainer.restore(saved.tensors["now"])
    if trainer.finished:
        text = f"{trainer.run.name}: already trained to its end; `make clean-recovery` deletes that state"
    else:
        trainer.good = saved.tensors["good"]
        text = f"{trainer.position}: resumed"
    trainer.log("resume", text)


def save(trainer: PhaseTrainer) -> None:
    """Save the state; of a finished phase only what its result needs."""
    if not trainer.run.recovery:
        return
    with trainer.timer.timed("save"):
        current = {} if trainer.finished else {"now": trainer.snapshot(), "good": trainer.good}
        if trainer.finished and trainer.phase.hand_over == "last":
            current = {"now": trainer.snapshot()}
        trainer.run.recovery.save(State(trainer.state.to_json(), {"best": trainer.best, **current}))
    trainer.log("save", f"{trainer.position}: state saved", detail=True, seconds=trainer.timer.took("save"))


def save_if_due(trainer: PhaseTrainer, work: str) -> None:
    """Save, if after the next piece of work of this kind it would be too late."""
    if trainer.timer.due(work):
        save(trainer)


@contextmanager
def save_at_end(trainer: PhaseTrainer) -> Iterator[None]:
    """Saves at the end of the block and on Ctrl-C; never on a forced interrupt, which may leave a step half done."""
    try:
        yield
        save(trainer)
    except ForcedInterrupt:
        raise
    except KeyboardInterrupt:
        save(trainer)
        raise


def save_best(trainer: PhaseTrainer) -> str:
    """Write the best weights beside the state of a phase that fails; returns the end of its error message."""
    if not (trainer.best and trainer.run.recovery):
        return ""
    path = trainer.run.recovery.folder / "best.safetensors"
    write_tensors(path, trainer.best, trainer.specs[trainer.state.best_fallback])
    return f"; the weights of epoch {trainer.state.best_epoch} are kept in {path}"


def keep_epoch(trainer: PhaseTrainer, weights: Tensors) -> None:
    """Keep the weights of every n-th epoch beside the state, as DVC deletes a stage's outputs before it resumes."""
    every, epoch = trainer.phase.keep_every, trainer.state.epoch + 1
    if trainer.run.recovery and every and not epoch % every:
        write_tensors(trainer.run.recovery.folder / KEPT_FILES.replace("*", f"{epoch:03}"), weights, trainer.specs[-1])
