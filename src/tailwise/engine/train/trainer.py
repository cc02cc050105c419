"""A phase that is being trained: its model, its course, and what to go back to."""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial

from tailwise.core.errors import UserError
from tailwise.engine.batches.loading import load_steps
from tailwise.engine.batches.memory import TOO_LARGE, auto_micro_batch, catch_oom
from tailwise.engine.batches.order import epoch_order, repeat_numbers, steps_of
from tailwise.engine.checkpoint.recovery import State
from tailwise.engine.checkpoint.snapshot import Tensors, copied, load_fitting, part, restore, snapshot
from tailwise.engine.checkpoint.weights import write_tensors
from tailwise.engine.contract.phase import Phase, adapt_phase, rate_groups, set_trainable, shapes, train_mode
from tailwise.engine.contract.record import EpochRecord, Intervention, PartialMetrics
from tailwise.engine.contract.run import Run
from tailwise.engine.contract.task import Task
from tailwise.engine.evaluate.validate import validate
from tailwise.engine.monitor.clock import SaveTimer
from tailwise.engine.train.effect import check_effect
from tailwise.engine.train.guards import VERDICTS, Fault, StepNumbers, describe_fault
from tailwise.engine.train.idle import zero_gradient_parameters
from tailwise.engine.train.interrupt import defer_interrupt
from tailwise.engine.train.state import TrainState
from tailwise.engine.train.step import StepBatches, StepRejected, StepRunner
from tailwise.engine.train.undo import StepBackup
from tailwise.losses.boost import ClassBoost


