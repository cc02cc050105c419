"""A real memory limit: the step is repeated with a smaller micro-batch, and nothing else changes."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from tailwise.core.files import read_json
from tailwise.engine.batches.memory import out_of_memory
from tailwise.engine.checkpoint.weights import read_tensors

HERE = Path(__file__).parent
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="other systems do not keep to RLIMIT_AS")


PLACES = {"forward": (400, [8]), "backward": (220, [8, 4]), "step": (48, [8])}
"""{what is large: (the limit in MB, the micro-batches it leads to)}"""
ENDS = {
    "answer": "out of memory with one sample at a time: a smaller window or model",
    "predict": "out of memory with one sample: another device may have more",
    "felt": "phase1: out of memory with one sample at a time: a smaller window or model",
    "auto": "phase1: out of memory with one sample at a time: a smaller window or model",
}
"""{what is computed: the line it ends in where not even one sample fits}"""


def printed(script: str, *arguments) -> str:
    """What a script of this folder prints. In one arena of malloc: each further one reserves 64 MB."""
    env = {
        **os.environ,
        "MALLOC_ARENA_MAX": "1",
        "PYTHONPATH": os.pathsep.join([str(HERE.parents[2] / "src"), str(HERE.parents[1])]),
    }
    command = [sys.executable, str(HERE / script), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, env=env, cwd=HERE.parents[1])
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """The folder of what limited.py leaves."""
    folder = tmp_path_factory.mktemp("limited")
    printed("limited.py", folder, *(word for place, (most, _) in PLACES.items() for word in (place, 0, place, most)))
    return folder


@pytest.fixture(scope="module")
def done_once():
    """{work and limit: what is reported, the mistake, the answers}, as limited_once.py prints them."""
    text = printed("limited_once.py", "answer", 0, "answer", 240, *(word for work in ENDS for word in (work, 24)))
    found = {}
    for part in text.split("== ")[1:]:
        name, *reported, made = part.splitlines()
        found[name] = reported, json.loads(made)["mistake"], json.loads(made)["found"]
    return found


@pytest.mark.parametrize("place", PLACES)
def test_a_limit_of_memory_halves_the_micro_batch_and_changes_nothing_else(place, trained):
    """16 samples at once take 512 MB; the optimizer's state is twice 32 MB."""
    megabytes, sizes = PLACES[place]
    free, short = (trained / f"{place}-{limit}" for limit in (0, megabytes))
    assert read_json(free.with_suffix(".json")) == {"met": [], "done": [], "micro_batch": 16}
    found = read_json(short.with_suffix(".json"))
    assert found["met"] == [place] * len(sizes)
    assert found["done"] == [[1, 1, "halve micro-batch", size] for size in sizes]
    assert found["micro_batch"] == sizes[-1]  # to the end: it never grows again
    torch.testing.assert_close(read_tensors(short)[0], read_tensors(free)[0], rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("reported", "expected"),
    [
        ("could not create a primitive", True),  # met in a convolution under a limit
        ("could not create a primitive descriptor for a convolution forward propagation primitive", False),
    ],
)
def test_onednns_out_of_memory_messages(reported, expected):
    assert out_of_memory(RuntimeError(reported)) is expected


def test_a_trained_model_answers_with_fewer_samples_at_once(done_once):
    """16 samples at once take 640 MB, eight 320 and four 160."""
    straight, short = done_once["answer 0"], done_once["answer 240"]
    assert straight[:2] == ([], None)
    assert short[:2] == ([f"out of memory: micro-batch {size}, the same samples again" for size in (8, 4)], None)
    assert short[2].keys() == straight[2].keys()
    for name, (targets, probabilities) in short[2].items():
        assert targets == straight[2][name][0] and len(targets) == 38
        torch.testing.assert_close(torch.tensor(probabilities), torch.tensor(straight[2][name][1]), rtol=0, atol=1e-6)


@pytest.mark.parametrize("work", ENDS)
def test_a_single_sample_that_does_not_fit_ends_in_one_line(work, done_once):
    assert done_once[f"{work} 24"][1] == ENDS[work]
