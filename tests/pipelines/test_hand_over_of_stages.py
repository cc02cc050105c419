"""A phase that goes on from another's state, ``hand_over: last`` and ``--state``, by real calls of the stage."""

import shutil
from pathlib import Path

import pytest

from support.once import once
from support.pipelines import call, start

pytestmark = pytest.mark.slow

PLACE = "pipelines/tagger"
MODELS = Path("data/models")
STATE = MODELS / "phase1-state.safetensors"
ONWARD = ["--init", f"{MODELS}/phase1.safetensors", "--state", f"{STATE}"]


def change(folder: Path, changes: dict[str, str]) -> None:
    """Replace texts of the params; each has to be there."""
    params = (folder / "params.yaml").read_text()
    for old, new in changes.items():
        assert old in params
        params = params.replace(old, new)
    (folder / "params.yaml").write_text(params)


def train(folder: Path, phase: str, *more: str, status: int = 0) -> str:
    """What the stage prints; both phases take the same samples."""
    inputs = [
        "--train",
        "data/songs/train",
        "--valid",
        "data/songs/valid",
        "--balance",
        "data/weights/phase1",
        "--keep-state",
    ]
    stage = ["python3", "-m", "tailwise.core.stage", "../../stages/train.py", "tagger", phase, *inputs, *more]
    both = ["sh", "-c", 'exec "$@" 2>&1', "sh"]
    return call("env", "PYTHONPATH=../../src:.", *both, *stage, cwd=folder, status=status)


@pytest.fixture(scope="module")
def segments(tmp_path_factory) -> Path:
    """The pipeline after a first phase of 2 epochs; straight: what the phase leaves after 4."""

    def make(repo: Path) -> None:
        start(repo, "tests/pipelines/tagger", PLACE)
        folder = repo / PLACE
        call("dvc", "repro", "compute_weights", cwd=folder)
        constant = {"schedule: {kind: cosine, warmup: 0.1, floor: 0.1}": "schedule: {kind: linear}", "2e-3": "1e-2"}
        change(folder, constant | {"rates: []": "rates: []\n    hand_over: last"})
        train(folder, "phase1")
        (folder / MODELS).rename(folder / "straight")
        change(folder, {"epochs: 4": "epochs: 2"})
        train(folder, "phase1")

    return once(tmp_path_factory, "segments", make) / PLACE


@pytest.fixture
def folder(segments, tmp_path) -> Path:
    return shutil.copytree(segments.parents[1], tmp_path / "repo") / PLACE


def test_two_stages_leave_the_bytes_of_one(folder):
    assert "optimizer state of" in train(folder, "phase2", *ONWARD)
    for kind in ("", "-state"):
        one, two = folder / f"straight/phase1{kind}.safetensors", folder / MODELS / f"phase2{kind}.safetensors"
        assert one.read_bytes() == two.read_bytes()


def test_without_the_state_they_do_not(folder):
    train(folder, "phase2", *ONWARD[:2])
    straight = folder / "straight/phase1.safetensors"
    assert (folder / MODELS / "phase2.safetensors").read_bytes() != straight.read_bytes()


@pytest.mark.parametrize(
    ("changes", "state", "said"),
    [
        ({"adamw": "sgd"}, STATE, "the state of optimizer adamw, and this phase's is sgd"),
        ({"dim: 24": "dim: 16"}, STATE, "the state of another model than the one to be trained"),
        ({}, MODELS / "phase1.safetensors", "not what a phase with hand_over: last leaves"),
        ({}, MODELS / "none.safetensors", "no such file"),
    ],
)
def test_a_state_that_does_not_fit_is_refused_in_one_line(folder, changes, state, said):
    change(folder, changes)
    assert train(folder, "phase2", "--state", f"{state}", status=1) == f"train: {state}: {said}\n"
