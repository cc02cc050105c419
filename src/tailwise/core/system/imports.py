"""Checks that memory suffices to import a stage's libraries. Standard library only, since stage.py imports it."""

import resource
import subprocess
import sys
import threading

from tailwise.core.shortage import out_of_memory, shortage_in

IMPORT = "import runpy, sys; room = bytearray(2**24); runpy.run_path(sys.argv[1], run_name='imported')"
"""With room for what the stage's own process holds beside the libraries: where this fits, that does."""

NO_THREAD = "out of memory or processes: no thread can be started; see ulimit -a"


def import_shortage(script: str) -> str | None:
    """The error message if a script's imports exceed the memory limit (`ulimit -v`); None if they fit or none is set.

    Imports in a subprocess, since a library that runs out of memory may print its own lines and abort the process.
    """
    if resource.getrlimit(resource.RLIMIT_AS)[0] == resource.RLIM_INFINITY:
        return None
    command = [sys.executable, "-c", IMPORT, script]
    tried = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace")
    if tried.returncode == 0:
        return None
    if (text := shortage_in(tried.stderr)) is not None:
        return text
    return out_of_memory("libraries cannot be loaded") if tried.returncode < 0 else None


def threads_exhausted() -> bool:
    """Whether no thread can be started. OpenBLAS then sends SIGINT to this process, which is no Ctrl-C."""
    thread = threading.Thread(target=int)
    try:
        thread.start()
    except RuntimeError:
        return True
    thread.join()
    return False
