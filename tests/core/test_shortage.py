"""Errors that a user can fix print one line; others keep their traceback."""

import errno
import os
import resource
import subprocess
import sys

import numpy as np
import pytest

from tailwise.core.errors import UserError, describe_error
from tailwise.core.shortage import shortage, shortage_in


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (UserError("params.yaml: no x"), "params.yaml: no x"),
        (MemoryError(), "out of memory"),
        (MemoryError("bad"), "out of memory: bad"),
        (OSError(errno.ENOMEM, "Cannot allocate memory"), "out of memory: Cannot allocate memory"),
        (OSError(errno.ENOMEM, "Cannot allocate memory", "a.npy"), "out of memory: a.npy"),
        (BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable"), "out of memory or processes: Resource"),
        (ImportError("libx.so: failed to map segment from shared object"), "out of memory: libx.so: failed to map"),
        (ImportError("PLEASE READ\n\nOriginal error was: libx.so: failed to map segment\n"), "out of memory: Original"),
        (OSError("libx.so: cannot allocate memory in static TLS block"), "out of memory: libx.so: cannot allocate"),
        (RuntimeError("can't start new thread"), "out of memory: can't start new thread"),
        (RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory"), "out of memory: [enforce fail]"),
        (OSError(errno.ENOSPC, "No space left on device", "reports/x"), "reports/x: No space left on device"),
        (OSError(errno.ENOSPC, "No space left on device"), "No space left on device, in shared memory"),
    ],
)
def test_what_a_user_can_fix_is_one_line(error, line):
    assert describe_error(error).startswith(line) and "\n" not in describe_error(error)


@pytest.mark.parametrize(
    "error", [ValueError("odd"), ImportError("no name x"), RuntimeError("shapes differ"), OSError("odd"), KeyError("x")]
)
def test_a_mistake_in_the_code_is_none(error):
    assert describe_error(error) is None


def test_an_array_too_large_says_how_large():
    with pytest.raises(MemoryError) as raised:
        np.empty(2**60, np.uint8)
    assert shortage(raised.value).startswith("out of memory: Unable to allocate 1.00 EiB")


def test_of_many_lines_the_last_informative_one_is_reported():
    text = "OpenBLAS blas_thread_init: pthread_create failed for thread 1 of 2: x\nKeyboardInterrupt\n"
    assert shortage_in(text) == "out of memory: OpenBLAS blas_thread_init: pthread_create failed for thread 1 of 2: x"
    assert shortage_in("KeyboardInterrupt\n") is None


def test_a_limit_that_was_set_is_named():
    ask = "from tailwise.core.errors import describe_error; print(describe_error(MemoryError('x')))"

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (400_000 * 1024, 400_000 * 1024))

    env = {**os.environ, "PYTHONPATH": "src"}
    said = subprocess.run([sys.executable, "-c", ask], preexec_fn=limit, env=env, text=True, stdout=-1, check=True)
    assert said.stdout == "out of memory (ulimit -v is 400000): x\n"
