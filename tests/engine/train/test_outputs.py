"""What a phase leaves, after a straight run and after kills while it was written."""

import os
import signal
from multiprocessing import get_context
from pathlib import Path

import pytest

from support.helpers import HEADS, make_phase, make_run, make_task, metrics_of
from tailwise.core.files import remove_parts, write_text
from tailwise.engine.train.loop import train_phase
from tailwise.engine.train.outputs import write_outputs

BOOSTS = {head.name: dict.fromkeys(head.classes, 1.0) for head in HEADS}


@pytest.fixture(scope="module")
def trained():
    return train_phase(make_task(), make_phase(epochs=1), range(24), {}, make_run())


def write(trained, kill: str = "") -> None:
    """Killed while the file of this name is to be put in place."""
    replace = os.replace

    def killed(part, path):
        if Path(path).name == kill:
            os.kill(os.getpid(), signal.SIGKILL)
        replace(part, path)

    os.replace = killed
    write_outputs("phase1", metrics_of(), BOOSTS, trained, {}, make_run())


def write_in_fork(*arguments) -> int:
    process = get_context("fork").Process(target=write, args=arguments)
    process.start()
    process.join()
    return process.exitcode


def files(folder: Path) -> dict[str, bytes]:
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def test_kills_while_the_outputs_are_written_leave_nothing_in_them(trained, folder):
    assert write_in_fork(trained) == 0
    straight = files(folder)
    for name in ("phase1.safetensors", "epochs.csv", "colour.csv", "best.json"):
        assert write_in_fork(trained, name) == -signal.SIGKILL
        assert len(files(folder)) > len(straight), f"the kill at {name} left no part"
    assert write_in_fork(trained) == 0
    assert files(folder) == straight


def test_what_looks_like_a_part_and_is_none_stays(folder):
    others = [".12.x/x", ".gitignore", ".x", ".x.12.x", ".x.13/x", ".x.1y", ".y.12", "x.12"]
    for name in [*others, ".x.12", "in/.x.14"]:
        write_text(folder / "data" / name, "")
    remove_parts(folder / "data", "x")
    assert sorted(files(folder / "data")) == others
