"""Time and peak memory of a script in its own process.

Run as a script, this is the process between: on Linux a process counts as its peak what its parent had before the
script was loaded, so that a large parent would hide a small child. This one is small.
"""

import json
import os
import subprocess
import sys
import time


def cost(script: str, *arguments: str) -> tuple[float, float]:
    """(seconds, MB of resident memory at the peak), the interpreter and its imports included; exits if it fails."""
    read, write = os.pipe()
    between = [sys.executable, "-S", __file__, str(write), sys.executable, script, *arguments]
    process = subprocess.Popen(between, pass_fds=[write])
    os.close(write)
    with open(read, encoding="utf8") as report:
        told = report.read()
    if process.wait() or not told:
        sys.exit(f"{' '.join([script, *arguments])} failed")
    seconds, mb = json.loads(told)
    return seconds, mb


def main(report: int, command: list[str]) -> int:
    """Run the command, write [seconds, MB] to the file descriptor, and return the command's exit code."""
    started = time.perf_counter()
    process = subprocess.Popen(command)
    _, status, usage = os.wait4(process.pid, 0)
    with open(report, "w", encoding="utf8") as file:
        json.dump([time.perf_counter() - started, usage.ru_maxrss / 1024], file)
    return os.waitstatus_to_exitcode(status)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2:]))
