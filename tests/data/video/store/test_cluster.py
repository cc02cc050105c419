"""Decoding on a Dask cluster of two workers: the same bytes as locally, also when one is killed half-way."""

import signal
import sys
import threading
import time
from pathlib import Path

import pytest
from test_store import WINDOW, content, rows

from support import clusters
from support.clusters import DaskCluster
from support.slow import slow_but
from support.tables import table
from support.video import crashers
from support.video.filming import write_clip
from tailwise.core.errors import UserError
from tailwise.core.params.runtime import Runtime
from tailwise.core.params.typed import convert
from tailwise.core.system import cluster as module
from tailwise.core.system.cluster import Dask, Local, Ray, map_on_cluster
from tailwise.data.shards import partition as layout
from tailwise.data.video.store import store as store_module
from tailwise.data.video.store.store import Decode, build_store

CLIPS = 8
"""Few: each shard is decoded in a process of its own, which loads Dask again."""


@pytest.fixture(scope="module")
def needs_dask():
    """Not the package alone: pytest puts tests/engine on the path, and so its folder distributed/."""
    pytest.importorskip("distributed.client", reason="Dask is not installed: pip install -r requirements-cluster.txt")


@pytest.fixture(scope="module")
def cluster(needs_dask, tmp_path_factory):
    """Nobody may end its workers."""
    with clusters.of_two(DaskCluster, tmp_path_factory.mktemp("cluster")) as found:
        yield found


@pytest.fixture
def own_cluster(needs_dask, tmp_path):
    with clusters.of_two(DaskCluster, tmp_path) as found:
        yield found


@pytest.fixture
def root(tmp_path, monkeypatch):
    """Data root, by a path from the working folder, with clips in shards of at most 4."""
    monkeypatch.setattr(layout, "LARGEST", 4)
    monkeypatch.chdir(tmp_path)
    write_clips(Path("raw"), range(CLIPS))
    (Path("raw") / "clip_3.mp4").write_bytes(b"")
    return Path("raw")


def write_clips(folder, numbers):
    for i in numbers:
        write_clip(folder / f"clip_{i}.mp4", i, frames=8)


def build(root, name, workers, timeout=30):
    folder = root.parent / name / "train"
    how = Decode(timeout, max_faulty=0.5)
    clips = table(rows(root, len(list(root.iterdir()))))
    store = build_store(root, clips, WINDOW, folder, root.parent / f"{name}.cache", how, workers)
    return folder, store


def test_a_cluster_leaves_the_same_bytes(root, cluster):
    here, there = build(root, "here", 1), build(root, "there", Dask("dask", cluster.address))
    assert content(there[0]) == content(here[0]) and there[1] == here[1]
    assert there[1].decoded == there[1].shards > 1 and there[1].faults == {"clip_3.mp4": "empty: 0 bytes"}


