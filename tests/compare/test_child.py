"""DVC as the runs of a sweep start it: it takes its own experiment alone from DVC's stash."""

from types import SimpleNamespace

from dvc.repo.experiments.queue.tempdir import TempDirQueue
from dvc.repo.experiments.stash import ExpStash, ExpStashEntry

from tailwise.compare.sweeps.child import run_only


def test_only_the_named_experiment_is_seen_and_what_a_killed_run_of_it_left_is_removed(monkeypatch):
    """`test_search_killed` has it with DVC."""
    waiting = {
        commit: ExpStashEntry(number, "h", "b", None, name)
        for number, (commit, name) in enumerate([("c2", "other"), ("c1", "mine"), ("c0", "mine")])
    }
    removed, put = [], []
    monkeypatch.setattr(ExpStash, "stash_revs", property(lambda self: waiting))
    monkeypatch.setattr(
        ExpStash, "remove_revs", lambda self, entries: removed.extend(each.stash_index for each in entries)
    )
    monkeypatch.setattr(TempDirQueue, "put", lambda self, *given, **options: put.append((given, options)))
    run_only("mine")
    stash = ExpStash.__new__(ExpStash)
    assert list(stash.stash_revs) == ["c1", "c0"]
    TempDirQueue.put(SimpleNamespace(stash=stash), 1, name="mine")
    assert removed == [1, 2] and put == [((1,), {"name": "mine"})]
