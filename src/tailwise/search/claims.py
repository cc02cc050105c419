"""Which trial a worker takes: one that a dead process has left, or a new one. No two workers take the same.

On this machine a trial's owner holds a file lock, which the kernel releases when the process dies. Of a trial of
another machine only the storage tells: its owner renews the attribute BEAT, and a trial without a beat for LOST_S is
taken over.
"""

# pyright: reportMissingImports=false

import fcntl
import os
import socket
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from optuna import Study, Trial
from optuna.trial import FrozenTrial, TrialState

from tailwise.core.files import write_text
from tailwise.search.sampling import suggest_all
from tailwise.search.spec import Search
from tailwise.search.storage import FileLock

OWNER, HOST, BEAT, SURPLUS, REPEATS = "owner", "host", "beat", "surplus", "repeats"
"""Attributes of a trial: the clone that runs it, its machine, the time of its last sign of life, whether it is one too
many, as two machines took the last one at the same time, and the number of the failed trial that it repeats."""
LOST_S = 900.0
"""Seconds without a beat after which a trial of another machine is taken over."""
SETTLE_S = 5.0
"""Seconds in which two machines that take over the same trial see each other."""


@dataclass
class Claimed:
    """A trial that this process works on, until `release`."""

    trial: Trial
    continued: bool
    lock: int

    def release(self) -> None:
        os.close(self.lock)


@dataclass
class Claims:
    """folder: of the study's state; shared: whether other machines may work on the study; wanted: trials in all"""

    study: Study
    search: Search
    folder: Path
    wanted: int
    shared: bool = False
    now: Callable[[], float] = time.time
    pause: Callable[[float], None] = time.sleep
    owner: str = field(init=False)

    def __post_init__(self):
        (self.folder / "held").mkdir(parents=True, exist_ok=True)
        with FileLock(self.folder / "claims.lock"):
            self.owner = _clone_name(self.folder / "clone")

    def take(self) -> Claimed | None:
        """The next trial with all its values; None if none is left to take."""
        with FileLock(self.folder / "claims.lock"):
            for frozen in self.study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
                if (claimed := self._continued(frozen)) is not None:
                    return claimed
            return self._new()

    def _continued(self, frozen: FrozenTrial) -> Claimed | None:
        """A trial whose owner is dead."""
        if self.shared and frozen.user_attrs.get(OWNER) != self.owner and not self._lost(frozen):
            return None
        lock = self._hold(frozen.number)
        if lock is None:
            return None
        trial = Trial(self.study, frozen._trial_id)
        if not self._own(trial):
            os.close(lock)
            return None
        suggest_all(trial, self.search)
        return Claimed(trial, True, lock)

    def _new(self) -> Claimed | None:
        if len(real_trials(self.study)) >= self.wanted:
            return None
        trial = self.study.ask()
        lock = self._hold(trial.number)
        assert lock is not None, "a new trial is nobody else's"
        before = [each for each in real_trials(self.study) if each.number < trial.number]
        if len(before) >= self.wanted:  # another machine has taken the last one at this moment
            trial.set_user_attr(SURPLUS, True)
            self.study.tell(trial, state=TrialState.FAIL)
            os.close(lock)
            return None
        suggest_all(trial, self.search)
        self._mark(trial)
        return Claimed(trial, False, lock)

    def _own(self, trial: Trial) -> bool:
        """Mark a trial as this clone's, and see whether another machine did so at the same time."""
        others = self.shared and trial.user_attrs.get(OWNER) != self.owner
        self._mark(trial)
        if others:
            self.pause(SETTLE_S)
            return self.is_owner(trial)
        return True

    def is_owner(self, trial: Trial) -> bool:
        return self._stored(trial).user_attrs.get(OWNER) == self.owner

    def beat(self, trial: Trial) -> None:
        """A sign of life, for other machines."""
        if self.shared:
            trial.set_user_attr(BEAT, self.now())

    def _mark(self, trial: Trial) -> None:
        trial.set_user_attr(OWNER, self.owner)
        trial.set_user_attr(HOST, socket.gethostname())
        self.beat(trial)

    def _stored(self, trial: Trial) -> FrozenTrial:
        return next(each for each in self.study.get_trials(deepcopy=False) if each.number == trial.number)

    def _lost(self, frozen: FrozenTrial) -> bool:
        """Whether the owner has been silent for too long."""
        began = frozen.datetime_start.timestamp() if frozen.datetime_start else 0.0
        return self.now() - frozen.user_attrs.get(BEAT, began) > LOST_S

    def _hold(self, number: int) -> int | None:
        """The open lock file of a trial; None if a living process of this machine holds it."""
        lock = os.open(self.folder / "held" / f"{number:03d}", os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            return None
        return lock


def real_trials(study: Study) -> list[FrozenTrial]:
    """All that have begun, but for those that were one too many, and failed ones that another trial repeats."""
    trials = study.get_trials(deepcopy=False)
    left_out = {trial.user_attrs.get(REPEATS) for trial in trials}
    left_out |= {trial.number for trial in trials if trial.user_attrs.get(SURPLUS)}
    return [each for each in trials if each.state != TrialState.WAITING and each.number not in left_out]


def repeat_failed(study: Study) -> int:
    """Have each failed trial repeated by a new one with the same values; how many."""
    failed = [trial for trial in real_trials(study) if trial.state == TrialState.FAIL]
    for trial in failed:
        study.enqueue_trial(trial.params, user_attrs={REPEATS: trial.number})
    return len(failed)


def _clone_name(file: Path) -> str:
    """A name of this clone, made once."""
    if not file.exists():
        write_text(file, uuid.uuid4().hex)
    return file.read_text("utf8")
