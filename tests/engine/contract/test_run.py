"""Run settings: device, precision, threads."""

import pytest
import torch

from tailwise.core.errors import UserError
from tailwise.core.params.runtime import Runtime
from tailwise.engine.contract.run import Training, check_threads, start


def test_a_step_is_cut_into_equal_micro_batches():
    assert Training(1, 16, 4, 1, "float32").micro_batch == 4
    with pytest.raises(ValueError, match="batch_size 16 is not a multiple of accumulate 3"):
        Training(1, 16, 3, 1, "float32")


@pytest.mark.parametrize("values", [(1, 0, 1, 1), (1, 16, 0, 1), (1, 16, 1, 0)])
def test_impossible_values_are_refused(values):
    with pytest.raises(ValueError, match="must be at least 1"):
        Training(*values, "float32")
    with pytest.raises(ValueError, match="workers must be at least 0"):
        Runtime("auto", -1, 1, False)


def test_starting_fixes_threads_and_kernels():
    threads = torch.get_num_threads()
    try:
        assert start(Training(1, 16, 1, 2, "float32"), Runtime("cpu", 0, 1, False)) == torch.device("cpu")
        assert torch.get_num_threads() == 2 and torch.are_deterministic_algorithms_enabled()
    finally:
        torch.set_num_threads(threads)


def test_a_device_that_is_not_there_is_refused(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(UserError, match="runtime.device is cuda, but this machine has none"):
        start(Training(1, 16, 1, torch.get_num_threads(), "float32"), Runtime("cuda", 0, 1, False))


@pytest.mark.parametrize(
    ("limit", "threads", "refused"), [("1", 2, True), ("2", 2, False), ("", 2, False), ("x", 2, False)]
)
def test_fewer_threads_than_training_waits_for_are_refused(monkeypatch, limit, threads, refused):
    """torch 2.15 hangs in its first product with OMP_THREAD_LIMIT=1 and two threads."""
    monkeypatch.setenv("OMP_THREAD_LIMIT", limit)
    if not refused:
        return check_threads(threads)
    with pytest.raises(UserError, match="^OMP_THREAD_LIMIT=1 is below training.threads 2: unset it"):
        check_threads(threads)
