"""Memory that really runs out, in a process that may not grow: the step is taken in less at once, and nothing else."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from tailwise.engine.memory import out_of_memory
from tailwise.engine.weights import read_tensors

HERE = Path(__file__).parent
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="other systems do not keep to RLIMIT_AS")


def train(place: str, megabytes: int, file: Path) -> tuple[dict, dict]:
    """What limited.py tells, and the weights it leaves."""
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(["src", str(HERE.parent)])}
    command = [sys.executable, str(HERE / "limited.py"), place, str(megabytes), str(file)]
    done = subprocess.run(command, capture_output=True, text=True, env=env, cwd=HERE.parents[1])
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1]), read_tensors(file)[0]


@pytest.mark.parametrize(
    ("place", "megabytes", "sizes"),
    [("forward", 400, [8]), ("backward", 220, [8, 4]), ("step", 48, [8])],
)
def test_a_limit_of_memory_halves_the_micro_batch_and_changes_nothing_else(place, megabytes, sizes, tmp_path):
    """16 samples at once take 512 MB; the optimizer's state is twice 32 MB."""
    free, straight = train(place, 0, tmp_path / "free")
    short, weights = train(place, megabytes, tmp_path / "short")
    assert free == {"met": [], "done": [], "micro_batch": 16}
    assert short["met"] == [place] * len(sizes)
    assert short["done"] == [[1, 1, f"micro-batch {size}, same step again"] for size in sizes]
    assert short["micro_batch"] == sizes[-1]  # to the end: it never grows again
    torch.testing.assert_close(weights, straight, rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("could not create a primitive", True),  # met in a convolution under a limit
        ("could not create a primitive descriptor for a convolution forward propagation primitive", False),
    ],
)
def test_what_onednn_says_of_memory(told, expected):
    assert out_of_memory(RuntimeError(told)) is expected
