"""Progress of long work: a bar on a terminal, a plain line every few seconds elsewhere."""

import sys
import time
from typing import TextIO

from tqdm import tqdm

EVERY_S = 5.0


class Progress:
    """Counts up to `total`; a context manager. label: description; unit: plural noun of what is counted."""

    def __init__(self, label: str, total: int, unit: str, stream: TextIO | None = None):
        self.label, self.total, self.unit = label, total, unit
        self.stream = stream or sys.stderr
        self.done, self.started = 0, time.monotonic()
        self._said = self.started
        bar = self.stream.isatty()
        self._bar = tqdm(total=total, desc=label, unit=f" {unit}", file=self.stream, leave=False) if bar else None

    def __enter__(self) -> "Progress":
        return self

    def __exit__(self, *error: object) -> None:
        if self._bar is not None:
            self._bar.close()

    def advance(self, by: int = 1) -> None:
        self.done += by
        if self._bar is not None:
            self._bar.update(by)
        elif time.monotonic() - self._said >= EVERY_S:
            self._said = time.monotonic()
            print(self.line(self._said - self.started), file=self.stream, flush=True)

    def line(self, seconds: float) -> str:
        """Progress as one line, after this many seconds."""
        rate = self.done / seconds
        left = (self.total - self.done) / rate if rate else float("inf")
        return f"{self.label}: {self.done} of {self.total} {self.unit}, {rate:.1f} {self.unit}/s, {left:.0f} s left"
