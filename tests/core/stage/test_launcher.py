"""How a stage starts and ends, each time in its own process."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from support.slow import slow_but
from tailwise.core.errors import UserError
from tailwise.core.stage.launcher import check_versions
from tailwise.core.stage.run_log import last_runs

SOURCES = Path(__file__).parents[3] / "src"


@pytest.fixture
def stage(folder):
    """Runs a script's text as a stage in an empty folder; `python` are the interpreter's own options."""

    def run(text: str, *python: str, **environment: str) -> subprocess.CompletedProcess:
        (folder / "work.py").write_text(text)
        command = [sys.executable, *python, "-m", "tailwise.core.stage", "work.py", "argument"]
        env = {**os.environ, "PYTHONPATH": str(SOURCES), **environment}
        return subprocess.run(command, env=env, capture_output=True, text=True, check=False)

    return run


def test_a_stage_runs_as_a_script_with_its_arguments(stage):
    done = stage("import sys\nprint(__name__, sys.argv)\n")
    assert (done.returncode, done.stdout, done.stderr) == (0, "__main__ ['work.py', 'argument']\n", "")


def test_numpy_sums_in_one_thread_on_any_machine(stage, monkeypatch):
    monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)
    text = "import numpy, threadpoolctl\nprint({of['num_threads'] for of in threadpoolctl.threadpool_info()})\n"
    assert stage(text, OMP_NUM_THREADS="2").stdout == "{1}\n"


@pytest.mark.parametrize(
    ("text", "line", "status"),
    [
        (
            "from tailwise.core.errors import UserError\nraise UserError('params.yaml: no x')",
            "work: params.yaml: no x",
            1,
        ),
        (
            "from tailwise.core.errors import UserError\nraise UserError('a\\nb: no such folder')",
            "work: a b: no such folder",
            1,
        ),
        ("raise KeyboardInterrupt", "work: interrupted", 130),
        ("open('absent/file')", "work: absent/file: No such file or directory", 1),
        ("raise MemoryError", "work: out of memory", 1),
        ("raise ImportError('x.so: failed to map segment')", "work: out of memory: x.so: failed to map segment", 1),
    ],
)
def test_what_a_user_can_fix_is_one_line(stage, text, line, status):
    done = stage(text)
    assert (done.stderr, done.returncode) == (line + "\n", status)


def test_a_mistake_in_the_code_keeps_its_traceback(stage):
    done = stage("def f():\n    raise ValueError('odd')\nf()\n")
    assert done.returncode == 1 and "Traceback" in done.stderr and 'work.py", line 2' in done.stderr
    done = stage("import tailwise.core.absent\n")
    assert done.returncode == 1 and "Traceback" in done.stderr


LATE = """
import atexit, sys, threading, time
from pathlib import Path
atexit.register(Path("at exit").touch)
sys.stdout.write("printed")
def late():
    time.sleep({seconds})
    Path("late").touch()
