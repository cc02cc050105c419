"""The state of a run: for one owner and one run, removed when the run is finished."""

import hashlib
import importlib
import os
import sys
from pathlib import Path

import pytest
import torch

from tailwise.core.errors import UserError
from tailwise.engine.checkpoint.recovery import (
    Recovery,
    State,
    loaded_code,
    recovery_for,
    run_key,
)


def state(epoch=3):
    now = {"model/a.weight": torch.randn(2, 3), "model/norm/x": torch.arange(3), "optimizer/0/step": torch.tensor(3.0)}
    facts = {"epoch": epoch, "history": [0.1, {"b": None, "a": None}], "loss": 0.1 + 0.2}
    return State(facts, {"now": now, "best": {"a.weight": torch.ones(1)}, "good": {}})


def test_a_state_is_read_back_whole(tmp_path):
    with pytest.raises(KeyboardInterrupt), Recovery(tmp_path / "run") as recovery:
        saved = state()
        recovery.save(saved)
        raise KeyboardInterrupt
    with Recovery(tmp_path / "run") as recovery:
        found = recovery.load()
    assert found.facts == saved.facts and found.tensors.keys() == saved.tensors.keys()
    assert list(found.facts["history"][1]) == ["b", "a"]  # in the order of the model, as tables list them
    for group, before in saved.tensors.items():
        after = found.tensors[group]
        assert before.keys() == after.keys() and all(torch.equal(before[name], after[name]) for name in before)


def interrupted(folder):
    with pytest.raises(KeyboardInterrupt), Recovery(folder) as recovery:
        recovery.save(state())
        raise KeyboardInterrupt


def test_of_a_stage_the_newest_state_is_kept_beside_its_own(tmp_path):
    for age, name in enumerate(["phase1-c", "phase1-a", "phase1-b", "phase2-x"]):
        interrupted(tmp_path / name)
        os.utime(tmp_path / name, (age, age))
    with Recovery(tmp_path / "phase1-d"):
        assert sorted(path.name for path in tmp_path.iterdir()) == ["phase1-b", "phase1-d", "phase2-x"]


def test_a_state_that_another_process_is_at_is_no_stale_one(tmp_path):
    with Recovery(tmp_path / "phase1-a"):
        for age, name in enumerate(["phase1-b", "phase1-c"], start=2**33):
            interrupted(tmp_path / name)
            os.utime(tmp_path / name, (age, age))
        with Recovery(tmp_path / "phase1-d"):
            assert sorted(path.name for path in tmp_path.iterdir()) == ["phase1-a", "phase1-c", "phase1-d"]


def test_leftovers_of_a_killed_save_are_removed_and_the_previous_state_stays(tmp_path):
    interrupted(tmp_path / "run")
    (tmp_path / "run" / ".state.safetensors.4711").write_bytes(b"half of it")
    with Recovery(tmp_path / "run") as recovery:
        assert recovery.load().facts["epoch"] == 3
        assert sorted(path.name for path in (tmp_path / "run").iterdir()) == ["lock", "state.safetensors"]


def test_a_full_disk_leaves_the_state_before(tmp_path):
    """/dev/full takes nothing."""
    interrupted(tmp_path / "run")
    with Recovery(tmp_path / "run") as recovery:
        (tmp_path / "run" / f".state.safetensors.{os.getpid()}").symlink_to("/dev/full")
        with pytest.raises(OSError, match="No space left on device.*state.safetensors"):
            recovery.save(state(epoch=9))
        assert recovery.load().facts["epoch"] == 3
        recovery.save(state(epoch=9))
        assert recovery.load().facts["epoch"] == 9


def done(folder, result=b"weights"):
    """A phase that has ended well and written its result."""
    with Recovery(folder) as recovery:
        assert recovery.load() is None
        recovery.save(state())
        (folder.parent / "result").write_bytes(result)
        recovery.done(folder.parent / "result")


def test_a_finished_state_stays_until_dvc_has_recorded_the_result(tmp_path, monkeypatch):
    """The stage is killed before DVC records its result; then it is run again by force."""
    monkeypatch.chdir(tmp_path)
    done(tmp_path / "run")
    with Recovery(tmp_path / "run") as recovery:
        assert recovery.load().facts["epoch"] == 3
    Path("dvc.lock").write_text("outs: [{md5: 0123}]")
    with Recovery(tmp_path / "run") as recovery:
        assert recovery.load().facts["epoch"] == 3
    Path("dvc.lock").write_text(f"outs: [{{md5: {hashlib.md5(b'weights').hexdigest()}}}]")
    with Recovery(tmp_path / "run") as recovery:
        assert recovery.load() is None


