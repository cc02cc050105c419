"""Run commands as a terminal does, and send what a user may send."""

import os
import signal
import subprocess
import time
from contextlib import contextmanager, suppress
from pathlib import Path

from support.pipeline.project import Project


def command(project: Project, stage: str) -> str:
    return project.lock()[stage]["cmd"]


def surroundings(project: Project) -> dict[str, str]:
    return {**project.env, "DVC_ROOT": str(project.folder)}


def run(project: Project, words: list[str], **how) -> subprocess.CompletedProcess:
    return subprocess.run(words, cwd=project.folder, env=surroundings(project), text=True, capture_output=True, **how)


@contextmanager
def begun(project: Project, line: str, reached):
    """A command as a terminal starts it, in a process group of its own with an ear for Ctrl-C, at some point.

    reached: asked again and again, of the process and the file that has what was printed
    """
    log = project / "printed.txt"
    with open(log, "w") as file:
        process = subprocess.Popen(
            ["sh", "-c", line],
            cwd=project.folder,
            env=surroundings(project),
            text=True,
            stdout=file,
            stderr=subprocess.PIPE,
            start_new_session=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
    try:
        while not reached(process, log):
            assert process.poll() is None, process.communicate()
            time.sleep(0.01)
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def interrupt(process: subprocess.Popen) -> tuple[int, str]:
    """Ctrl-C: the signal goes to every process of the group. Exit status, and what came on the error stream."""
    os.killpg(process.pid, signal.SIGINT)
    said = process.communicate(timeout=60)[1]
    return process.returncode, said


def session(leader: int) -> dict[int, str]:
    """{process: command line} of all that a command has started, also of what it left to run on its own."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if int((folder / "stat").read_text().rpartition(")")[2].split()[3]) == leader:
                found[int(folder.name)] = (folder / "cmdline").read_text()
    return found


def workers_of(process: subprocess.Popen) -> int:
    """How many workers of its session are there, be they still starting."""
    return sum("spawn_main" in line for line in session(process.pid).values())
