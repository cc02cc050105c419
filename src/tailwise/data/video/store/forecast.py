"""Count the clips that end before the window, by class, from packet tables, before any frame is decoded.

Such clips are dropped like faulty ones. If one class loses more of them than others, the class distribution in training
differs from the one in the index.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tailwise.core.system.guarded import map_guarded
from tailwise.data.raw import RawFile
from tailwise.data.video.decode.container import ClipError
from tailwise.data.video.decode.frames import places_in
from tailwise.data.video.decode.probe import examine
from tailwise.data.video.decode.window import Short, Window

if TYPE_CHECKING:  # worker processes import this module and do not need pandas
    import pandas as pd

TOGETHER = 64
"""Clips per unit of work."""
FACTOR, LEAST = 2.0, 2
"""Warn about a class that loses at least LEAST clips and more than FACTOR times the overall share."""


class Length(NamedTuple):
    """frames: number in the clip; rate: frames per second; needed: frames up to the end of the window"""

    frames: int
    rate: float
    needed: int


@dataclass(frozen=True)
class _Clips:
    """Paths relative to root. lost: those that crashed a worker process"""

    root: Path
    paths: tuple[str, ...]
    lost: frozenset[str] = field(default_factory=frozenset)

    def without(self, path: str, reason: str) -> "_Clips":
        return replace(self, lost=self.lost | {path})


def lengths(root: Path, paths: Sequence[str], window: Window, workers: int, timeout_s: float) -> dict[str, Length]:
    """{path: length} of the clips that can be opened. Uses worker processes, because a clip may crash the process."""
    chunks = [_Clips(root, tuple(paths[i : i + TOGETHER])) for i in range(0, len(paths), TOGETHER)]
    found = {}
    for _, part in map_guarded(partial(_lengths, window=window), chunks, workers, timeout_s, _Clips.without):
        found.update(part)
    return found


def _lengths(clips: _Clips, report: Callable[[str], None], window: Window) -> dict[str, Length]:
    found = {}
    for path in clips.paths:
        if path in clips.lost:
            continue
        report(path)
        try:
            facts, stamps = examine(RawFile(clips.root, path))
            needed = places_in(window, facts, stamps)[-1] + 1
        except ClipError:
            continue  # the decoding stage reports the reason
        found[path] = Length(facts.frames, facts.rate, needed)
    return found


def forecast(
    rows: "pd.DataFrame", heads: Sequence[str], found: Mapping[str, Length], window: Window, short: Short
) -> Iterator[str]:
    """Lines about the clips of a split that the window would drop or pad. rows: the split's index"""
    ended = {path for path, length in found.items() if length.frames < length.needed}
    paths = set(rows["path"])
    if count := len(ended & paths):
        fate = "are padded with their last frame" if short == "pad" else "are lost (decode.short: pad would keep them)"
        yield f"{count} of {len(paths)} clips end before the window and {fate}"
        yield from by_class(rows, heads, ended)
        if short == "refuse":
            yield from skewed(rows, heads, ended)
    yield from mixed(found, paths, window)


def by_class(rows: "pd.DataFrame", heads: Sequence[str], lost: set[str]) -> Iterator[str]:
    """Lines with the number of lost clips per class."""
    for head in heads:
        counts, of_lost = _counts(rows, head), _counts(rows.loc[rows["path"].isin(list(lost))], head)
        named = [f"{name or 'no label'} {n} of {counts[name]}" for name, n in of_lost.items()]
        yield f"  {head}: {', '.join(named)}"


def skewed(rows: "pd.DataFrame", heads: Sequence[str], lost: set[str]) -> Iterator[str]:
    """A warning for each class that loses a much larger share of its clips than the average."""
    paths = set(rows["path"])
    share = len(lost & paths) / len(paths)
    for head in heads:
        counts, of_lost = _counts(rows, head), _counts(rows.loc[rows["path"].isin(list(lost))], head)
        for name, count in of_lost.items():
            if name and count >= LEAST and count / counts[name] > FACTOR * share:
                yield f"WARNING: {head} {name} loses {count / counts[name]:.0%} of its clips, all together {share:.0%}"


def mixed(found: Mapping[str, Length], paths: set[str], window: Window) -> Iterator[str]:
    """A warning if a window in frames covers different time spans, because frame rates differ."""
    rates = Counter(round(length.rate) for path, length in found.items() if path in paths)
    if window.unit == "frames" and len(rates) > 1:
        named = ", ".join(f"{rate} ({count})" for rate, count in rates.most_common(5))
        yield (
            f"WARNING: clips of different rates, {named} frames/s: a window in frames is another stretch of time in"
            " each; window.unit: seconds is the same in all"
        )


def _counts(rows: "pd.DataFrame", head: str) -> "pd.Series":
    """Number of distinct clips per class, sorted by class name."""
    return rows.drop_duplicates("path", keep="last")[head].value_counts().sort_index()