def test_the_same_result_recorded_before_is_not_taken_for_this_one(tmp_path, monkeypatch):
    """Trained anew to the same bytes, as after a change of a comment, and killed before DVC records it."""
    monkeypatch.chdir(tmp_path)
    lock = Path("dvc.lock")
    lock.write_text(f"outs: [{{md5: {hashlib.md5(b'weights').hexdigest()}}}]")
    done(tmp_path / "run")
    with Recovery(tmp_path / "run") as recovery:
        assert recovery.load().facts["epoch"] == 3
    os.utime(lock, ns=(0, 1))  # DVC writes it, whether it says something new or not
    with Recovery(tmp_path / "run") as recovery:
        assert recovery.load() is None


def test_a_finished_state_is_removed_when_another_phase_begins_and_replaces_no_unfinished_one(tmp_path):
    done(tmp_path / "phase1-a")
    interrupted(tmp_path / "phase2-b")
    done(tmp_path / "phase2-c")
    with Recovery(tmp_path / "phase2-d"):
        assert sorted(path.name for path in tmp_path.glob("phase*")) == ["phase2-b", "phase2-d"]


def test_a_second_owner_is_refused_with_the_firsts_process(tmp_path):
    with Recovery(tmp_path / "run") as recovery:
        recovery.save(state())
        with pytest.raises(UserError, match=f"process {os.getpid()} is running the same phase; wait for it or stop it"):
            Recovery(tmp_path / "run").__enter__()
        assert recovery.load().facts["epoch"] == 3


def test_a_lock_left_by_a_dead_process_is_ignored(tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "lock").write_text("999999")
    with Recovery(tmp_path / "run"):
        assert (tmp_path / "run" / "lock").read_text() == str(os.getpid())


def test_a_state_that_is_cut_short_is_refused(tmp_path):
    with pytest.raises(KeyboardInterrupt), Recovery(tmp_path / "run") as recovery:
        recovery.save(state())
        recovery.path.write_bytes(recovery.path.read_bytes()[:-1])
        raise KeyboardInterrupt
    with pytest.raises(UserError, match="not a whole weights file"), Recovery(tmp_path / "run") as recovery:
        recovery.load()


@pytest.fixture
def place(folder, monkeypatch):
    """A folder with inputs and a module of code; `key()` is a run's name there."""
    (folder / "data" / "train").mkdir(parents=True)
    (folder / "data" / "train" / "manifest.csv").write_text("sample\n")
    (folder / "init.safetensors").write_bytes(b"weights")
    (folder / "made_up_code.py").write_text("x = 1\n")
    monkeypatch.syspath_prepend(str(folder))
    importlib.import_module("made_up_code")
    yield folder
    del sys.modules["made_up_code"]


def key(*facts):
    return recovery_for("phase1", facts, [Path("data/train"), Path("init.safetensors")]).folder.name


def append(path, text):
    Path(path).write_text(Path(path).read_text() + text)


def test_the_same_run_has_the_same_name(place):
    assert key("lr=0.1") == key("lr=0.1") and key().startswith("phase1-")


@pytest.mark.parametrize(
    "change",
    [
        lambda: append("data/train/manifest.csv", "train/0\n"),
        lambda: Path("data/train/new.npy").touch(),
        lambda: os.rename("data/train/manifest.csv", "data/train/other.csv"),
        lambda: append("init.safetensors", "!"),
        lambda: append("made_up_code.py", "x = 2\n"),
    ],
    ids=["an input", "a new input", "a renamed input", "weights", "code"],
)
def test_with_another_input_or_code_it_is_another_run(place, change):
    before = key("lr=0.1")
    change()
    assert key("lr=0.1") != before


def test_with_other_params_it_is_another_run(place):
    assert len({key("lr=0.1"), key("lr=0.2"), key("lr=0.1", ""), key()}) == 4


def test_the_code_is_the_projects_own():
    names = loaded_code().keys()
    assert {"tailwise.engine.checkpoint.recovery", "tailwise.losses.head.cross_entropy"} <= names
    assert not {name for name in names if name.split(".")[0] in ("torch", "numpy", "pytest", "os", "json")}


def test_code_beside_the_interpreter_counts_too(place, monkeypatch):
    """A project may lie below the interpreter's prefix, as /usr/src does below /usr."""
    monkeypatch.setattr(sys, "base_prefix", str(place.parent))
    assert "made_up_code" in loaded_code()


def test_the_state_lies_in_the_main_repository(place, monkeypatch):
    monkeypatch.setenv("DVC_ROOT", "/elsewhere")
    assert recovery_for("phase1", [], []).folder.parent.as_posix() == "/elsewhere/.resume"


def test_facts_are_distinguished_where_they_meet():
    assert run_key(["ab", "c"], {}) != run_key(["a", "bc"], {})
