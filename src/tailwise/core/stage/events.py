"""Event log of a running stage: lines on the terminal, and JSON lines in an untracked file.

The log is ``.logs/events/<stage>.jsonl`` in the pipeline's folder: time, stage, event, text, facts such as phase,
epoch, step and figures, and the memory held. Standard library only, as stage.py needs it.
"""

import json
import math
import os
import re
import sys
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from tailwise.core.errors import escape, print_error
from tailwise.core.params.runtime import Verbosity
from tailwise.core.stage.folders import pipeline_folder
from tailwise.core.stage.run_log import peak_mb

LOUD = {"alert", "intervention", "computing"}
"""Events that are printed at every verbosity."""

MOST_BYTES = 10_000_000
"""A longer log is rotated at stage start; one old log is kept."""

_lost: set[Path] = set()
"""Logs that this process could not write, each reported once."""


def stage_name() -> str:
    """Name of the current stage in its dvc.yaml; without DVC, the name of its script.

    DVC puts the path to the dvc.yaml before it, which depends on the folder that DVC was started in.
    """
    return os.environ.get("DVC_STAGE", "").rpartition(":")[2] or Path(sys.argv[0]).stem


def events_path(stage: str) -> Path:
    """The log of a stage of this pipeline."""
    name = re.sub(r"[^\w.@-]", "_", stage)
    return pipeline_folder() / ".logs" / "events" / f"{name}.jsonl"


def rotate(path: Path) -> None:
    """Rename a log above MOST_BYTES to ``<name>.1``, over the one before it."""
    with suppress(OSError):
        if path.stat().st_size > MOST_BYTES:
            os.replace(path, path.with_name(f"{path.name}.1"))


class Events:
    """Logs events.

    path: the log file, or None; verbosity: see `printed`; always: facts added to every line
    """

    def __init__(self, path: Path | None = None, verbosity: Verbosity = "normal", **always: Any):
        self.path, self.always = path, always
        self.verbosity: Verbosity = verbosity

    def log(self, event: str, text: str = "", *, detail: bool = False, **facts: Any) -> None:
        """Print `text`, if not empty and the verbosity allows it, and append one line to the log.

        detail: print only when verbose
        facts: anything; numbers, texts, lists and dicts keep their form, arrays become lists
        """
        if text and printed(event, detail, self.verbosity):
            print(escape(text), flush=True)
        if self.path:
            self._append(self.path, {"event": event, "text": text, **self.always, **facts})

    @property
    def lost(self) -> bool:
        """Whether a line could not be written; this is reported on stderr."""
        return self.path in _lost

    def _append(self, path: Path, facts: dict[str, Any]) -> None:
        """Append in a single write, so that lines of several processes never interleave."""
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        line = {"time": now, "stage": stage_name(), **plain(facts), "mb": round(resident_mb(), 1)}
        text = json.dumps(line, ensure_ascii=False, allow_nan=False) + "\n"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
            try:
                os.write(file, text.encode("utf8", "backslashreplace"))
            finally:
                os.close(file)
        except OSError as error:  # a failed log must not fail the stage
            self._say_lost(path, error)

    def _say_lost(self, path: Path, error: OSError) -> None:
        if not self.lost:
            print_error(f"{stage_name()}: not logged: {path}: {error.strerror}")
        _lost.add(path)


def printed(event: str, detail: bool, verbosity: Verbosity) -> bool:
    """quiet: what is LOUD; normal: all but details; verbose: all."""
    return event in LOUD or verbosity == "verbose" or (verbosity == "normal" and not detail)


def plain(value: Any) -> Any:
    """JSON-compatible values: arrays and tensors as lists, non-finite numbers and other objects as text."""
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else str(float(value))
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in cast("dict[Any, Any]", value).items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in cast("list[Any]", value)]
    return plain(value.tolist()) if hasattr(value, "tolist") else str(value)


def resident_mb() -> float:
    """Resident memory of this process in 10^6 bytes; its peak on systems without /proc."""
    with suppress(OSError):
        pages = Path("/proc/self/statm").read_text(encoding="utf8").split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE") / 1e6
    return peak_mb()