threading.Thread(target=late, daemon={daemon}).start()
"""


@pytest.mark.parametrize(("daemon", "seconds"), [(True, 600), (False, 0.3)])
def test_at_the_end_nothing_is_lost_that_python_would_wait_for(stage, folder, daemon, seconds):
    done = stage(LATE.format(daemon=daemon, seconds=seconds))
    assert (done.returncode, done.stdout, done.stderr) == (0, "printed", "")
    assert (folder / "at exit").exists() and (folder / "late").exists() != daemon


def test_ctrl_c_is_exit_130(stage):
    heard = "signal.signal(signal.SIGINT, signal.default_int_handler)"  # a background job starts deaf to Ctrl-C
    done = stage(f"import os, signal\n{heard}\nos.kill(os.getpid(), signal.SIGINT)\nsignal.pause()\n")
    assert (done.returncode, done.stderr) == (130, "work: interrupted\n")


ALLOCATING = "import {library}\nhold = bytearray(1_000_000)\n"


@pytest.mark.skipif(sys.platform != "linux", reason="a limit that Linux keeps")
@pytest.mark.parametrize(
    ("library", "step"), slow_but([("numpy", 60), ("numpy", 18), ("numpy, av, decord", 18)], ("numpy", 60))
)
def test_too_little_memory_at_the_start_is_one_line_and_not_an_interrupt(folder, library, step):
    """From so little that a library cannot be loaded to enough: some end their process, OpenBLAS sends it SIGINT."""
    (folder / "work.py").write_text(ALLOCATING.format(library=library))
    env = {**os.environ, "PYTHONPATH": str(SOURCES)}
    ended = {}
    for megabytes in [*range(40, 400, step), 800]:
        limited = f"ulimit -v {megabytes}000 && exec {sys.executable} -m tailwise.core.stage work.py"
        done = subprocess.run(["bash", "-c", limited], env=env, capture_output=True, text=True)
        ended[megabytes] = done.returncode
        said = rf"work: out of memory \(ulimit -v is {megabytes}000\)(: [^\n]+)?\n" if done.returncode else ""
        assert done.returncode in (0, 1) and re.fullmatch(said, done.stderr), (megabytes, done.stderr)
    assert ended[40] == 1 and ended[800] == 0


def test_a_sigint_from_a_library_is_no_interruption(stage):
    """OpenBLAS sends its process SIGINT where no thread can be started."""
    text = """
import signal, threading
def refused(self):
    raise RuntimeError("can't start new thread")
threading.Thread.start = refused
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.raise_signal(signal.SIGINT)
"""
    done = stage(text)
    assert done.returncode == 1 and done.stderr.startswith("work: out of memory or processes: no thread can be started")
    assert done.stderr.count("\n") == 1


def test_a_python_without_the_packages_says_so_in_one_line(stage):
    done = stage("print('worked')\n", "-S")
    assert done.returncode == 1 and done.stderr.count("\n") == 1 and not done.stdout
    assert f"{sys.executable} has no package of requirements.txt: activate the environment first" in done.stderr


def test_one_absent_package_is_met_where_it_is_imported(stage):
    done = stage("import absent_package\n")
    assert done.returncode == 1 and done.stderr.count("\n") == 1 and "has no package absent_package: " in done.stderr


def test_a_python_with_another_version_says_so_in_one_line(stage, folder):
    info = folder / "other" / "pyyaml-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: pyyaml\nVersion: 1.0\n")
    done = stage("print('ran')", PYTHONPATH=f"{info.parent}:{SOURCES}")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert "has pyyaml 1.0, requirements.txt pins " in done.stderr and "make setup" in done.stderr


def test_a_build_of_the_pinned_version_is_the_pinned_version(monkeypatch):
    monkeypatch.setattr("importlib.metadata.version", lambda name: "2.15.0+cpu")
    check_versions({"torch": "2.15.0"})
    with pytest.raises(UserError, match="has torch 2.15.0, requirements.txt pins 2.15.1"):
        check_versions({"torch": "2.15.1"})


@pytest.mark.parametrize(("text", "status"), [("", 0), ("raise KeyboardInterrupt", 130)])
def test_each_run_adds_its_time_and_memory_to_the_log(stage, folder, text, status):
    for name in ("train_phase1", "evaluate", "train_phase1"):
        assert stage(text, DVC_ROOT=str(folder), DVC_STAGE=name).returncode == status
    rows = [line.split(",") for line in (folder / ".logs" / "stages.csv").read_text().splitlines()]
    assert [name for name, *_ in rows] == ["train_phase1", "evaluate", "train_phase1"]
    assert all(float(seconds) >= 0 and 5 < float(mb) < 60 for _, seconds, mb in rows)


def test_the_log_has_the_memory_of_the_stage_and_its_children(stage, folder):
    held = bytearray(200_000_000)  # of the process that starts the stage: not the stage's
    text = "import subprocess, sys\nsubprocess.run([sys.executable, '-c', 'bytearray(120_000_000)'])\n"
    assert stage(text).returncode == 0 and len(held) == 200_000_000
    (run,) = last_runs(folder / ".logs" / "stages.csv")
    assert run.stage == "work" and 120 < run.mb < 180


@pytest.mark.skipif(sys.platform != "linux", reason="a signal of the Linux kernel")
def test_a_stage_dies_with_the_process_that_started_it(folder):
    """Start a stage through a parent, kill the parent alone: the pipe that the stage holds closes."""
    (folder / "work.py").write_text("import os, signal\nprint(os.getpid(), flush=True)\nsignal.pause()\n")
    stage = [sys.executable, "-m", "tailwise.core.stage", "work.py"]
    start = f"import subprocess; subprocess.run({stage!r})"
    env = {**os.environ, "PYTHONPATH": str(SOURCES)}
    with subprocess.Popen([sys.executable, "-c", start], env=env, stdout=subprocess.PIPE, text=True) as parent:
        number = int(parent.stdout.readline())
        parent.kill()
        try:
            parent.communicate(timeout=30)  # returns when no process holds the pipe any more
        except subprocess.TimeoutExpired:
            os.kill(number, signal.SIGKILL)
            pytest.fail("the stage outlived the process that started it")


KILLED = """
import os, signal, sys
from pathlib import Path
from tailwise.core.files import write_json
if not Path("again").exists():
    os.fsync = lambda number: os.kill(os.getpid(), signal.SIGKILL)
