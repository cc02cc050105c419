"""Several processes train the model that one would have trained. Real ones, by ``torchrun`` on this machine."""

import json
import os
import socket
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from once import once
from tailwise.engine.world import World

TESTS = Path(__file__).parents[1]
SCRIPT = TESTS / "together.py"
HERE = ["--standalone", "--nnodes=1"]


def start(folder, told, *arguments):
    """Popen of torchrun, without arguments for it of the script alone; the folder is where that leaves what it made."""
    folder.mkdir(exist_ok=True)
    paths = os.pathsep.join([str(TESTS), str(TESTS.parent / "src")])
    env = {**os.environ, "PYTHONPATH": paths, "OMP_NUM_THREADS": "1"}
    launcher = ["-m", "torch.distributed.run", *arguments] if arguments else []
    command = [sys.executable, *launcher, str(SCRIPT), str(folder), json.dumps({"epochs": 3, **told})]
    return subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def together(folder, processes, *arguments, **told):
    several = [*HERE, f"--nproc-per-node={processes}", *arguments] if processes > 1 else []
    run = start(folder, told, *several)
    text, _ = run.communicate(timeout=120)
    assert run.returncode == 0, text
    return text


def made(folder):
    return load_file(folder / "weights.safetensors"), json.loads((folder / "history.json").read_text())


def seen(folder, processes):
    """Of each process its micro-batches, (epoch, samples), after the one by which a boost is tried."""
    steps = [json.loads((folder / f"seen-{rank}.json").read_text()) for rank in range(processes)]
    return [[(epoch, tuple(places)) for epoch, places in of_rank[1:]] for of_rank in steps]


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    return once(tmp_path_factory, "alone", lambda folder: together(folder, 1))


def close(one, other, judged=1e-12):
    """judged: how far losses on validation may be apart; its answers are in float32, and summed by micro-batches"""
    (weights, history), (wanted, straight) = made(one), made(other)
    torch.testing.assert_close(weights, wanted, rtol=0, atol=1e-10)
    for record, expected in zip(history, straight, strict=True):
        for head in expected["heads"]:
            assert record["heads"][head]["confusion"] == expected["heads"][head]["confusion"]
            assert record["heads"][head]["loss"] == pytest.approx(expected["heads"][head]["loss"], abs=judged)
        assert record["loss"] == pytest.approx(expected["loss"], abs=1e-9)
        assert record["norm"] == pytest.approx(expected["norm"], abs=1e-9)


@pytest.mark.slow
@pytest.mark.parametrize("processes", [2, 4])
def test_the_number_of_processes_changes_nothing(tmp_path, alone, processes):
    """Labels are missing, boosts act, the last step is uneven, and a sample is drawn three times."""
    together(tmp_path / "run", processes)
    close(tmp_path / "run", alone)
    (straight,) = seen(alone, 1)
    shares = seen(tmp_path / "run", processes)
    for epoch in range(3):
        ours = [[places for number, places in share if number == epoch] for share in shares]
        whole = [places for number, places in straight if number == epoch]
        assert [sum(parts, ()) for parts in zip(*ours, strict=True)] == whole  # the same order, step by step
        assert Counter(sum(whole, ())) == Counter([*range(37), 3, 3])


def test_a_share_may_be_empty():
    shares = [World(rank, 4).share([5, 6]) for rank in range(4)]
    assert sorted(map(list, shares)) == [[], [], [5], [6]]


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_shares_are_even_and_together_all(size):
    parts = [World(rank, size).share(list(range(16))) for rank in range(size)]
    assert sum(parts, []) == list(range(16)) and max(map(len, parts)) - min(map(len, parts)) <= 1


@pytest.mark.slow
@pytest.mark.parametrize(("before", "after"), [(2, 1), (1, 2)])
def test_a_run_goes_on_with_another_number_of_processes(tmp_path, alone, before, after):
    """It is ended in the second step of the second epoch."""
    together(tmp_path / "run", before, stop=5)
    assert "epoch 2 step 2: goes on from here" in together(tmp_path / "run", after)
    close(tmp_path / "run", alone)


@pytest.mark.slow
def test_a_process_that_is_killed_is_started_again_and_goes_on(tmp_path, alone):
    """The one that saves, no less."""
    text = together(tmp_path / "run", 2, "--max-restarts=1", die=(0, 5))
    assert "epoch 2 step 2: goes on from here" in text and (tmp_path / "run" / "died").exists()
    close(tmp_path / "run", alone)


@pytest.mark.slow
def test_memory_that_one_process_lacks_halves_the_micro_batch_of_all(tmp_path, alone):
    together(tmp_path / "run", 2, short=(1, 5))
    close(tmp_path / "run", alone, judged=1e-6)
    _, history = made(tmp_path / "run")
    actions = [each["action"] for record in history for each in record["interventions"]]
    assert actions == ["micro-batch 8, same step again", "micro-batch 4, same step again"]


@pytest.mark.slow
def test_two_machines_are_one_run(tmp_path, alone):
    """Two nodes of one process each, as on a cluster; both are this machine."""
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    nodes = [
        start(
            tmp_path / "run",
            {},
            "--nnodes=2",
            "--nproc-per-node=1",
            "--rdzv-backend=c10d",
            f"--rdzv-endpoint=localhost:{port}",
            "--rdzv-id=test",
        )
        for _ in range(2)
    ]
    for node in nodes:
        text, _ = node.communicate(timeout=120)
        assert node.returncode == 0, text
    close(tmp_path / "run", alone)
