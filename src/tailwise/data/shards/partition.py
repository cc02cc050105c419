"""Which samples are stored together."""

import hashlib
from collections.abc import Sequence

LARGEST = 92
"""Maximum samples per shard. Larger ones are halved, so sizes range from 46 to 92: 64 on average (ln 2 * 92)."""


def partition(names: Sequence[str], depth: int = 0) -> list[list[str]]:
    """Split names by the bits of their hashes until no list is longer than LARGEST.

    Depends only on the set of names; one more name changes one shard, or splits it.
    """
    if len(names) <= LARGEST:
        return [sorted(names)] if names else []
    halves: tuple[list[str], list[str]] = ([], [])
    for name in names:
        bits = int.from_bytes(hashlib.sha256(name.encode()).digest())
        halves[bits >> (255 - depth) & 1].append(name)
    return [shard for half in halves for shard in partition(half, depth + 1)]