class PhaseTrainer:
    """best: weights of the best epoch; good: weights and optimizer to go back to; both on the processor.

    known: parameters that all models so far had; specs: of these, each simpler than the one before
    """

    def __init__(self, task: Task, phase: Phase, samples: list[int], boost: dict[str, ClassBoost], run: Run):
        self.phase, self.samples, self.run = phase, samples, run
        self.boost = {head: of_head.to(run.device) for head, of_head in boost.items()}
        self.course, self.deadline = TrainState(run.training.micro_batch), SaveTimer(run.save_every)
        self.best: Tensors = {}
        self.known, self.specs = shapes(task.model), []
        self.enter(task)

    def enter(self, task: Task) -> None:
        """Build all that the phase governs, around this task's model; a UserError leaves all as it was."""
        model = task.model.to(self.run.device)
        phase = adapt_phase(self.phase, model, self.known) if self.specs else self.phase
        moving = set_trainable(model, phase.trainable)
        optimizer = phase.optimizer.build(rate_groups(model, phase.rates), phase.lr)
        check_effect(task, self.boost, moving, self.samples[:1], self.run)
        named = {name: p for name, p in model.named_parameters() if p.requires_grad}
        self.task, self.optimizer, self.drawn = task, optimizer, None
        self.stepper = StepRunner(
            task, phase, self.run, self.boost, named, optimizer, StepBackup(model, moving, optimizer)
        )
        self.good = self._now()
        self.specs.append(task.spec)
        self.known = dict(self.known.items() & shapes(model).items())

    @property
    def finished(self) -> bool:
        return self.course.epoch == self.phase.epochs

    def resume(self) -> None:
        """Go on from the saved state, where there is one; else choose what the memory decides."""
        world, recovery = self.run.world, self.run.recovery
        state = world.broadcast(world.alone(lambda: recovery.load() if recovery else None))
        if state is None:
            if self.run.training.accumulate == "auto":
                self.course.micro_batch = auto_micro_batch(self.task, self.run, self.samples[0])
            return
        self.course = TrainState.from_json(state.facts)
        for _ in range(self.course.fallback):
            self.enter(self.task.fallback())
        self.best = state.tensors["best"]
        if self.finished:
            self._log("resume", f"{self.run.name}: was trained to its end before; `make clean-recovery` forgets that")
            return
        restore(state.tensors["now"], self.task.model, self.optimizer)
        self.good = state.tensors["good"]
        self._log("resume", f"{self._where()}: goes on from here")

    def save(self) -> None:
        """Keep the state on disk; of a finished phase, what its result needs."""
        if self.run.recovery:
            with self.deadline.timed("save"):
                going = {} if self.finished else {"now": self._now(), "good": self.good}
                self.run.recovery.save(State(self.course.to_json(), {"best": self.best, **going}))
            self._log("save", f"{self._where()}: state saved", detail=True, seconds=self.deadline.took("save"))

    def _save_before(self, work: str) -> None:
        if self.deadline.due(work):
            self.save()

    def train_epoch(self) -> None:
        """What is left of an epoch."""
        course, steps = self.course, math.ceil(len(self.samples) / self.run.training.batch_size)
        train_mode(self.task.model)
        while course.step < steps:
            with self.deadline.timed("step"):
                self.drawn = self.drawn or self._draw()
                drawn = next(self.drawn)
                with defer_interrupt():
                    self._advance(drawn, course.epoch * steps + course.step, steps)
            self._save_before("step" if course.step < steps else "first judging")
        self._validate()
        with self.deadline.timed("closing"):
            self._close(self._lr(course.epoch * steps + steps - 1, steps))
        self._save_before("step")

    def _draw(self) -> Iterator[StepBatches]:
        """What this process computes in each step that is left, in the micro-batches of now."""
        run, course = self.run, self.course
        epochs = range(course.epoch, self.phase.epochs)
        orders = [epoch_order(self.samples, run.training.seed, run.name, epoch) for epoch in epochs]

        def cut(orders: Iterable[Sequence[int]]) -> list[list[list[int]]]:
            size, share = run.training.batch_size, run.world.share
            return [step for o in orders for step in steps_of(o, size, course.micro_batch, share)][course.step :]

        return zip(load_steps(self.task.train, cut(orders), run.workers, run.events), cut(map(repeat_numbers, orders)))

    def _lr(self, number: int, steps: int) -> float:
        scores = [record.score for record in self.course.history]
        return self.phase.lr * self.phase.schedule.factor(number, self.phase.epochs * steps, scores) * self.course.rate

    def _advance(self, drawn: StepBatches, number: int, steps: int) -> None:
        """Take the next step of the phase, by its number from 0, or act on what stands against it."""
        course, found = self.course, None
        guard = partial(self._fault, number)
        try:
            numbers = self.stepper.take((course.epoch, course.step), drawn, self._lr(number, steps), guard)
        except StepRejected as stopped:
            found = stopped.fault, stopped.numbers
        if found:
            return self._intervene(*found, number)
        course.losses.append(numbers.loss)
        course.norms.append(numbers.norm)
        if self.run.stability.guards:
            for fault, name in course.watch.remember(
                numbers, partial(zero_gradient_parameters, self.task, self.run, drawn)
            ):
                self._note(fault, VERDICTS[fault], f"{name} " + describe_fault(fault, numbers, course.watch))
            if course.watch.good():
                self.good, course.good = self._now(), replace(course.watch)
        course.step += 1

    def _fault(self, number: int, numbers: StepNumbers) -> Fault | None:
        if self.run.stability.guards:
            return self.course.watch.fault(numbers, number, self.run.stability)
        if not numbers.finite:
            raise UserError(f"{self._where()}: loss or gradient is not finite; lower its lr")
        return None

    def _intervene(self, fault: Fault, numbers: StepNumbers | None, number: int) -> None:
        """Do what the verdict says."""
        course, verdict = self.course, VERDICTS[fault]
        if verdict == "shrink":
            return self._halve_micro_batch()
        text = describe_fault(fault, numbers, course.watch)
        if verdict == "skip":
            course.watch.skipped.append(number)
            self._note(fault, "batch skipped", text)
        elif course.rollbacks >= self.run.stability.max_rollbacks:
            self._fall_back(fault, text)
        else:
            restore(self.good, self.task.model, self.optimizer)
            course.watch = course.watch.back_to(course.good)
            course.rate, course.rollbacks = course.rate / 2**course.watch.tries, course.rollbacks + 1
            self._note(fault, f"back to the last good weights, rate x {course.rate:g}", text)
        course.step += 1

    def _halve_micro_batch(self) -> None:
        """Compute less at once: the same step, in more micro-batches."""
        if self.course.micro_batch == 1:
            raise UserError(f"{self._where()}: {TOO_LARGE}")
        self.course.micro_batch //= 2
        self.drawn = None
        self._note("out of memory", f"micro-batch {self.course.micro_batch}, same step again", "")

    def _fall_back(self, fault: Fault, text: str) -> None:
        """Go on with the next simpler model from the good weights that fit it; raises UserError without one."""
        tried = f"{self._where()}: {fault} ({text}) after {self.course.rollbacks} rollbacks; lower its lr"
        if self.task.fallback is None:
            raise UserError(tried + self._keep_best())
        task = self.task.fallback()
        fitted = load_fitting(task.model, part(self.good, "model"))
        try:
            self.enter(task)
        except UserError as error:
            raise UserError(f"{tried}; no simpler model can take over ({error}){self._keep_best()}") from error
        train_mode(task.model)
        self.course.fall_back()
        self._note(fault, f"a simpler model goes on, {fitted}", text)

    def _keep_best(self) -> str:
        if not (self.best and self.run.recovery):
            return ""
        path = self.run.recovery.folder / "best.safetensors"
        write_tensors(path, self.best, self.specs[self.course.best_fallback])
        return f"; the weights of epoch {self.course.best_epoch} are kept in {path}"

    def _validate(self) -> None:
        """What is left to be judged of the validation samples."""
        tally, number, rounds = self.course.tally, len(self.task.valid), None
        self._log("judge", "")
        self.run.world.share_buffers(self.task.model)
        while tally.samples < number:
            with self.deadline.timed("judging" if rounds else "first judging"):
                rounds = rounds or validate(self.task, self.run, self.course.micro_batch, tally.samples)
                rounds = rounds if self._validate_round(rounds) else None
            self._save_before("judging" if tally.samples < number else "closing")

    def _validate_round(self, rounds: Iterator[PartialMetrics]) -> bool:
        """Add what the processes find next; False if memory ran out and there must be others."""
        parts = self.run.world.gather(catch_oom(partial(next, rounds)))
        if None in parts:
            self._halve_micro_batch()
            return False
        with defer_interrupt():
            self.course.tally.add(parts)
        return True

    def _close(self, lr: float) -> None:
        """The epoch is judged: its record, the best weights, the observers."""
        course, run = self.course, self.run
        heads = {head.name: course.tally.record(head) for head in self.task.heads}
        figures = lr, course.mean_loss, course.mean_norm, heads, tuple(course.interventions)
        with defer_interrupt():
            record = EpochRecord(run.name, course.epoch + 1, self.phase.epochs, *figures)
            best = not self.best or record.score > course.history[course.best_epoch - 1].score
            if best:
                self.best = copied(self.task.model.state_dict())
            course.close(record, best)
        for observe in run.observers:
            observe(course.history)

    def _now(self) -> Tensors:
        return snapshot(self.task.model, self.optimizer)

    def _note(self, fault: Fault, action: str, text: str) -> None:
        course, where = self.course, self._where()
        course.interventions.append(Intervention(course.epoch + 1, course.step + 1, fault, action, text))
        numbers = f" ({text})" if text else ""
        self._log("intervention", f"{where}: {fault}{numbers}: {action}", fault=fault, action=action)

    def _where(self) -> str:
        return f"{self.run.name} epoch {self.course.epoch + 1} step {self.course.step + 1}"

    def _log(self, event: str, text: str, **facts) -> None:
        """To the log, by one of the processes."""
        if self.run.world.rank == 0:
            place = {"epoch": self.course.epoch + 1, "step": self.course.step + 1}
            self.run.events.log(event, text, **place, **facts)