Path("again").touch()
"""


@pytest.mark.parametrize(
    ("writes", "place"), [("write_json(Path('reports/x.json'), 1)", "reports/.x.json"), ("", ".logs/.stages.js")]
)
def test_partial_files_of_a_killed_stage_are_removed_by_its_next_run(stage, folder, writes, place):
    assert stage(KILLED + writes).returncode == -signal.SIGKILL
    assert len(list(folder.glob(f"{place}.*"))) == 1
    assert stage(KILLED + writes).returncode == 0
    assert not list(folder.glob(f"{place}.*")) and (folder / ".logs/stages.js").exists()


TOLD = "import os\nprint(os.getppid(), os.environ.get('TAILWISE_PARENT'))\n"


def test_a_stage_runs_below_the_parent_that_it_was_given_and_does_not_pass_it_on(stage):
    done = stage(TOLD, TAILWISE_PARENT=str(os.getpid()))
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{os.getpid()} None\n", "")


def test_a_stage_whose_parent_died_before_it_began_does_nothing(stage, folder):
    """It has another parent by then."""
    done = stage(TOLD, TAILWISE_PARENT=str(os.getppid()))
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "") and not (folder / ".logs").exists()


def test_a_stage_whose_parent_died_before_the_shell_knew_it_does_nothing(stage, folder):
    """The shell got the id of the process that adopted the stage, in another group than dvc's and the stage's.

    A shell in the middle stands for that: it has a group of its own, and the stage one that a third process leads.
    """
    assert below_another_group(folder, "") == "ran"
    assert below_another_group(folder, "train") == ""


def below_another_group(folder: Path, dvc_stage: str) -> str:
    """What a stage prints whose process group its parent is not in."""
    (folder / "work.py").write_text("print('ran', end='')")
    start = f"""
import os, subprocess, sys
leader = subprocess.Popen(["sleep", "60"], process_group=0)
stage = [sys.executable, "-m", "tailwise.core.stage", "work.py"]
env = {{**os.environ, "PYTHONPATH": {str(SOURCES)!r}, "TAILWISE_PARENT": str(os.getpid())}}
if {dvc_stage!r}:
    env["DVC_STAGE"] = {dvc_stage!r}
subprocess.run(stage, env=env, process_group=leader.pid)
leader.kill()
leader.wait()
"""
    return subprocess.run([sys.executable, "-c", start], capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize(("text", "status"), [("", 0), ("raise KeyboardInterrupt", 130)])
def test_a_log_that_cannot_be_written_fails_no_stage(stage, folder, text, status):
    (folder / ".logs").write_text("a file where a folder is wanted")
    done = stage(text)
    assert done.returncode == status
    assert re.fullmatch(r"work: not logged: \S+: [^\n]+\n(work: interrupted\n)?", done.stderr)
