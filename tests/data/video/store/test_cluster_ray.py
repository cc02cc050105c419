"""Decoding on a Ray cluster of two workers: the same bytes as locally, also when one is killed half-way."""

import os
import signal
import threading
import time
from pathlib import Path

import pytest
from test_store import WINDOW, content, rows

from support import clusters
from support.clusters import RayCluster
from support.tables import table
from support.video import crashers
from support.video.filming import write_clip
from tailwise.core.errors import UserError
from tailwise.core.system.cluster import Ray, map_on_cluster
from tailwise.data.shards import partition as layout
from tailwise.data.video.store import store as store_module
from tailwise.data.video.store.store import Decode, build_store

CLIPS = 24


@pytest.fixture
def needs_ray():
    pytest.importorskip("ray", reason="Ray is not installed: pip install -r requirements-cluster.txt")


@pytest.fixture
def root(tmp_path, monkeypatch):
    """Data root, by a path from the working folder, with clips in shards of at most 4, one of them empty."""
    monkeypatch.setattr(layout, "LARGEST", 4)
    monkeypatch.chdir(tmp_path)
    for nth in range(CLIPS):
        write_clip(Path(f"raw/clip_{nth}.mp4"), nth, frames=8)
    Path("raw/clip_3.mp4").write_bytes(b"")
    return Path("raw")


def build(root, name, workers):
    folder = root.parent / name / "train"
    clips = table(rows(root, CLIPS))
    return folder, build_store(root, clips, WINDOW, folder, root.parent / f"{name}.cache", Decode(30, 0.5), workers)


def kill_one(cache: Path, killed: list) -> None:
    """SIGKILL for a worker that decodes, after two shards."""
    until = time.monotonic() + 300
    while time.monotonic() < until and (len(list(cache.glob("*.json"))) < 2 or len(list(cache.glob("begun.*"))) < 2):
        time.sleep(0.05)
    killed.append(len(list(cache.glob("*.json"))))
    os.kill(int(next(cache.glob("begun.*")).suffix[1:]), signal.SIGKILL)


@pytest.mark.slow
def test_a_worker_that_is_killed_half_way_loses_nothing(needs_ray, root, tmp_path, tmp_path_factory, monkeypatch):
    here = build(root, "here", 1)
    monkeypatch.setattr(store_module, "decode_guarded", crashers.slowly_there)
    killed = []
    killer = threading.Thread(target=kill_one, args=(tmp_path / "there.cache", killed))
    with clusters.of_two(RayCluster, tmp_path_factory.mktemp("cluster")) as cluster:
        killer.start()
        there = build(root, "there", Ray("ray", cluster.address))
        killer.join()
    assert 0 < killed[0] < there[1].shards and there[1] == here[1]
    assert content(there[0]) == content(here[0])
    assert there[1].faults == {"clip_3.mp4": "empty: 0 bytes"}


@pytest.mark.slow
@pytest.mark.parametrize("address", ["127.0.0.1:1", "nonsense", ""])
def test_a_head_node_that_does_not_answer_is_reported(needs_ray, address):
    with pytest.raises(UserError, match="runtime.executor.address: no head node answers at '.*'; start one by: ray st"):
        list(map_on_cluster(Ray("ray", address), abs, [-1]))
