"""Statistics of a split's clips, and the list of faulty ones."""

from collections import Counter
from pathlib import Path
from statistics import median

import pandas as pd

from tailwise.core.errors import UserError
from tailwise.core.files import write_csv
from tailwise.data.video.store.store import Decode, Store


def quality(rows: pd.DataFrame, store: Store) -> dict:
    """Counts of a split's clips: {"clips", "faulty": {clip: reason}, "reasons", "dropped": samples, ...}."""
    clips = list(store.clips.values())
    return {
        "clips": len(rows),
        "faulty": store.faults,
        "reasons": counted(kind(reason) for reason in store.faults.values()),
        "dropped": store.dropped,
        "codecs": counted(f"{clip['codec']} {clip['pixels']}" for clip in clips),
        "sizes": counted(f"{clip['width']}x{clip['height']}" for clip in clips),
        "rates": counted(f"{clip['rate']:g}" for clip in clips),
        "seconds": spread([clip["seconds"] for clip in clips]),
        "frames": spread([clip["frames"] for clip in clips]),
        "key_frames": spread([clip["key_frames"] for clip in clips]),
        "duplicates": duplicates(rows.loc[rows["path"].isin(store.clips)]),
    }


def kind(reason: str) -> str:
    return reason.partition(":")[0]


def counted(values) -> dict[str, int]:
    """{value: count}, the most frequent first."""
    return dict(sorted(Counter(values).items(), key=lambda item: (-item[1], item[0])))


def spread(values: list[float]) -> dict[str, float]:
    return {"least": min(values), "median": median(values), "most": max(values)}


def duplicates(rows: pd.DataFrame) -> list[list[str]]:
    """Paths of clips with the same content, each as often as it is listed."""
    same = rows[rows["content"] != ""].groupby("content")["path"].agg(list)
    return sorted(sorted(paths) for paths in same if len(set(paths)) > 1)


def check_faulty(splits: dict[str, dict], how: Decode, kept: Path) -> None:
    """Raise UserError if more clips are faulty than decode.max_faulty allows. splits: {split: its quality}

    kept: file for the list of faulty clips, since a failed stage leaves no outputs; an older list is removed
    """
    kept.unlink(missing_ok=True)
    clips = sum(split["clips"] for split in splits.values())
    faults = [(name, *fault) for name, split in splits.items() for fault in split["faulty"].items()]
    if len(faults) > how.max_faulty * clips:
        write_csv(kept, ["split", "clip", "reason"], faults)
        reasons = counted(kind(reason) for *_, reason in faults)
        named = ", ".join(f"{count} {reason}" for reason, count in reasons.items())
        _, clip, reason = faults[0]
        raise UserError(
            f"{len(faults)} of {clips} clips cannot be used ({named}), such as {clip}: {reason}; all are in {kept}; "
            f"more than decode.max_faulty = {how.max_faulty:g} in params.yaml allows"
        )
