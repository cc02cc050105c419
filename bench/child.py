"""Time and peak memory of a script in its own process."""

import os
import subprocess
import sys
import time


def cost(script: str, *arguments: str) -> tuple[float, float]:
    """(seconds, MB of resident memory at the peak), the interpreter and its imports included; exits if it fails."""
    started = time.perf_counter()
    process = subprocess.Popen([sys.executable, script, *arguments])
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{script} {' '.join(arguments)} failed")
    return time.perf_counter() - started, usage.ru_maxrss / 1024
