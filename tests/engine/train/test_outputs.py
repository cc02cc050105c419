"""What a phase leaves, after a straight run and after kills while it was written."""

import json
import os
import signal
from multiprocessing import get_context
from pathlib import Path

import pytest

from support.helpers import HEADS, make_phase, make_run, make_task, metrics_of, same
from tailwise.core.files import remove_parts, write_text
from tailwise.engine.checkpoint.hand_over import read_hand_over, state_file, write_hand_over
from tailwise.engine.checkpoint.recovery import Recovery
from tailwise.engine.checkpoint.weights import read_weights
from tailwise.engine.contract.options import EarlyStopping
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


def test_kept_epochs_and_the_last_state_are_written_where_asked(folder):
    phase = make_phase(epochs=4, keep_every=2, hand_over="last", early_stopping=EarlyStopping(2, min_delta=2.0))
    with Recovery(folder / "run") as recovery:
        run = make_run(recovery=recovery)
        trained = train_phase(make_task(), phase, range(24), {}, run)
        write_outputs("phase1", metrics_of(), BOOSTS, trained, {}, run)
    write_hand_over(state_file("phase1"), trained.last)
    models = folder / "data/models"
    assert sorted(files(models)) == [
        "phase1-epochs/epoch002.safetensors",
        "phase1-state.safetensors",
        "phase1.safetensors",
    ]
    kept, last = read_weights(models / "phase1-epochs/epoch002.safetensors")[0], trained.weights
    assert not same(kept, last) and same(read_weights(models / "phase1.safetensors")[0], last)
    state = read_hand_over(models / "phase1-state.safetensors", {}, "adamw")
    assert state.epochs == 3 and json.loads((folder / "reports/training/phase1/run.json").read_text())["stopped_early"]
