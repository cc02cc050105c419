"""Several processes train the same model as one. Real processes on this machine, some by ``torchrun``."""

import json
import os
import subprocess
import sys
from collections import Counter
from functools import partial
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from support.once import once
from support.training.together import free_port
from tailwise.engine.distributed.world import World

TESTS = Path(__file__).parents[2]
LENGTHS = {"lengths": True}
JOBS = {
    "alone": [(1, {})],
    "of 2": [(2, {})],
    "of 4": [(4, {})],
    "2, then 1": [(2, {"stop": 5}), (1, {})],
    "1, then 2": [(1, {"stop": 5}), (2, {})],
    "short": [(2, {"short": (1, 5)})],
    "by length alone": [(1, LENGTHS)],
    "by length of 2": [(2, LENGTHS)],
    "by length, 2, then 1": [(2, {**LENGTHS, "stop": 5}), (1, LENGTHS)],
    "by length, short": [(2, {**LENGTHS, "short": (1, 5)})],
    "cut": [(1, {"stop": 5}), (2, {"cut": True})],
}
"""{folder: what runs there, one after the other}; stopped is a run in the second step of the second epoch."""
SGD = {"options": "sgd", "growing": True, "handed": True}
FAULTS = {"options": "sgd", "epochs": 4}
OPTIONS = {
    "sam alone": [(1, {"options": "sam"})],
    "sam of 2": [(2, {"options": "sam"})],
    "sam, 2, then 1": [(2, {"options": "sam", "stop": 5}), (1, {"options": "sam"})],
    "ranger alone": [(1, {"options": "ranger"})],
    "ranger of 2": [(2, {"options": "ranger"})],
    "sgd alone": [(1, SGD)],
    "sgd of 2": [(2, SGD)],
    "sgd, 2, then 1": [(2, {**SGD, "stop": 5}), (1, SGD)],
    "adaptive alone": [(1, {"options": "adaptive"})],
    "adaptive of 2": [(2, {"options": "adaptive"})],
    "adaptive, 2, then 1": [(2, {"options": "adaptive", "stop": 5}), (1, {"options": "adaptive"})],
    "rolled back alone": [(1, {**FAULTS, "rollbacks": 1})],
    "rolled back of 2": [(2, {**FAULTS, "rollbacks": 1})],
    "fallen back alone": [(1, {**FAULTS, "rollbacks": 0})],
    "fallen back of 2": [(2, {**FAULTS, "rollbacks": 0})],
}
"""The same, of phases with options."""


def start(words, launcher=()):
    """Popen of the script; launcher: the arguments of torchrun."""
    paths = os.pathsep.join([str(TESTS), str(TESTS.parent / "src")])
    env = {**os.environ, "PYTHONPATH": paths, "OMP_NUM_THREADS": "1"}
    launcher = ["-m", "torch.distributed.run", *launcher] if launcher else []
    command = [sys.executable, *launcher, str(TESTS / "support/training/together.py"), json.dumps(words)]
    return subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def ended(run):
    """What it printed."""
    text, _ = run.communicate(timeout=120)
    assert run.returncode == 0, text
    return text


def run_all(jobs, folder):
    steps = [(str(folder / name), *step) for name, steps in jobs.items() for step in steps]
    ended(start([(place, processes, {"epochs": 3, **reported}) for place, processes, reported in steps]))


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """The folder with all jobs done."""
    return once(tmp_path_factory, "together", partial(run_all, JOBS))


@pytest.fixture(scope="module")
def of_options(tmp_path_factory):
    return once(tmp_path_factory, "options together", partial(run_all, OPTIONS))


@pytest.fixture
def alone(runs):
    return runs / "alone"


def made(folder):
    return load_file(folder / "weights.safetensors"), json.loads((folder / "history.json").read_text())


def seen(folder, processes):
    """Of each process its micro-batches, (epoch, samples), after the one by which a boost is tried."""
    steps = [json.loads((folder / f"seen-{rank}.json").read_text()) for rank in range(processes)]
    return [[(epoch, tuple(places)) for epoch, places in of_rank[1:]] for of_rank in steps]


def close(one, other, valid_tolerance=1e-12):
    """valid_tolerance: of validation losses, whose outputs are in float32 and summed by micro-batch"""
    (weights, history), (wanted, straight) = made(one), made(other)
    torch.testing.assert_close(weights, wanted, rtol=0, atol=1e-10)
    for record, expected in zip(history, straight, strict=True):
        for head, (loss, labels, *counts) in expected["totals"].items():
            assert record["totals"][head][1:] == [labels, *counts]
            assert record["totals"][head][0] / labels == pytest.approx(loss / labels, abs=valid_tolerance)
        assert record["loss"] == pytest.approx(expected["loss"], abs=1e-9)
        assert record["norm"] == pytest.approx(expected["norm"], abs=1e-9)
        assert record["factors"] == expected["factors"]
        assert record["sharpness"] == pytest.approx(expected["sharpness"], abs=1e-9)


