"""Batch prediction on a Dask and on a Ray cluster of two workers: the bytes of one process, also when one is killed."""

import os
import signal
import threading
import time
from pathlib import Path

import pytest

from support import batches, clusters
from support.batches import COUNT, shards, write_inputs
from support.clusters import DaskCluster, RayCluster
from tailwise.cli.batch import command
from tailwise.cli.batch.manifest import hash_file
from tailwise.cli.main import main

INSTALL = "is not installed: pip install -r requirements-cluster.txt"
KINDS = {"dask": (DaskCluster, "distributed.client"), "ray": (RayCluster, "ray")}


@pytest.fixture(params=KINDS)
def cluster(request, tmp_path_factory):
    kind, package = KINDS[request.param]
    pytest.importorskip(package, reason=f"{request.param} {INSTALL}")
    with clusters.of_two(kind, tmp_path_factory.mktemp("cluster")) as found:
        found.name = request.param
        yield found


def batch(out, *more) -> int:
    options = f"predict-batch in --weights w.safetensors --shard-size 1 --out {out}"
    return main([*options.split(), *more])


def kill_one(out: Path, killed: list) -> None:
    """SIGKILL for a process that predicts, after three shards."""
    until = time.monotonic() + 300
    while time.monotonic() < until and (len(shards(out)) < 3 or len(list(out.glob("begun.*"))) < 2):
        time.sleep(0.05)
    killed.append(len(shards(out)))
    os.kill(int(next(out.glob("begun.*")).suffix[1:]), signal.SIGKILL)


@pytest.mark.slow
def test_a_worker_that_is_killed_half_way_loses_nothing(cluster, folder, monkeypatch):
    write_inputs(folder)
    assert batch("here", "--workers", "1") == 0
    monkeypatch.setattr(command, "predict_shard", batches.slowly)
    killed = []
    killer = threading.Thread(target=kill_one, args=(folder / "there", killed))
    killer.start()
    assert batch("there", "--executor", cluster.name, "--address", cluster.address) == 0
    killer.join()
    assert 0 < killed[0] < COUNT, "there was work left"
    assert shards(Path("there")) == shards(Path("here"))
    computed = Path("there/computed").read_text().split()
    assert len(computed) == len(set(computed)) >= COUNT - 1, "the killed one may not have noted what it wrote"


@pytest.mark.slow
def test_a_worker_s_error_is_one_line(cluster, folder, monkeypatch, capsys):
    write_inputs(folder)
    monkeypatch.setattr(
        command, "hash_file", lambda path: "another" if path.suffix == ".safetensors" else hash_file(path)
    )
    assert batch("there", "--executor", cluster.name, "--address", cluster.address) == 1
    [line] = [line for line in capsys.readouterr().err.splitlines() if line.startswith("tailwise: ")]
    assert line.startswith(f"tailwise: {folder / 'w.safetensors'}: is not the file that the batch was begun with")


@pytest.mark.parametrize("address", ["127.0.0.1:1", "nonsense", ""])
@pytest.mark.parametrize(("name", "asked"), [("dask", "no scheduler answers"), ("ray", "no head node answers")])
@pytest.mark.slow
def test_a_cluster_that_does_not_answer_is_one_line(folder, capsys, name, asked, address, monkeypatch):
    from tailwise.core.system import cluster

    pytest.importorskip(KINDS[name][1], reason=f"{name} {INSTALL}")
    write_inputs(folder)
    monkeypatch.setattr(cluster, "CONNECT_TIMEOUT_S", 1)
    assert batch("there", "--executor", name, "--address", address) == 1
    line = capsys.readouterr().err.splitlines()[-1]
    assert line.startswith(f"tailwise: --address: {asked} at {address!r}")
