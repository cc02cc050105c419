"""Shared by all tests: one thread and deterministic kernels, as in a stage."""

import os
import signal

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # read when NumPy is imported

import pytest
import torch

SEED = int(os.environ.get("TEST_SEED", "0"))
"""Of torch's own generator in each test; what is tested holds with any: TEST_SEED=7 make test."""

signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it, and pass that on
torch.set_num_threads(1)
torch.set_deterministic_debug_mode("error")  # use_deterministic_algorithms(True) without loading a compiler


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Mark as slow, and deal out, the tests on a shared run of a pipeline, which the first that asks for it makes.

    `make test` runs another small pipeline whole (test_second_pipeline), and DVC on stubs of this one (test_granular).
    One process that tests begins with its share of them, each other one comes to its own after half of its other tests.
    xdist's worksteal deals the tests in their order, an equal number to each.
    """
    processes = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    on_run = [item for item in items if "finished" in item.fixturenames]
    for item in on_run:
        item.add_marker(pytest.mark.slow)
    others = [item for item in items if "finished" not in item.fixturenames]
    items[:] = [
        item for i in range(processes) for item in hand(share(on_run, i, processes), share(others, i, processes), i)
    ]


def hand(on_run, others, i):
    """What process i begins with, in order."""
    half = len(others) // 2 if i else 0
    return [*others[:half], *on_run, *others[half:]]


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


@pytest.fixture(scope="session")
def browser(tmp_path_factory):
    """One for all tests of a process."""
    from support.reporting import chrome  # loads selenium, which most tests need not

    page = chrome.start(tmp_path_factory.mktemp("profile"))
    yield page
    page.driver.quit()


@pytest.fixture
def inline(request, monkeypatch):
    """Guarded work is done in this process, unless the test asks for real ones."""
    from support.inline import patch

    if "real_processes" not in request.fixturenames:
        patch(monkeypatch)


@pytest.fixture
def real_processes():
    """Of guarded work, for a test of what the guard is for."""
