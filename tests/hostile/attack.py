"""Hostile inputs given to the commands one after the other, in this process, and what each answered.

    python3 attack.py GROUP FOLDER RESULTS

A process a group, as loading torch takes longer than most cases. Each case has a folder of its own; `outside` beside it
holds what no case may open, and a port that none may reach.
"""

import ctypes
import json
import os
import resource
import select
import signal
import socket
import sys
import tempfile
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from traceback import print_exc

from hostile_cases import GROUPS, Case, Place, prepare

MOST_BYTES = 2**30
"""What a case may take beside what its process held before: twice the largest member of a zip, which is held whole."""
LONGEST_S = 30.0
IN_OPEN = 0x20


@dataclass
class Outcome:
    """status: of the command; out, err: what it printed; opened: of what lies outside; peak: bytes; seconds"""

    status: int | str
    out: str
    err: str
    opened: list[str] = field(default_factory=list)
    peak: int = 0
    seconds: float = 0.0


class GuardState:
    """Tells which files in folders are opened, by any process, and whether anybody reaches a port."""

    def __init__(self, folders: list[Path]):
        self.libc = ctypes.CDLL(None, use_errno=True)
        self.fd = self.libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        self.folders = {self.libc.inotify_add_watch(self.fd, bytes(folder), IN_OPEN): folder for folder in folders}
        assert min(self.folders) > 0, "no inotify"
        self.port = socket.create_server(("127.0.0.1", 0))

    def opened(self) -> list[str]:
        """Since the last call."""
        found = []
        with suppress(BlockingIOError):
            events = os.read(self.fd, 2**20)
            while events:
                length = int.from_bytes(events[12:16], "little")
                folder = self.folders[int.from_bytes(events[:4], "little")]
                found.append(str(folder / events[16 : 16 + length].rstrip(b"\0").decode()))
                events = events[16 + length :]
        while select.select([self.port], [], [], 0)[0]:
            self.port.accept()[0].close()
            found.append("the port")
        return sorted(set(found))


class Peak:
    """The most memory that this process took above the start, or one that it started: looked at all the time."""

    def __enter__(self) -> "Peak":
        Path("/proc/self/clear_refs").write_text("5")  # forget the peak so far
        self.start, self.highest, self.done = _held("self", "VmRSS"), 0, threading.Event()
        self.thread = threading.Thread(target=self._look, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *error) -> None:
        self.done.set()
        self.thread.join()
        self.highest = max(self.highest, _held("self", "VmHWM") - self.start)

    def _look(self) -> None:
        while not self.done.wait(0.005):
            with suppress(OSError):
                for child in Path("/proc/self/task").joinpath(str(os.getpid()), "children").read_text().split():
                    self.highest = max(self.highest, _held(child, "VmHWM") if _is_itself(child) else 0)


def _is_itself(process: str) -> bool:
    """A process that has just been started holds what this one does, until it becomes another program."""
    return b"attack.py" not in Path(f"/proc/{process}/cmdline").read_bytes()


def _held(process: str, what: str) -> int:
    with suppress(OSError, StopIteration):
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
        return 1024 * int(next(line for line in lines if line.startswith(what)).split()[1])
    return 0


@contextmanager
def caught():
    """Both streams of this process and of those it starts, as a list of two texts when it ends."""
    texts, kept = [], [os.dup(1), os.dup(2)]
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        os.dup2(out.fileno(), 1)
        os.dup2(err.fileno(), 2)
        try:
            yield texts
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            for number, file in ((1, out), (2, err)):
                os.dup2(kept[number - 1], number)
                os.close(kept[number - 1])
                file.seek(0)
                texts.append(file.read(100_000).decode("utf8", "backslashreplace"))


def run(case: Case, place: Place, watch: GuardState) -> Outcome:
    with tempfile.TemporaryDirectory(dir=place.cases) as folder:
        os.chdir(folder)
        arguments = case.write(place)
        watch.opened()
        started = time.monotonic()
        with Peak() as peak, caught() as texts:
            status = attempt(case, arguments or [])
        seconds = time.monotonic() - started
        os.chdir(place.cases)
        return Outcome(status, *texts, watch.opened(), peak.highest, seconds)


def attempt(case: Case, arguments: list[str]) -> int | str:
    signal.setitimer(signal.ITIMER_REAL, LONGEST_S)
    try:
        return case.command(arguments)
    except BaseException as error:
        print_exc()
        return type(error).__name__
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def too_long(*_) -> None:
    raise TimeoutError(f"no answer for {LONGEST_S} s")


def main(group: str, folder: Path, results: Path) -> None:
    place = prepare(folder)
    watch = GuardState([place.outside, place.outside / "in"])
    place.port = watch.port.getsockname()[1]
    signal.signal(signal.SIGALRM, too_long)
    cases = GROUPS[group]()
    with caught():  # what a command loads when it first runs is not the case's
        for case in (GROUPS["controls"]()[0], cases[0]):
            run(case, place, watch)
    most = _held("self", "VmData") + 2 * MOST_BYTES
    resource.setrlimit(resource.RLIMIT_DATA, (most, most))  # what is worse ends here, not with the machine
    results.write_text(json.dumps({case.name: asdict(run(case, place, watch)) for case in cases}))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
