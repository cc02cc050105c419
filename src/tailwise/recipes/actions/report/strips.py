"""Film strips of clips whose features a split has. Does not import torch."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tailwise.core.files import read_csv
from tailwise.data.raw import RawFile
from tailwise.data.video.decode.container import ClipError
from tailwise.data.video.decode.frames import decode_clip
from tailwise.data.video.decode.spread import Spread
from tailwise.data.video.store.facts import Facts, read_facts
from tailwise.data.video.strips import strip


def strips(split: Path, samples: Sequence[str]) -> list[dict[str, Any]]:
    """{"sample", "strip"} of each sample of a split of features; see `strip_of`."""
    paths = {row["sample"]: row["path"] for row in read_csv(split / "manifest.csv")}
    facts = read_facts(split)
    return [{"sample": sample, "strip": strip_of(facts, paths[sample])} for sample in samples]


def strip_of(facts: Facts, path: str) -> str:
    """The frames that the streams saw; "" where the clip cannot be read any more. path: below the data root"""
    try:
        return strip(decode_clip(RawFile(Path(facts.root), path), Spread(**facts.cut))[0])
    except ClipError:
        return ""
