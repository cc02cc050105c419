"""What is done about a fault: skip the batch, roll back, fall back to a simpler model, halve the micro-batch, alert."""

from dataclasses import replace
from functools import partial

from tailwise.core.errors import UserError
from tailwise.engine.batches.memory import TOO_LARGE
from tailwise.engine.checkpoint.snapshot import load_fitting, part, restore
from tailwise.engine.contract.phase import train_mode
from tailwise.engine.contract.record import Intervention
from tailwise.engine.train.guards import VERDICTS, Fault, StepNumbers, describe_fault
from tailwise.engine.train.idle import zero_gradient_parameters
from tailwise.engine.train.saving import save_best
from tailwise.engine.train.step import StepRejected
from tailwise.engine.train.trainer import PhaseTrainer, StepBatches


def check_step(trainer: PhaseTrainer, numbers: StepNumbers) -> None:
    """Raise StepRejected for a fault; without guards, UserError where the numbers are not finite."""
    if trainer.run.stability.guards:
        if fault := trainer.state.guard.find_fault(numbers, trainer.number, trainer.run.stability):
            raise StepRejected(fault, numbers)
    elif not numbers.finite:
        raise UserError(f"{trainer.position}: loss or gradient is not finite; lower its lr")


def watch_step(trainer: PhaseTrainer, numbers: StepNumbers, batches: StepBatches) -> None:
    """After a step: raise alerts, and keep the weights for a rollback where they are good."""
    if not trainer.run.stability.guards:
        return
    state = trainer.state
    immovable = partial(zero_gradient_parameters, trainer.task, trainer.run, batches)
    for fault, parameter in state.guard.update(numbers, immovable):
        record(trainer, fault, VERDICTS[fault], f"{parameter} " + describe_fault(fault, numbers, state.guard))
    if state.guard.is_good():
        trainer.good, state.good = trainer.snapshot(), replace(state.guard)


def handle_fault(trainer: PhaseTrainer, rejected: StepRejected) -> None:
    """Act on the fault of a step that was undone."""
    verdict = VERDICTS[rejected.fault]
    if verdict == "shrink":
        return halve_micro_batch(trainer)  # and take the same step again
    text = describe_fault(rejected.fault, rejected.numbers, trainer.state.guard)
    if verdict == "skip":
        skip_batch(trainer, rejected.fault, text)
    elif trainer.state.rollbacks < trainer.run.stability.max_rollbacks:
        roll_back(trainer, rejected.fault, text)
    else:
        fall_back(trainer, rejected.fault, text)
    trainer.state.step += 1


def halve_micro_batch(trainer: PhaseTrainer) -> None:
    """Compute fewer samples at once from now on; raises UserError where that is one already."""
    if trainer.state.micro_batch == 1:
        raise UserError(f"{trainer.position}: {TOO_LARGE}")
    trainer.state.micro_batch //= 2
    trainer.reload()
    record(trainer, "out of memory", f"micro-batch {trainer.state.micro_batch}, same step again", "")


def skip_batch(trainer: PhaseTrainer, fault: Fault, text: str) -> None:
    """Leave the weights as they are."""
    trainer.state.guard.skipped.append(trainer.number)
    record(trainer, fault, "batch skipped", text)


def roll_back(trainer: PhaseTrainer, fault: Fault, text: str) -> None:
    """Restore the last good weights and lower the learning rate."""
    state = trainer.state
    restore(trainer.good, trainer.task.model, trainer.optimizer)
    state.guard = state.guard.roll_back(state.good)
    state.rate, state.rollbacks = state.rate / 2**state.guard.attempts, state.rollbacks + 1
    record(trainer, fault, f"back to the last good weights, rate x {state.rate:g}", text)


def fall_back(trainer: PhaseTrainer, fault: Fault, text: str) -> None:
    """Continue with the next simpler model, from the good weights that fit it; raises UserError without one."""
    failure = f"{trainer.position}: {fault} ({text}) after {trainer.state.rollbacks} rollbacks; lower its lr"
    if trainer.task.fallback is None:
        raise UserError(failure + save_best(trainer))
    task = trainer.task.fallback()
    fitted = load_fitting(task.model, part(trainer.good, "model"))
    try:
        trainer.build(task)
    except UserError as error:
        raise UserError(f"{failure}; no simpler model can take over ({error}){save_best(trainer)}") from error
    train_mode(task.model)
    trainer.state.fall_back()
    record(trainer, fault, f"a simpler model goes on, {fitted}", text)


def record(trainer: PhaseTrainer, fault: Fault, action: str, text: str) -> None:
    """Log an intervention and add it to the epoch's."""
    state, numbers = trainer.state, f" ({text})" if text else ""
    state.interventions.append(Intervention(state.epoch + 1, state.step + 1, fault, action, text))
    trainer.log("intervention", f"{trainer.position}: {fault}{numbers}: {action}", fault=fault, action=action)
