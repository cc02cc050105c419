"""How often the test split has been read, and for which params: lines of the stage's untracked event log."""

import json
from contextlib import suppress
from pathlib import Path

from tailwise.core.stage.events import Events

EVENT = "test split read"


def log_reading(log: Path, params: str) -> str:
    """Log one more reading and tell how many there were. log: an event log; params: hash of the parameters"""
    known = [*readings(log), params]
    text = sentence(len(known), len(set(known)))
    Events(log).log(EVENT, text, params=params)
    return text


def readings(log: Path) -> list[str]:
    """The hash of the params of each reading, oldest first; lines that are cut off are skipped."""
    found: list[str] = []
    for line in log.read_text("utf8", errors="replace").splitlines() if log.exists() else ():
        with suppress(ValueError, KeyError, TypeError):
            row = json.loads(line)
            if row["event"] == EVENT:
                found.append(str(row["params"]))
    return found


def sentence(times: int, sets: int) -> str:
    """Both counts, in a sentence."""
    count = "once" if times == 1 else f"{times} times"
    if sets == 1:
        return f"the test split was read {count} here, for these params alone"
    return (
        f"the test split was read {count} here, for {sets} sets of params: "
        "a choice made by its figures makes them too good"
    )
