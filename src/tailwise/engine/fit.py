"""A phase that is being trained: its model, its course, and what to go back to."""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial

from tailwise.core.errors import UserError
from tailwise.engine.clock import Deadline
from tailwise.engine.course import Course
from tailwise.engine.effect import check_felt
from tailwise.engine.guards import VERDICTS, Fault, Numbers, spoken
from tailwise.engine.idle import idle_parameters
from tailwise.engine.interrupt import whole
from tailwise.engine.loading import load_steps
from tailwise.engine.memory import TOO_LARGE, afford, affordable
from tailwise.engine.order import epoch_order, repeat_numbers, steps_of
from tailwise.engine.phase import Phase, fitting, rate_groups, set_trainable, shapes, train_mode
from tailwise.engine.predict import validate
from tailwise.engine.record import Intervention, Part, Record
from tailwise.engine.recovery import State
from tailwise.engine.run import Run
from tailwise.engine.snapshot import Tensors, copied, load_fitting, part, restore, snapshot
from tailwise.engine.step import Drawn, Stepper, Stopped
from tailwise.engine.task import Task
from tailwise.engine.undo import Undo
from tailwise.engine.weights import write_tensors
from tailwise.losses import ClassBoost


class Fit:
    """best: weights of the best epoch; good: weights and optimizer to go back to; both on the processor.

    known: parameters that all models so far had; specs: of these, each simpler than the one before
    """

    def __init__(self, task: Task, phase: Phase, samples: list[int], boost: dict[str, ClassBoost], run: Run):
        self.phase, self.samples, self.run = phase, samples, run
        self.boost = {head: of_head.to(run.device) for head, of_head in boost.items()}
        self.course, self.deadline = Course(run.training.micro_batch), Deadline(run.save_every)
        self.best: Tensors = {}
        self.known, self.specs = shapes(task.model), []
        self.enter(task)

    def enter(self, task: Task) -> None:
        """Build all that the phase governs, around this task's model; a UserError leaves all as it was."""
        model = task.model.to(self.run.device)
        phase = fitting(self.phase, model, self.known) if self.specs else self.phase
        moving = set_trainable(model, phase.trainable)
        optimizer = phase.optimizer.build(rate_groups(model, phase.rates), phase.lr)
        check_felt(task, self.boost, moving, self.samples[:1], self.run)
        named = {name: p for name, p in model.named_parameters() if p.requires_grad}
        self.task, self.optimizer, self.drawn = task, optimizer, None
        self.stepper = Stepper(task, phase, self.run, self.boost, named, optimizer, Undo(model, moving, optimizer))
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
                self.course.micro_batch = affordable(self.task, self.run, self.samples[0])
            return
        self.course = Course.from_json(state.facts)
        for _ in range(self.course.simpler):
            self.enter(self.task.simpler())
        self.best = state.tensors["best"]
        if self.finished:
            self._tell("resume", f"{self.run.name}: was trained to its end before; `make clean-recovery` forgets that")
            return
        restore(state.tensors["now"], self.task.model, self.optimizer)
        self.good = state.tensors["good"]
        self._tell("resume", f"{self._where()}: goes on from here")

    def save(self) -> None:
        """Keep the state on disk; of a finished phase, what its result needs."""
        if self.run.recovery:
            with self.deadline.timed("save"):
                going = {} if self.finished else {"now": self._now(), "good": self.good}
                self.run.recovery.save(State(self.course.to_json(), {"best": self.best, **going}))
            self._tell("save", f"{self._where()}: state saved", detail=True, seconds=self.deadline.took("save"))

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
                with whole():
                    self._advance(drawn, course.epoch * steps + course.step, steps)
            self._save_before("step" if course.step < steps else "first judging")
        self._judge()
        with self.deadline.timed("closing"):
            self._close(self._lr(course.epoch * steps + steps - 1, steps))
        self._save_before("step")

    def _draw(self) -> Iterator[Drawn]:
        """What this process computes in each step that is left, in the micro-batches of now."""
        run, course = self.run, self.course
        epochs = range(course.epoch, self.phase.epochs)
        orders = [epoch_order(self.samples, run.training.seed, run.name, epoch) for epoch in epochs]

        def cut(orders: Iterable[Sequence[int]]) -> list[list[list[int]]]:
            size, share = run.training.batch_size, run.world.share
            return [step for o in orders for step in steps_of(o, size, course.micro_batch, share)][course.step :]

        return zip(load_steps(self.task.train, cut(orders), run.workers, run.events), cut(map(repeat_numbers, orders)))

    def _lr(self, number: int, steps: int) -> float:
        return self.phase.lr * self.phase.schedule.factor(number, self.phase.epochs * steps) * self.course.rate

    def _advance(self, drawn: Drawn, number: int, steps: int) -> None:
        """Take the next step of the phase, by its number from 0, or act on what stands against it."""
        course, found = self.course, None
        judge = partial(self._fault, number)
        try:
            numbers = self.stepper.take((course.epoch, course.step), drawn, self._lr(number, steps), judge)
        except Stopped as stopped:
            found = stopped.fault, stopped.numbers
        if found:
            return self._intervene(*found, number)
        course.losses.append(numbers.loss)
        course.norms.append(numbers.norm)
        if self.run.stability.guards:
            for fault, name in course.watch.remember(numbers, partial(idle_parameters, self.task, self.run, drawn)):
                self._note(fault, VERDICTS[fault], f"{name} " + spoken(fault, numbers, course.watch))
            if course.watch.good():
                self.good, course.good = self._now(), replace(course.watch)
        course.step += 1

    def _fault(self, number: int, numbers: Numbers) -> Fault | None:
        if self.run.stability.guards:
            return self.course.watch.fault(numbers, number, self.run.stability)
        if not numbers.finite:
            raise UserError(f"{self._where()}: loss or gradient is not finite; lower its lr")
        return None

    def _intervene(self, fault: Fault, numbers: Numbers | None, number: int) -> None:
        """Do what the verdict says."""
        course, verdict = self.course, VERDICTS[fault]
        if verdict == "shrink":
            return self._shrink()
        text = spoken(fault, numbers, course.watch)
        if verdict == "skip":
            course.watch.skipped.append(number)
            self._note(fault, "batch skipped", text)
        elif course.rollbacks >= self.run.stability.max_rollbacks:
            self._simplify(fault, text)
        else:
            restore(self.good, self.task.model, self.optimizer)
            course.watch = course.watch.back_to(course.good)
            course.rate, course.rollbacks = course.rate / 2**course.watch.tries, course.rollbacks + 1
            self._note(fault, f"back to the last good weights, rate x {course.rate:g}", text)
        course.step += 1

    def _shrink(self) -> None:
        """Compute less at once: the same step, in more micro-batches."""
        if self.course.micro_batch == 1:
            raise UserError(f"{self._where()}: {TOO_LARGE}")
        self.course.micro_batch //= 2
        self.drawn = None
        self._note("out of memory", f"micro-batch {self.course.micro_batch}, same step again", "")

    def _simplify(self, fault: Fault, text: str) -> None:
        """Go on with the next simpler model from the good weights that fit it; raises UserError without one."""
        tried = f"{self._where()}: {fault} ({text}) after {self.course.rollbacks} rollbacks; lower its lr"
        if self.task.simpler is None:
            raise UserError(tried + self._keep_best())
        task = self.task.simpler()
        fitted = load_fitting(task.model, part(self.good, "model"))
        try:
            self.enter(task)
        except UserError as error:
            raise UserError(f"{tried}; no simpler model can take over ({error}){self._keep_best()}") from error
        train_mode(task.model)
        self.course.simplify()
        self._note(fault, f"a simpler model goes on, {fitted}", text)

    def _keep_best(self) -> str:
        if not (self.best and self.run.recovery):
            return ""
        path = self.run.recovery.folder / "best.safetensors"
        write_tensors(path, self.best, self.specs[self.course.best_simpler])
        return f"; the weights of epoch {self.course.best_epoch} are kept in {path}"

    def _judge(self) -> None:
        """What is left to be judged of the validation samples."""
        tally, number, rounds = self.course.tally, len(self.task.valid), None
        self._tell("judge", "")
        self.run.world.share_buffers(self.task.model)
        while tally.samples < number:
            with self.deadline.timed("judging" if rounds else "first judging"):
                rounds = rounds or validate(self.task, self.run, self.course.micro_batch, tally.samples)
                rounds = rounds if self._judge_round(rounds) else None
            self._save_before("judging" if tally.samples < number else "closing")

    def _judge_round(self, rounds: Iterator[Part]) -> bool:
        """Add what the processes find next; False if memory ran out and there must be others."""
        parts = self.run.world.gather(afford(partial(next, rounds)))
        if None in parts:
            self._shrink()
            return False
        with whole():
            self.course.tally.add(parts)
        return True

    def _close(self, lr: float) -> None:
        """The epoch is judged: its record, the best weights, the observers."""
        course, run = self.course, self.run
        heads = {head.name: course.tally.record(head) for head in self.task.heads}
        figures = lr, course.mean_loss, course.mean_norm, heads, tuple(course.interventions)
        with whole():
            record = Record(run.name, course.epoch + 1, self.phase.epochs, *figures)
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
        self._tell("intervention", f"{where}: {fault}{numbers}: {action}", fault=fault, action=action)

    def _where(self) -> str:
        return f"{self.run.name} epoch {self.course.epoch + 1} step {self.course.step + 1}"

    def _tell(self, event: str, text: str, **facts) -> None:
        """To the log, by one of the processes."""
        if self.run.world.rank == 0:
            place = {"epoch": self.course.epoch + 1, "step": self.course.step + 1}
            self.run.events.tell(event, text, **place, **facts)
