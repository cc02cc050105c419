"""Beside a running trial: reports its figures by epoch, ends it if the pruner says so, and shows that it is alive."""

import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from signal import SIGTERM
from typing import Any

from tailwise.compare.direction import HIGHER, better
from tailwise.compare.sweeps.costs import Watch
from tailwise.compare.sweeps.runs import interrupt
from tailwise.search.claims import Claims
from tailwise.search.curves import Curve, find_copy, read_curve
from tailwise.search.spec import NoPruner, Search

LOOK_S = 2.0
"""Seconds between two looks at the figures of a trial."""
BEAT_S = 60.0
"""Seconds between two signs of life."""
PATIENCE_S = 30.0
"""Seconds in which an interrupted run saves its state and ends, before it is terminated."""
PRUNED, SECONDS = "pruned_at", "seconds"
"""Attributes of a trial: the epoch in which it was ended, and the wall time of its runs."""


@dataclass
class Follower:
    """trial: of Optuna; name: of its experiment; folder: of the pipeline. A context for each try to run it."""

    trial: Any
    name: str
    search: Search
    folder: Path
    claims: Claims
    curves: Sequence[Curve]
    ended: bool = False
    look_s: float = LOOK_S
    fault: Exception | None = None
    _seen: int = field(default=-1, init=False)

    def __call__(self, process: "subprocess.Popen[str]", watch: Watch) -> "Following":
        return Following(self, process, watch)

    @property
    def pruned(self) -> bool:
        return PRUNED in self.trial.user_attrs

    def look(self, reached: set[str]) -> bool:
        """Report new epochs; whether the trial is to end. reached: stages that have begun"""
        copy, pruner = find_copy(self.folder, self.name) if reached else None, self.search.pruner
        if copy is None or isinstance(pruner, NoPruner):
            return False
        agrees = (better(pruner.figure) == HIGHER) == self.search.objective.maximized
        sign = 1.0 if agrees else -1.0
        for epoch, value in enumerate(read_curve(copy, self.curves, reached, pruner.column), start=1):
            if value is not None and epoch > self._last():
                self.trial.report(sign * value, epoch)
                self._seen = epoch
                if self.trial.should_prune():
                    self.trial.set_user_attr(PRUNED, epoch)
                    return True
        return False

    def _last(self) -> int:
        """The last epoch that was reported, also by a process that was killed since."""
        if self._seen < 0:
            trials = self.claims.study.get_trials(deepcopy=False)
            own = next(each for each in trials if each.number == self.trial.number)
            self._seen = max(own.intermediate_values, default=0)
        return self._seen


@dataclass
class Following:
    """A thread beside a process."""

    follower: Follower
    process: "subprocess.Popen[str]"
    watch: Watch
    now: Callable[[], float] = time.monotonic
    _over: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> "Following":
        self._counted = self.now()
        self._thread = threading.Thread(target=self._guarded, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        self._count()

    def _guarded(self) -> None:
        """An error of the storage ends the run, and is raised by the worker."""
        try:
            self._follow()
        except Exception as error:
            self.follower.fault, self.follower.ended = error, True
            self._end()

    def _follow(self) -> None:
        while not self._over.wait(self.follower.look_s):
            if self.follower.look(set(self.watch.reached)) or (self._is_due() and not self._keep()):
                self.follower.ended = True
                return self._end()

    def _is_due(self) -> bool:
        return self.now() - self._counted > BEAT_S

    def _keep(self) -> bool:
        """Write the time so far and a sign of life; whether the trial is still this process's."""
        self._count()
        self.follower.claims.beat(self.follower.trial)
        return self.follower.claims.is_owner(self.follower.trial)

    def _count(self) -> None:
        """Add the time since the last count to the trial's seconds."""
        trial, now = self.follower.trial, self.now()
        trial.set_user_attr(SECONDS, round(trial.user_attrs.get(SECONDS, 0.0) + now - self._counted, 1))
        self._counted = now

    def _end(self) -> None:
        interrupt(self.process)
        if not self._over.wait(PATIENCE_S):
            interrupt(self.process, SIGTERM)
