"""Which trial a worker takes: never one that another works on, always one that a dead process has left."""

import subprocess
import sys
from pathlib import Path

import pytest

optuna = pytest.importorskip("optuna", reason="Optuna is not installed: pip install -r requirements-search.txt")

from tailwise.core.errors import UserError  # noqa: E402
from tailwise.search import claims as module  # noqa: E402
from tailwise.search.claims import Claims, real_trials, repeat_failed  # noqa: E402
from tailwise.search.spec import Float, Median, Objective, Random, Search  # noqa: E402
from tailwise.search.storage import JOURNAL, make_storage, open_study  # noqa: E402

SEARCH = Search("t", Objective("loss"), {"a": Float("float", 0, 1)}, 9, sampler=Random())
BASE = {"a": 1, "training": {"seed": 1}}
HOLDER = """
import sys, time
from pathlib import Path
sys.path[:0] = [SOURCES, TESTS]
from test_claims import make
claimed = make(Path("one"), 3).take()
print(claimed.trial.number, claimed.trial.params["a"], flush=True)
time.sleep(60)
"""


def make(folder: Path, wanted: int, url: str | None = None, **options) -> Claims:
    """Of a process of its own: a study and locks that share nothing in memory."""
    study = open_study(make_storage(folder, url), "t", Path("t.yaml"), SEARCH, BASE)
    return Claims(study, SEARCH, folder, wanted, shared=bool(url), pause=lambda seconds: None, **options)


def test_workers_get_different_trials_until_all_are_taken(folder):
    workers = [make(Path("one"), 3) for _ in range(4)]
    taken = [worker.take() for worker in workers]
    assert [each and each.trial.number for each in taken] == [0, 1, 2, None]
    taken[1].release()
    again = workers[3].take()
    assert again.trial.number == 1 and again.continued and again.trial.params == taken[1].trial.params
    assert not taken[0].continued and workers[0].take() is None


def test_the_trial_of_a_killed_process_goes_on_with_its_values(folder):
    text = HOLDER.replace("SOURCES", repr(str(Path(module.__file__).parents[2])))
    text = text.replace("TESTS", repr(str(Path(__file__).parent)))
    with subprocess.Popen([sys.executable, "-c", text], stdout=-1, text=True) as process:
        number, value = process.stdout.readline().split()
        other = make(Path("one"), 3).take()  # while it lives
        process.kill()
    claimed = make(Path("one"), 3).take()
    assert (number, other.trial.number, claimed.trial.number, claimed.continued) == ("0", 1, 0, True)
    assert claimed.trial.params["a"] == float(value)


def test_a_trial_that_was_killed_before_it_had_values_gets_them(folder):
    claims = make(Path("one"), 3)
    claims.study.ask()
    claimed = claims.take()
    assert claimed.trial.number == 0 and claimed.continued and "a" in claimed.trial.params


def test_a_failed_trial_is_repeated_with_the_same_values_when_asked(folder):
    claims = make(Path("one"), 2)
    for state in ("FAIL", "COMPLETE"):
        claimed = claims.take()
        claims.study.tell(claimed.trial, *([1.0] if state == "COMPLETE" else []), state=optuna.trial.TrialState[state])
        claimed.release()
    assert claims.take() is None
    repeat_failed(claims.study)
    claimed = claims.take()
    assert claimed.trial.number == 2 and claimed.trial.params == claims.study.trials[0].params
    assert [trial.number for trial in real_trials(claims.study)] == [1, 2] and claims.take() is None


class Clock:
    """Seconds, by hand."""

    def __init__(self):
        self.time = 1e10

    def __call__(self) -> float:
        return self.time


@pytest.fixture
def machines(folder):
    """Two clones with one database, and their clock."""
    clock = Clock()
    return [make(Path(name), 2, "sqlite:///study.db", now=clock) for name in ("one", "two")], clock


