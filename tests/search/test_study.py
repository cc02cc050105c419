"""Studies as they are opened: by several searches at the same time, and after a change."""

import fcntl
from pathlib import Path

import pytest

optuna = pytest.importorskip("optuna", reason="Optuna is not installed: pip install -r requirements-search.txt")

from tailwise.core.errors import UserError  # noqa: E402
from tailwise.search import storage as module  # noqa: E402
from tailwise.search.spec import Float, Objective, Search  # noqa: E402
from tailwise.search.storage import BASE, SEARCH, make_storage, open_study  # noqa: E402

ASKED = Search("t", Objective("loss"), {"a": Float("float", 0, 1)}, 9)
PARAMS = {"a": 1, "training": {"seed": 1}}


def opened(search: Search = ASKED, params=PARAMS):
    return open_study(make_storage(Path("one"), None), "t", Path("t.yaml"), search, params)


def test_a_study_that_another_search_has_just_begun_is_not_deleted(folder):
    """It has no attributes yet, or the first of them."""
    other = module._study(make_storage(Path("one"), None), "t", ASKED)
    first = opened()
    assert first._study_id == other._study_id and first.user_attrs.keys() == {SEARCH, BASE}
    assert other.ask().number == 0
    half = module._study(make_storage(Path("half"), None), "t", ASKED)
    half.set_user_attr(SEARCH, first.user_attrs[SEARCH])
    found = open_study(make_storage(Path("half"), None), "t", Path("t.yaml"), ASKED, PARAMS)
    assert found._study_id == half._study_id and found.user_attrs == first.user_attrs


def test_trials_of_a_study_that_no_search_began_are_refused(folder):
    module._study(make_storage(Path("one"), None), "t", ASKED).ask()
    with pytest.raises(UserError, match="^t.yaml: the study t was begun with training.seed absent, now 1: undo that"):
        opened()


def test_the_command_opens_a_study_under_a_lock(folder, monkeypatch):
    from argparse import Namespace

    from tailwise.cli.runs import search as command

    class Locked(Exception):
        """Raised where the lock is held."""

    def tried(*_):
        with open(".logs/search/rates/opening.lock") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise Locked from error

    monkeypatch.setattr(module, "open_study", tried)
    with pytest.raises(Locked):
        command.run_search(Namespace(file=Path("rates.yaml"), storage=None), ASKED, PARAMS, Path("."))
