"""Shared by all tests: one thread and deterministic kernels, as a stage has them."""

import os

import pytest
import torch

SEED = int(os.environ.get("TEST_SEED", "0"))
"""Of torch's own generator in each test; what is tested holds with any: TEST_SEED=7 make test."""

torch.set_num_threads(1)
torch.use_deterministic_algorithms(True)


def pytest_collection_modifyitems(items):
    """A share of the slow ones first for each process that tests: begun last, one of them would be waited for by all.

    xdist's worksteal deals the tests in their order, an equal number to each.
    """
    processes = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    slow = [item for item in items if item.get_closest_marker("slow")]
    quick = [item for item in items if not item.get_closest_marker("slow")]
    items[:] = [item for i in range(processes) for kind in (slow, quick) for item in share(kind, i, processes)]


def share(items, i, processes):
    return items[len(items) * i // processes : len(items) * (i + 1) // processes]


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup():
    """What ran before in the same process must not decide with which weights a test's model begins."""
    torch.manual_seed(SEED)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_call():
    """Nor whether a fixture was made for this test or for one before it."""
    torch.manual_seed(SEED)


@pytest.fixture(autouse=True)
def _no_dvc_around(monkeypatch):
    """A test that is itself started by DVC must not write into that run's folders."""
    for name in [name for name in os.environ if name.startswith("DVC_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty working folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path