@pytest.mark.slow
def test_a_worker_that_is_killed_half_way_loses_nothing(root, own_cluster, monkeypatch):
    """The killed one holds results that were not yet fetched, and a shard that it is at."""
    write_clips(root, range(CLIPS, 24))
    monkeypatch.setattr(store_module, "decode_guarded", crashers.slowly_there)
    victim, killed = own_cluster.workers[0], []

    def kill():
        until = time.monotonic() + 60
        cache = root.parent / "there.cache"
        while time.monotonic() < until and len(list(cache.glob("*.json"))) < 3:
            time.sleep(0.05)
        time.sleep(0.2)  # the next shards are begun
        killed.append(len(list(cache.glob("*.json"))))
        victim.send_signal(signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    folder, store = build(root, "there", Dask("dask", own_cluster.address))
    killer.join()
    assert victim.wait() == -signal.SIGKILL and 0 < killed[0] < store.shards
    both = {f"begun.{worker.pid}" for worker in own_cluster.workers}
    assert both == {file.name for file in (root.parent / "there.cache").glob("begun.*")}
    assert content(folder) == content(build(root, "here", 1)[0])


@pytest.mark.parametrize(
    ("end", "reason"),
    slow_but(
        [("crashing", "decoder crashed: SIGSEGV"), ("hanging", "decoder hangs: no answer for 2 s")],
        ("crashing", "decoder crashed: SIGSEGV"),
    ),
)
def test_a_clip_that_crashes_its_workers_decoder_loses_only_itself(root, cluster, end, reason, monkeypatch):
    monkeypatch.setattr(store_module, "decode_guarded", getattr(crashers, f"{end}_there"))
    _, store = build(root, "there", Dask("dask", cluster.address), timeout=2)
    assert store.faults == {"clip_3.mp4": "empty: 0 bytes", "clip_5.mp4": reason}
    assert len(store.clips) == CLIPS - 2 and all(worker.poll() is None for worker in cluster.workers)


@pytest.mark.filterwarnings("error::UserWarning")
@pytest.mark.parametrize(
    ("difference", "said"),
    [
        ("other_code_there", "runtime.executor: a worker has other code, decord or av; give it this folder and"),
        ("other_folder_there", "runtime.executor: what a worker decoded is not in .*there.cache; share this folder"),
        ("full_disk_there", "clips: no room"),
    ],
)
def test_a_worker_that_cannot_do_it_is_reported_in_one_line(root, cluster, monkeypatch, difference, said):
    monkeypatch.setattr(store_module, "decode_guarded", getattr(crashers, difference))
    with pytest.raises(UserError, match=said):
        build(root, "there", Dask("dask", cluster.address))


@pytest.mark.slow
def test_a_worker_under_a_nanny_may_start_its_guarded_process(root, needs_dask, tmp_path):
    found = DaskCluster(tmp_path, workers=0)
    try:
        found.workers.append(found.add_worker("--nanny"))
        _, store = build(root, "there", Dask("dask", found.wait().address))
    finally:
        found.stop()
    assert len(store.clips) == CLIPS - 1


@pytest.mark.slow
def test_workers_that_lack_this_package_are_reported_at_once(root, needs_dask, tmp_path, monkeypatch):
    found = DaskCluster(tmp_path, workers=0)
    monkeypatch.setattr(clusters, "ROOT", tmp_path)
    try:
        found.workers.append(found.add_worker())
        found.wait()
        with pytest.raises(
            UserError, match=r"runtime.executor: a worker of tcp://.*: No module named 'tailwise'; start"
        ):
            build(root, "there", Dask("dask", found.address))
    finally:
        found.stop()


def test_a_cluster_without_workers_is_reported(root, needs_dask, tmp_path):
    found = DaskCluster(tmp_path, workers=0)
    try:
        with pytest.raises(UserError, match="runtime.executor: tcp://.* has no worker; start some by: dask worker"):
            build(root, "there", Dask("dask", found.wait().address))
    finally:
        found.stop()


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:1", "nonsense", ""])
def test_a_scheduler_that_does_not_answer_is_reported(needs_dask, address, monkeypatch):
    monkeypatch.setattr(module, "CONNECT_TIMEOUT_S", 1)
    with pytest.raises(
        UserError, match="runtime.executor.address: no scheduler answers at '.*'; start one by: dask sch"
    ):
        list(map_on_cluster(Dask("dask", address), abs, [-1]))


@pytest.mark.parametrize(
    ("cluster", "package", "advice"),
    [
        (Dask("dask", "x"), "distributed", "pip install -r requirements-cluster.txt, here and on the workers"),
        (Ray("ray", "auto"), "ray", "pip install -r requirements-cluster.txt, here and on the workers"),
    ],
)
def test_a_package_that_is_absent_is_reported_in_one_line(cluster, package, advice, monkeypatch):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(UserError, match=f"runtime.executor.kind {cluster.kind}: {advice}, or set it to local"):
        list(map_on_cluster(cluster, abs, [-1]))


def test_nothing_to_do_asks_no_cluster():
    assert list(map_on_cluster(Dask("dask", "nowhere"), abs, [])) == []


@pytest.mark.parametrize(
    ("value", "decoding"),
    [
        ({"kind": "local"}, 3),
        ({"kind": "dask", "address": "tcp://a:1"}, Dask("dask", "tcp://a:1")),
        ({"kind": "ray", "address": "auto"}, Ray("ray", "auto")),
    ],
)
def test_the_executor_is_chosen_by_kind(value, decoding):
    runtime = {"device": "cpu", "workers": 0, "decoders": 3, "tensorboard": False}
    assert convert(Runtime, {**runtime, "executor": value}, "runtime").decoding == decoding
    assert convert(Runtime, runtime, "runtime").executor == Local("local")
    with pytest.raises(UserError, match="runtime.executor.kind must be one of local, dask, ray, found 'slurm'"):
        convert(Runtime, {**runtime, "executor": {"kind": "slurm"}}, "runtime")
