"""Runs the trials of a study as DVC experiments: each worker takes one, runs it, reads its figure from the commit."""

# pyright: reportMissingImports=false

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from optuna.exceptions import UpdateFinishedTrialError
from optuna.trial import TrialState

from tailwise.compare.git import experiments
from tailwise.compare.sweeps.done import read_done
from tailwise.compare.sweeps.runs import Runner
from tailwise.core.errors import UserError
from tailwise.search.claims import Claimed, Claims
from tailwise.search.curves import Curve, remove_copies
from tailwise.search.follow import PRUNED, Follower
from tailwise.search.space import TrialCell, trial_cell
from tailwise.search.spec import Search

NAME, COMMIT, REASON = "experiment", "commit", "reason"
"""Attributes of a trial: the name and commit of its experiment, and why it failed."""
MOST_FAILURES = 3
"""Trials that fail one after the other before the search stops."""


def experiment_name(study: str, number: int) -> str:
    return f"{study}-trial-{number:03d}"


@dataclass
class Trials:
    """base: params.yaml, as nested dicts; say: is given a line for people

    check: is called before each trial, and raises UserError to stop the search
    """

    folder: Path
    search: Search
    base: Mapping[str, Any]
    claims: Claims
    runner: Runner
    curves: list[Curve]
    say: Callable[[str], None] = print
    check: Callable[[], None] = lambda: None
    failed: dict[int, str] = field(default_factory=dict)
    _in_a_row: int = 0
    _telling: threading.Lock = field(default_factory=threading.Lock)

    def run_all(self, workers: int) -> None:
        """Until no trial is left to take; `failed` has those of this call. Raises UserError after MOST_FAILURES."""
        with ThreadPoolExecutor(workers) as pool:
            running = [pool.submit(self._work, first=number == 0) for number in range(workers)]
            try:
                for each in running:
                    each.result()
            except BaseException:  # Ctrl-C among them: nothing goes on behind the user's back
                self.runner.stop()
                raise

    def _work(self, first: bool) -> None:
        """Of the first worker the first trial goes ahead alone, see `Runner`."""
        try:
            if not first:
                self.runner.shared_done.wait()
            while not self.runner.stopped.is_set() and (claimed := self._next()) is not None:
                try:
                    self._run(claimed)
                except UpdateFinishedTrialError:
                    self.say(f"trial {claimed.trial.number}: another machine has finished it")
                finally:
                    claimed.release()
                self.runner.shared_done.set()
        except BaseException:
            self.runner.stop()
            raise
        finally:
            self.runner.shared_done.set()

    def _next(self) -> Claimed | None:
        self.check()
        return self.claims.take()

    def _run(self, claimed: Claimed) -> None:
        """One trial to its end, unless the search is stopped: it is then continued by the next one."""
        trial = claimed.trial
        cell = trial_cell(
            experiment_name(trial.study.study_name, trial.number), trial.number, self.search, trial.params, self.base
        )
        trial.set_user_attr(NAME, cell.name)
        done = self._record_if_done(trial, cell)
        remove_copies(self.folder, cell.name)  # also where it was killed after its experiment was recorded
        if done:
            return
        if PRUNED in trial.user_attrs:
            return self._end(trial, cell, TrialState.PRUNED)
        self.say(f"{cell}: {'goes on' if claimed.continued else 'begins'}: {described(trial.params)}")
        follower = Follower(trial, cell.name, self.search, self.folder, self.claims, self.curves)
        reason = self.runner.run(cell, follower, lambda: follower.ended)
        if follower.fault:
            raise follower.fault
        self._finish(trial, cell, follower, reason)

    def _finish(self, trial: Any, cell: TrialCell, follower: Follower, reason: str | None) -> None:
        """Tell the study how a run ended."""
        if self._record_if_done(trial, cell):  # also where DVC failed when the experiment was there
            return
        if follower.pruned:
            remove_copies(self.folder, cell.name)
            self._end(trial, cell, TrialState.PRUNED)
        elif not self.runner.stopped.is_set() and self.claims.is_owner(trial):
            self._fail(trial, cell, reason or "its experiment is not there")

    def _record_if_done(self, trial: Any, cell: TrialCell) -> bool:
        """Tell the study the figure of the trial's experiment, if it is there; whether it is."""
        found = read_done(self.folder, cell, experiments(self.folder))
        if found is None:
            return False
        value = found.figures.get(self.search.objective.metric)
        trial.set_user_attr(COMMIT, found.commit)
        if value is None:
            self._fail(trial, cell, f"its figures have no {self.search.objective.metric}")
            return True
        with self._telling:
            self._in_a_row = 0
            trial.study.tell(trial, float(value))
        self.say(f"{cell}: {self.search.objective.metric} {value:.4g}")
        return True

    def _end(self, trial: Any, cell: TrialCell, state: TrialState) -> None:
        with self._telling:
            self._in_a_row = 0
            trial.study.tell(trial, state=state)
        self.say(f"{cell}: pruned in epoch {trial.user_attrs[PRUNED]}")

    def _fail(self, trial: Any, cell: TrialCell, reason: str) -> None:
        with self._telling:
            trial.set_user_attr(REASON, reason)
            trial.study.tell(trial, state=TrialState.FAIL)
            self.failed[trial.number] = reason
            self._in_a_row += 1
        self.say(f"{cell}: failed: {reason}")
        if self._in_a_row >= MOST_FAILURES:
            raise UserError(f"{MOST_FAILURES} trials failed in a row, {cell}: {reason}; `--retry` repeats them")


def described(values: Mapping[str, Any]) -> str:
    """``phase2.max_weight=2.5, ...``"""
    return ", ".join(f"{key}={value_text(value)}" for key, value in values.items())


def value_text(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
