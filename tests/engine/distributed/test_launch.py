"""Errors and exit codes of launched processes, mostly with a stage that starts two real ones."""

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from tailwise.core.errors import UserError
from tailwise.engine.distributed.launch import SHARED, raise_mistake, report_failure

SOURCES = Path(__file__).parents[3] / "src"
SCRIPT = """
import os, signal, sys, time
from pathlib import Path

RANK = os.environ.get("RANK")
if RANK:
    with open("starts", "a") as file:
        file.write(RANK)
{early}

import torch
from tailwise.core.errors import UserError
from tailwise.core.system.interrupts import defer_interrupt
from tailwise.engine.distributed.launch import worker_guard, launch, report_failure
from tailwise.engine.distributed.world import join


def work(world):
{work}


if RANK is None:
    launch(2)
else:
    with worker_guard(), join(torch.device("cpu")) as world, report_failure():
        work(world)
"""


@contextmanager
def launched(folder, work="", early=""):
    """A stage of two processes whose work is this text; it hears Ctrl-C, also where the tests do not."""
    indented = "\n".join(f"    {line}" for line in (work or "pass").strip().splitlines())
    (folder / "work.py").write_text(SCRIPT.format(work=indented, early=early))
    stage = subprocess.Popen(
        [sys.executable, "-m", "tailwise.core.stage", "work.py"],
        env={**os.environ, "PYTHONPATH": str(SOURCES), "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    try:
        yield stage
    finally:
        stage.kill()
        stage.communicate()


def ended(folder, work="", early=""):
    """(exit status, lines on stderr, how many processes were started)"""
    with launched(folder, work, early) as stage:
        said = stage.communicate(timeout=120)[1]
        return stage.returncode, said.splitlines(), starts(folder)


def starts(folder) -> int:
    return len((folder / "starts").read_text())


def await_file(stage, path):
    while not path.exists():
        assert stage.poll() is None, stage.communicate()
        time.sleep(0.01)


def test_a_user_error_in_the_first_process_ends_all(folder):
    work = """
def begin():
    raise UserError("taken")
assert world.alone(lambda: 7) == (7 if world.rank == 0 else None)
try:
    world.alone(begin)
except UserError as error:
    Path(f"met {world.rank}").write_text(str(error))
    raise
"""
    assert ended(folder, work) == (1, ["work: taken"], 2)
    assert [(folder / f"met {rank}").read_text() for rank in (0, 1)] == ["taken", "taken"]


@pytest.mark.slow
def test_a_mistake_that_another_process_meets_alone_is_reported_too(folder):
    work = """
if world.rank == 1:
    raise UserError("of process 1")
world.gather(1)
"""
    assert ended(folder, work) == (1, ["work: of process 1"], 2)


@pytest.mark.slow
def test_a_process_that_waits_without_end_is_ended(folder):
    """As one does that waits for another's GPU: nothing wakes it. Both are connected before."""
    work = """
world.gather(1)
if world.rank == 0:
    raise UserError("a mistake")
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
time.sleep(600)
"""
    begun = time.monotonic()
    assert ended(folder, work) == (1, ["work: a mistake"], 2)
    assert time.monotonic() - begun < 60


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (UserError("epoch 2"), "epoch 2"),
        (OSError(28, "No space left on device", "state"), "state: No space left on device"),
    ],
)
def test_a_mistake_is_recorded_under_the_number_of_the_process(error, said, as_process, folder):
    with pytest.raises(SystemExit) as left, report_failure():
        raise error
    assert left.value.code == 0 and (folder / "mistake-000003").read_text() == said


def test_an_error_in_the_code_is_not_recorded_unless_another_was(as_process, folder):
    with pytest.raises(ValueError), report_failure():
        raise ValueError
    (folder / "mistake-000001").touch()
    with pytest.raises(SystemExit), report_failure():
        raise ValueError


def test_of_a_mistake_that_all_meet_the_first_process_has_the_word(folder):
    for rank, text in enumerate(["epoch 2; the best weights are kept", "epoch 2"]):
        (folder / f"mistake-{rank:06}").write_text(text)
    with pytest.raises(UserError, match="^epoch 2; the best weights are kept$"):
        raise_mistake(folder, None)


@pytest.fixture
def as_process(folder, monkeypatch):
    """This process as the fourth of a launch whose folder of word is `folder`."""
    monkeypatch.setenv(SHARED, str(folder))
    monkeypatch.setenv("RANK", "3")


