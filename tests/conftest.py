"""Shared by all tests: one thread and deterministic kernels, as a stage has them."""

import os

import pytest
import torch

SEED = int(os.environ.get("TEST_SEED", "0"))
"""Of torch's own generator in each test; what is tested holds with any."""

torch.set_num_threads(1)
torch.use_deterministic_algorithms(True)


def pytest_collection_modifyitems(items):
    """The slow ones first: begun last, one of them would be waited for by all processes."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup():
    """What ran before in the same process must not decide with which weights a test's model begins."""
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
