"""Work in processes: the same results, and no process left behind."""

import os
import signal
import subprocess
import sys
import threading
import time
from multiprocessing import get_context
from pathlib import Path

import pytest

from tailwise.core.errors import UserError
from tailwise.core.system.guarded import map_guarded, serve
from tailwise.core.system.parent import die_with_parent
from tailwise.core.system.processes import map_in_processes

SLEEPERS = """
import os, sys, time
from pathlib import Path
from tailwise.core.system.processes import map_in_processes

def sleep(name):
    Path(name).write_text(str(os.getpid()))
    time.sleep(60)

if __name__ == "__main__":
    list(map_in_processes(sleep, ["first", "second"], 2))
"""


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_results_come_in_the_order_of_the_items(workers):
    assert list(map_in_processes(abs, [-3, 2, -1, 0], workers)) == [3, 2, 1, 0]


def test_workers_die_with_the_process_that_started_them(folder):
    (folder / "sleepers.py").write_text(SLEEPERS)
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3] / "src")}
    process = subprocess.Popen([sys.executable, "sleepers.py"], cwd=folder, env=env)
    pids = [wait_for(lambda name=name: read(folder / name)) for name in ("first", "second")]
    process.kill()
    process.wait()
    assert all(wait_for(lambda pid=pid: not alive(pid)) for pid in pids)


def troubled(item: tuple[str, ...], say) -> list[str]:
    """Goes through its parts; what a part is called happens."""
    for part in item:
        say(part)
        if part == "crash":
            os.kill(os.getpid(), signal.SIGKILL)
        elif part == "hang":
            time.sleep(60)
        elif part == "raise":
            raise UserError("wrong")
        elif part == "exit":
            os._exit(3)
    return list(item)


def lost_before_it_began(item, say):
    os._exit(3)


def without(item: tuple[str, ...], part: str, reason: str) -> tuple[str, ...]:
    return tuple(f"{part} {reason}" if each == part else each for each in item)


@pytest.mark.parametrize("workers", [1, 3])
def test_guarded_work_loses_only_the_part_that_crashed_or_hung(workers):
    items = [("a", "crash", "b"), ("c",), ("hang", "exit"), (), ("d",)]
    done = dict(map_guarded(troubled, items, workers, 1.0, without))
    assert done == {
        0: ["a", "crash crashed: SIGKILL", "b"],
        1: ["c"],
        2: ["hang hangs: no answer for 1 s", "exit crashed: exit 3"],
        3: [],
        4: ["d"],
    }


def killed_once(item: str, say) -> str:
    """Loses its process the first time: the file `item` tells."""
    say("part")
    if not Path(item).exists():
        Path(item).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return "done"


def test_a_part_that_was_lost_once_is_tried_again(folder):
    assert dict(map_guarded(killed_once, [str(folder / "mark")], 1, 5.0, without)) == {0: "done"}


@pytest.mark.parametrize(("parent", "status"), [(None, 0), (0, 0), (1, 1)])
def test_a_process_whose_parent_died_before_it_asked_ends_at_once(parent, status):
    """parent: 0 stands for this process, 1 for another"""
    parent = os.getpid() if parent == 0 else parent
    child = get_context("spawn").Process(target=die_with_parent, args=(parent,))
    child.start()
    child.join(60)
    assert child.exitcode == status


def test_a_worker_whose_starter_is_gone_ends_without_a_word(capfd):
    ours, theirs = get_context("spawn").Pipe()
    worker = get_context("spawn").Process(target=serve, args=(os.getpid(), troubled, theirs))
    worker.start()
    theirs.close()
    ours.close()
    worker.join(60)
    assert worker.exitcode == 0
    assert capfd.readouterr() == ("", "")


def test_a_slow_reader_does_not_block():
    found = {}
    for place, result in map_guarded(troubled, [("a",), ("b",), ("c",), ("d",)], 2, 0.5, without):
        time.sleep(0.8)
        found[place] = result
    assert found == {0: ["a"], 1: ["b"], 2: ["c"], 3: ["d"]}


class TwoParts(Exception):
    def __init__(self, one, two):
        super().__init__(one)


def fails(item: str, say) -> None:
    say("part")
    if item == "two":
        raise TwoParts("first", "second")
    error = ValueError("lock")
    error.lock = threading.Lock()
    raise error


@pytest.mark.parametrize(("item", "text"), [("two", "first"), ("lock", "lock")])
def test_an_error_that_cannot_be_pickled_is_still_reported(item, text):
    with pytest.raises(RuntimeError, match=text) as raised:
        list(map_guarded(fails, [item], 1, 5.0, without))
    assert "in fails" in str(raised.value)


def test_parts_are_seen_as_they_begin():
    begun = []
    list(map_guarded(troubled, [("a", "b"), ("c",)], 1, 5.0, without, lambda: begun.append(1)))
    assert len(begun) == 3


def test_a_part_that_is_tried_again_is_seen_once():
    """Also those before the one that was lost; of another item a part of the same name counts."""
    begun, items = [], [("a", "crash", "b"), ("a",)]
    list(map_guarded(troubled, items, 1, 5.0, lambda item, *lost: ("a", "b"), lambda: begun.append(1)))
    assert len(begun) == 4


def test_guarded_work_passes_on_what_was_raised():
    with pytest.raises(UserError, match="wrong"):
        list(map_guarded(troubled, [("a",), ("raise",)], 2, 5.0, without))


def test_guarded_work_that_cannot_begin_is_no_endless_loop():
    with pytest.raises(RuntimeError, match="lost before it began: crashed: exit 3"):
        list(map_guarded(lost_before_it_began, [("a",)], 1, 5.0, without))


def test_guarded_work_of_nothing_is_nothing():
    assert list(map_guarded(troubled, [], 2, 5.0, without)) == []


def read(path: Path) -> int:
    return int(path.read_text() or 0) if path.exists() else 0


def alive(pid: int) -> bool:
    """Running, and no zombie that nobody has collected."""
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] != "Z"


def wait_for(condition, seconds: float = 30):
    """The condition's value once it is true; its last value when the time is over."""
    until = time.monotonic() + seconds
    while not (value := condition()) and time.monotonic() < until:
        time.sleep(0.02)
    return value