@pytest.mark.slow
def test_a_file_that_cannot_be_written_is_one_line_with_its_name(folder):
    """/dev/full takes nothing."""
    work = """
from tailwise.core.files import write_text
if world.rank == 0:
    Path(f".state.{os.getpid()}").symlink_to("/dev/full")
    write_text(Path("state"), "much")
world.gather(1)
"""
    assert ended(folder, work) == (1, ["work: state: No space left on device"], 2)


@pytest.mark.slow
def test_a_mistake_before_the_processes_meet_is_one_line(folder):
    early = """
if RANK == "0":
    from tailwise.core.errors import UserError
    from tailwise.engine.distributed.launch import worker_guard
    with worker_guard():
        raise UserError("met early")
"""
    assert ended(folder, early=early) == (1, ["work: met early"], 2)


@pytest.mark.slow
def test_after_a_mistake_nothing_is_trained_though_a_process_was_lost_too(folder):
    work = """
if world.rank == 0:
    raise UserError("a mistake")
while not any(Path(os.environ["TAILWISE_WORD"]).glob("mistake-*")):
    time.sleep(0.01)
os.kill(os.getpid(), signal.SIGKILL)
"""
    status, said, _ = ended(folder, work)
    assert (status, said[-1]) == (1, "work: a mistake") and "Traceback" not in "\n".join(said)


ONCE_BOTH_HAVE_BEGUN = """
if RANK == "1":
    while open("starts").read().count("0") < open("starts").read().count("1"):
        time.sleep(0.01)
    raise ValueError("odd")
"""


@pytest.mark.slow
def test_an_error_in_the_code_keeps_its_traceback_and_is_tried_again(folder):
    status, said, begun = ended(folder, early=ONCE_BOTH_HAVE_BEGUN)
    assert (status, said[-1]) == (1, "work: a process was lost 4 times, see above")
    assert "ValueError: odd" in said and begun == 8


STEPS = """
done = 0
try:
    while True:
        with defer_interrupt():
            world.gather(done)
            time.sleep(0.02)
            world.gather(done)
            done += 1
        Path(f"step {world.rank}").write_text(str(done))
except KeyboardInterrupt:
    world.rank == 0 and time.sleep(0.5)  # saving takes its time
    Path(f"saved {world.rank}").write_text(str(done))
    raise
"""


def test_sigterm_lets_the_first_process_end_its_step_and_save(folder):
    """So does Ctrl-C, see pipeline/test_devices."""
    with launched(folder, STEPS) as stage:
        await_file(stage, folder / "step 0")
        stage.send_signal(signal.SIGTERM)
        said = stage.communicate(timeout=60)[1]
    assert (stage.returncode, said, starts(folder)) == (130, "work: interrupted\n", 2)
    assert int((folder / "saved 0").read_text()) >= 1 and not (folder / "saved 1").exists()


def test_ctrl_c_before_the_processes_are_there_ends_them(folder):
    with launched(folder, STEPS, early="if RANK: time.sleep(600)") as stage:
        await_file(stage, folder / "starts")
        stage.send_signal(signal.SIGINT)
        said = stage.communicate(timeout=60)[1]
    assert stage.returncode == 130 and said.splitlines()[-1] == "work: interrupted" and "Traceback" not in said


@pytest.mark.slow
def test_ctrl_c_pressed_twice_waits_for_nothing(folder):
    work = """
with defer_interrupt():
    Path(f"begun {world.rank}").touch()
    time.sleep(600)
"""
    with launched(folder, work) as stage:
        await_file(stage, folder / "begun 0")
        stage.send_signal(signal.SIGINT)
        time.sleep(0.5)
        stage.send_signal(signal.SIGINT)
        said = stage.communicate(timeout=60)[1]
    assert stage.returncode == 130 and said.splitlines()[-1] == "work: interrupted" and "Traceback" not in said


@pytest.mark.slow
def test_ctrl_c_is_handled_when_a_process_was_just_lost(folder):
    """Process 0 is dead, the launcher has not seen it yet: nobody hears, and nobody is started again."""
    work = """
if world.rank == 0:
    Path("lost").touch()
    os.kill(os.getpid(), signal.SIGKILL)
signal.signal(signal.SIGTERM, signal.SIG_IGN)  # the launcher waits for it
Path("left").touch()
time.sleep(3)
"""
    with launched(folder, work) as stage:
        await_file(stage, folder / "left")
        await_file(stage, folder / "lost")
        stage.send_signal(signal.SIGINT)
        said = stage.communicate(timeout=60)[1]
    assert stage.returncode == 130 and said.splitlines()[-1] == "work: interrupted" and "Traceback" not in said
