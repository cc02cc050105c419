"""Tries something in a process of its own, which may crash, hang or print, and reads its answer."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tailwise.core.errors import to_line
from tailwise.core.system.guarded import exit_text

SOURCES = Path(__file__).parents[3]
TIMEOUT_S = 300.0
"""Importing torch from a cold, busy disk takes minutes."""


class Failure(Exception):
    """The process did not answer; the message says why in one line."""


def ask(what: str, *arguments: str, command: list[str] | None = None, timeout_s: float = TIMEOUT_S) -> dict[str, Any]:
    """The answer of `probe.py` to one question; raises Failure.

    what, arguments: the name of a function there, and its arguments; command: another program, for tests
    """
    command = command or [sys.executable, "-m", "tailwise.cli.doctor.probe"]
    try:
        done = subprocess.run(
            [*command, what, *arguments],
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(SOURCES), os.environ.get("PYTHONPATH", "")])},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout_s,
        )
    except subprocess.TimeoutExpired as error:
        raise Failure(f"no answer within {timeout_s:g} s") from error
    return answer(done)


def answer(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """The JSON of the last line; raises Failure with the last line of an error."""
    if done.returncode:
        lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
        reason = lines[-1] if lines and done.returncode > 0 else "no message"
        raise Failure(to_line(f"{exit_text(done.returncode)}: {reason}" if done.returncode < 0 else reason))
    try:
        return json.loads(done.stdout.splitlines()[-1])
    except (IndexError, ValueError) as error:
        raise Failure("it gave no answer") from error
