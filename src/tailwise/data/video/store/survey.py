"""Statistics of a split's raw clips, without decoding a frame: lengths, sizes, classes, duplicates, files at fault.

Counts alone are kept, so that memory does not grow with the number of clips but by the names of those at fault.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from tailwise.core.stage.progress import Progress
from tailwise.core.system.guarded import map_guarded
from tailwise.data.raw import RawFile
from tailwise.data.video.decode.container import ClipError
from tailwise.data.video.decode.probe import examine

if TYPE_CHECKING:  # worker processes import this module and do not need pandas
    import pandas as pd

TOGETHER = 256
"""Clips per unit of work."""
NAMED = 1000
"""Files at fault, and groups of duplicates, that are named; all are counted."""
COMMON = 20
"""Sizes, codecs and frame rates that are named; the others are counted together."""


class Seen(NamedTuple):
    """What is counted of a clip. size, codec: as text; rate: frames per second; kib: size of the file"""

    frames: int
    rate: float
    size: str
    codec: str
    kib: int


@dataclass(frozen=True)
class _Clips:
    """Paths relative to root. lost: {path: how it ended its decoder's process}"""

    root: Path
    paths: tuple[str, ...]
    lost: dict[str, str] = field(default_factory=dict)

    def without(self, path: str, reason: str) -> "_Clips":
        return replace(self, lost={**self.lost, path: f"decoder {reason}"})


Found = tuple[Counter[Seen], dict[str, str]]
"""How often a clip was seen like this, and {path: what is wrong with it}"""


def survey(root: Path, rows: "pd.DataFrame", heads: Sequence[str], workers: int, timeout_s: float) -> dict[str, Any]:
    """The statistics of a split, as JSON. rows: the split's index, with content"""
    paths = list(dict.fromkeys(rows["path"]))
    chunks = [_Clips(root, tuple(paths[i : i + TOGETHER])) for i in range(0, len(paths), TOGETHER)]
    seen: Counter[Seen] = Counter()
    faults: dict[str, str] = {}
    with Progress("survey", len(paths), "clips") as progress:
        for _, (counted, wrong) in map_guarded(look, chunks, workers, timeout_s, _Clips.without):
            seen.update(counted)
            faults.update(wrong)
            progress.advance(counted.total() + len(wrong))
    return {
        "clips": len(paths),
        "faulty": len(faults),
        "reasons": _counted(reason.partition(":")[0] for reason in faults.values()),
        "named": dict(sorted(faults.items())[:NAMED]),
        **_distributions(seen),
        "classes": {head: _counted(rows[head], most=None) for head in heads},
        **_duplicates(rows),
    }


def look(clips: _Clips, report: Callable[[str], None]) -> Found:
    """Count the clips of a unit of work; calls `report` with each before it is opened."""
    counted: Counter[Seen] = Counter()
    wrong = dict(clips.lost)
    for path in clips.paths:
        if path in clips.lost:
            continue
        report(path)
        raw = RawFile(clips.root, path)
        try:
            facts, _ = examine(raw)
            if facts.cut:
                raise ClipError(f"truncated: the file ends after {facts.frames} frames")
            if not facts.frames:
                raise ClipError("no frame")
        except ClipError as reason:
            wrong[path] = str(reason)
            continue
        size, codec = f"{facts.width}x{facts.height}", f"{facts.codec} {facts.pixels}"
        counted[Seen(facts.frames, facts.rate, size, codec, raw.size() >> 10)] += 1
    return counted, wrong


def _distributions(seen: Counter[Seen]) -> dict[str, Any]:
    """Of the clips that can be opened."""
    totals = {name: Counter[Any]() for name in Seen._fields}
    seconds: Counter[float] = Counter()
    for one, count in seen.items():
        for name, value in zip(Seen._fields, one):
            totals[name][value] += count
        if one.rate:
            seconds[round(one.frames / one.rate, 1)] += count
    return {
        "frames": spread_of(totals["frames"]) | {"histogram": histogram(totals["frames"])},
        "seconds": spread_of(seconds) | {"histogram": histogram(seconds)},
        "kib": spread_of(totals["kib"]) | {"total": sum(value * count for value, count in totals["kib"].items())},
        "rates": _most_common({f"{rate:g}": count for rate, count in totals["rate"].items()}),
        "sizes": _most_common(totals["size"]),
        "codecs": _most_common(totals["codec"]),
    }


def spread_of(counts: Counter[Any]) -> dict[str, float]:
    """Least, median (the lower one) and most of values that are counted; {} of none."""
    if not counts:
        return {}
    ordered, half = sorted(counts), (counts.total() + 1) // 2
    for value in ordered:
        half -= counts[value]
        if half <= 0:
            return {"least": ordered[0], "median": value, "most": ordered[-1]}
    raise AssertionError("counts are positive")


BINS = 20


def histogram(counts: Counter[Any]) -> list[list[float]]:
    """[lower edge, count] of BINS parts of equal width, from the least to the most; [] of nothing."""
    if not counts:
        return []
    least, most = min(counts), max(counts)
    width = (most - least) / BINS or 1.0
    bins = [0] * BINS
    for value, count in counts.items():
        bins[min(int((value - least) / width), BINS - 1)] += count
    return [[round(least + place * width, 3), count] for place, count in enumerate(bins)]


def _counted(values: Any, most: int | None = COMMON) -> dict[str, int]:
    return _most_common(Counter(values), most)


def _most_common(counts: Any, most: int | None = COMMON) -> dict[str, int]:
    """{value: count}, the most frequent first; those beyond `most` together as "others"."""
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    kept = dict(ordered[:most])
    if others := sum(count for _, count in ordered[len(kept) :]):
        kept["others"] = others
    return kept


def _duplicates(rows: "pd.DataFrame") -> dict[str, Any]:
    """Groups of paths whose files have the same bytes: how many, and the first of them."""
    once = rows.loc[rows["content"] != ""].drop_duplicates("path")
    twice = once.loc[once.duplicated("content", keep=False)]
    groups = [sorted(paths) for _, paths in twice.groupby("content", sort=False)["path"]]
    return {"duplicates": len(groups), "same": sorted(groups)[:NAMED]}


def lines_of(split: str, found: dict[str, Any]) -> Iterator[str]:
    """The statistics of a split for a terminal."""
    yield f"{split}: {found['clips']} clips, {found['faulty']} of them cannot be used"
    for reason, count in found["reasons"].items():
        named = [path for path, said in found["named"].items() if said.partition(":")[0] == reason]
        yield f"  {reason}: {count}" + (f", such as {named[0]}" if named else "")
    for name, unit in (("frames", "frames"), ("seconds", "s"), ("kib", "KiB")):
        if "least" in found[name]:
            yield "  {least:g} to {most:g} {unit}, median {median:g}".format(**found[name], unit=unit)
    for name in ("sizes", "rates", "codecs"):
        yield f"  {name}: {', '.join(f'{value} ({count})' for value, count in found[name].items())}"
    for head, counts in found["classes"].items():
        least, most = min(counts.values()), max(counts.values())
        yield f"  {head}: {len(counts)} classes of {least} to {most} clips"
    if found["duplicates"]:
        yield f"  files of the same bytes: {found['duplicates']} groups, such as {' and '.join(found['same'][0][:2])}"