def test_machines_share_a_study_and_take_over_a_trial_whose_machine_is_silent(machines):
    (one, two), clock = machines
    first, second = one.take(), two.take()
    assert (first.trial.number, second.trial.number) == (0, 1)
    assert one.take() is two.take() is None
    clock.time += module.LOST_S - 1
    one.beat(first.trial)
    clock.time += 10
    taken = one.take()  # the other machine's, which is silent; its own is held
    assert taken.trial.number == 1 and taken.continued and not two.is_owner(second.trial) and one.is_owner(first.trial)


def test_of_two_machines_that_take_over_the_same_trial_one_gets_it(machines):
    (one, two), clock = machines
    one.take().release()
    third = make(Path("three"), 2, "sqlite:///study.db", now=clock)
    clock.time += 2 * module.LOST_S
    two.pause = lambda seconds: third._mark(one.study.trials and optuna.trial.Trial(third.study, 1))
    taken = two.take()
    assert taken is None or taken.trial.number != 0


def test_of_two_machines_that_take_the_last_trial_one_has_one_too_many(machines, monkeypatch):
    (one, two), _ = machines
    one.take()
    counted = module.real_trials
    monkeypatch.setattr(module, "real_trials", lambda study: counted(study)[:1] if late else counted(study))
    late = False
    one.take()
    late = True  # as this machine counts, before the other's trial is there
    monkeypatch.setattr(two.study, "ask", lambda ask=two.study.ask: (unmask(), ask())[1])

    def unmask():
        nonlocal late
        late = False

    assert two.take() is None and len(counted(one.study)) == 2


def test_another_search_under_the_name_of_a_study_is_refused(folder):
    make(Path("one"), 3).take()
    for search, base, said in (
        (
            Search("u", SEARCH.objective, {"a": Float("float", 0, 2)}, 9, sampler=SEARCH.sampler),
            BASE,
            "begun with keys",
        ),
        (SEARCH, {"a": 5, "training": {"seed": 2}}, "begun with training.seed 1, now 2"),
    ):
        with pytest.raises(UserError, match=said) as error:
            open_study(make_storage(Path("one"), None), "t", Path("t.yaml"), search, base)
        assert str(error.value).startswith("t.yaml: the study t ") and "\n" not in str(error.value)
    assert make(Path("one"), 3).take().trial.number == 1
    longer = Search("other title", SEARCH.objective, SEARCH.keys, 50, sampler=SEARCH.sampler, pruner=Median())
    open_study(make_storage(Path("one"), None), "t", Path("t.yaml"), longer, {**BASE, "a": 3, "runtime": {"x": 1}})


def test_a_study_without_a_trial_may_be_changed(folder):
    make(Path("one"), 3)
    other = Search("t", Objective("score"), SEARCH.keys, 9, sampler=SEARCH.sampler)
    study = open_study(make_storage(Path("one"), None), "t", Path("t.yaml"), other, {"training": {"seed": 2}})
    assert study.direction.name == "MAXIMIZE"


def test_a_line_that_was_cut_off_in_the_journal_costs_nothing(folder):
    claims = make(Path("one"), 3)
    claims.take().release()
    with open(Path("one") / JOURNAL, "ab") as file:
        file.write(b'{"op_code":4,"worker')
    again = make(Path("one"), 3)
    assert again.take().trial.number == 0 and again.take().trial.number == 1


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("nonsense", "--storage: no database of Optuna answers at this address: "),
        ("sqlite:////nowhere/x.db", "--storage: no database of Optuna answers at this address: OperationalError"),
        ("postgresql://me:secret@h/d", "--storage: "),
    ],
)
def test_a_database_that_does_not_answer_is_one_line_without_its_password(folder, url, said):
    with pytest.raises(UserError) as error:
        make_storage(Path("one"), url)
    assert str(error.value).startswith(said) and "secret" not in str(error.value) and "\n" not in str(error.value)
