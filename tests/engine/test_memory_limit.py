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


def printed(script: str, *arguments) -> list[str]:
    """The lines that a script of this folder prints."""
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(["src", str(HERE.parent)])}
    command = [sys.executable, str(HERE / script), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, env=env, cwd=HERE.parents[1])
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def train(place: str, megabytes: int, file: Path) -> tuple[dict, dict]:
    """What limited.py tells, and the weights it leaves."""
    return json.loads(printed("limited.py", place, megabytes, file)[-1]), read_tensors(file)[0]


def once(work: str, megabytes: int) -> tuple[list[str], str | None, dict]:
    """What limited_once.py tells once it is limited, the mistake, and the answers."""
    lines = printed("limited_once.py", work, megabytes)
    made = json.loads(lines[-1])
    return lines[lines.index("-- limited") + 1 : -1], made["mistake"], made["found"]


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


def test_a_trained_model_answers_with_fewer_samples_at_once():
    """16 samples at once take 640 MB, two take 80."""
    straight, short = once("answer", 0), once("answer", 100)
    assert straight[:2] == ([], None)
    assert short[:2] == ([f"out of memory: micro-batch {size}, the same samples again" for size in (8, 4, 2)], None)
    assert short[2].keys() == straight[2].keys()
    for name, (targets, probabilities) in short[2].items():
        assert targets == straight[2][name][0] and len(targets) == 38
        torch.testing.assert_close(torch.tensor(probabilities), torch.tensor(straight[2][name][1]), rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    ("work", "mistake"),
    [
        ("answer", "out of memory with one sample at a time: a smaller window or model"),
        ("predict", "out of memory with the views of one sample: another device may have more"),
        ("felt", "phase1: out of memory with one sample at a time: a smaller window or model"),
        ("auto", "phase1: out of memory with one sample at a time: a smaller window or model"),
    ],
)
def test_where_one_sample_does_not_fit_it_ends_in_one_line(work, mistake):
    assert once(work, 24)[1] == mistake
