"""Whether there is room for the libraries that a stage loads. Standard library only, as stage.py needs it."""

import resource
import subprocess
import sys
import threading

from tailwise.core.shortage import out_of_memory, shortage_in

IMPORT = "import runpy, sys; runpy.run_path(sys.argv[1], run_name='imported')"

NO_THREAD = "out of memory or processes: no thread can be started; see ulimit -a"


def no_room(script: str) -> str | None:
    """What to say where a script's libraries find no room below a limit of memory; None if they do, or none is set.

    It is tried in another process: a library may end the one that it finds no room in, after some lines of its own.
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


def no_thread() -> bool:
    """Whether no thread can be started: then a library, OpenBLAS, has sent this process SIGINT, and nobody else has."""
    thread = threading.Thread(target=int)
    try:
        thread.start()
    except RuntimeError:
        return True
    thread.join()
    return False