@pytest.mark.parametrize("processes", [2, 4])
def test_the_number_of_processes_changes_nothing(runs, alone, processes):
    """Labels are missing, boosts act, the last step is uneven, and a sample is drawn three times."""
    folder = runs / f"of {processes}"
    close(folder, alone)
    (straight,) = seen(alone, 1)
    shares = seen(folder, processes)
    for epoch in range(3):
        ours = [[places for number, places in share if number == epoch] for share in shares]
        whole = [places for number, places in straight if number == epoch]
        assert [sum(parts, ()) for parts in zip(*ours, strict=True)] == whole  # the same order, step by step
        assert Counter(sum(whole, ())) == Counter([*range(37), 3, 3])


@pytest.mark.parametrize("how", [" of 2", ", 2, then 1", ", short"])
def test_batches_by_length_are_the_same_in_several_processes(runs, alone, how):
    close(runs / f"by length{how}", runs / "by length alone", 1e-6 if "short" in how else 1e-12)
    steps = [[places for _, places in seen(runs / name, 1)[0]] for name in ("by length alone", "alone")]
    assert steps[0] != steps[1] and sorted(sum(steps[0], ())) == sorted(sum(steps[1], ()))
    if how == " of 2":
        shares = seen(runs / "by length of 2", 2)
        assert [sum((places for _, places in parts), ()) for parts in zip(*shares, strict=True)] == steps[0]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("folder", "epochs"),
    [("sam of 2", 2), ("sam, 2, then 1", 2), ("ranger of 2", 3), ("sgd of 2", 3), ("sgd, 2, then 1", 3)]
    + [("adaptive of 2", 3), ("adaptive, 2, then 1", 3)],
)
def test_options_of_a_phase_act_alike_in_several_processes(of_options, folder, epochs):
    """Averages, kept epochs, early stopping, a curriculum and states handed over included."""
    straight = of_options / f"{folder.partition(' ')[0].strip(',')} alone"
    close(of_options / folder, straight)
    weights, history = made(straight)
    assert len(history) == epochs and any(name.startswith("epoch002") for name in weights) == ("sam" not in folder)
    assert "then" not in folder or "resumed" in (of_options / folder / "said.txt").read_text()


@pytest.mark.slow
@pytest.mark.parametrize(("fault", "action"), [("rolled back", "roll back"), ("fallen back", "fall back")])
def test_a_fault_that_one_process_meets_leaves_the_options_of_a_phase_alike_in_all(of_options, fault, action):
    close(of_options / f"{fault} of 2", straight := of_options / f"{fault} alone")
    actions = [each["action"] for record in made(straight)[1] for each in record["interventions"]]
    assert actions == ["skip batch", "skip batch", action, "skip batch"]


def test_a_share_may_be_empty():
    shares = [World(rank, 4).share([5, 6]) for rank in range(4)]
    assert sorted(map(list, shares)) == [[], [], [5], [6]]


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_shares_are_even_and_together_all(size):
    parts = [World(rank, size).share(list(range(16))) for rank in range(size)]
    assert sum(parts, []) == list(range(16)) and max(map(len, parts)) - min(map(len, parts)) <= 1


@pytest.mark.parametrize("folder", ["2, then 1", "1, then 2"])
def test_a_run_resumes_with_another_number_of_processes(runs, alone, folder):
    assert "epoch 2 step 2: resumed" in (runs / folder / "said.txt").read_text()
    close(runs / folder, alone)


def test_a_state_cut_short_is_refused_by_all_processes(runs):
    said = [(runs / "cut" / f"refused-{rank}.txt").read_text() for rank in (0, 1)]
    assert said[0] == said[1] and "state.safetensors: not a whole weights file" in said[0]


@pytest.mark.slow
def test_a_process_that_is_killed_is_restarted_and_resumes(tmp_path, alone):
    """The one that saves, no less."""
    launcher = ["--standalone", "--nnodes=1", "--nproc-per-node=2", "--max-restarts=1"]
    text = ended(start([str(tmp_path), {"epochs": 3, "die": (0, 5)}], launcher))
    assert "epoch 2 step 2: resumed" in text and (tmp_path / "died").exists()
    close(tmp_path, alone)


def test_memory_that_one_process_lacks_halves_the_micro_batch_of_all(runs, alone):
    close(runs / "short", alone, valid_tolerance=1e-6)
    _, history = made(runs / "short")
    actions = [(each["action"], each["micro_batch"]) for record in history for each in record["interventions"]]
    assert actions == [("halve micro-batch", 8), ("halve micro-batch", 4)]


@pytest.mark.slow
def test_two_machines_are_one_run(tmp_path, alone):
    """Two nodes of one process each, as on a cluster; both are this machine."""
    rendezvous = ["--rdzv-backend=c10d", f"--rdzv-endpoint=localhost:{free_port()}", "--rdzv-id=test"]
    launcher = ["--nnodes=2", "--nproc-per-node=1", *rendezvous]
    nodes = [start([str(tmp_path), {"epochs": 3}], launcher) for _ in range(2)]
    for node in nodes:
        ended(node)
    close(tmp_path, alone)
