"""The folder in which finished shards stay between runs, and what finishes the others.

A shard's key is a hash of everything that determines its bytes, code included. So unchanged shards come from the cache,
and the result does not depend on earlier runs.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Protocol, TypeVar

from tailwise.core.files import is_alive, remove_parts


class Keyed(Protocol):
    """Samples that are stored together. key: of the shard, see above"""

    def key(self) -> str: ...


Shard = TypeVar("Shard", bound=Keyed)
Finished = tuple[str, dict]
"""The key and the facts of a shard. facts: {"rows": {sample: row}, ...}"""


def hash_of(files: Iterable[Path]) -> str:
    """SHA-256 in hex of the contents of files, in order."""
    return hashlib.sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()


def cached_facts(shard: Keyed, cache: Path) -> dict | None:
    """The facts of a shard if the cache has it complete, else None."""
    key = shard.key()
    if not (file := cache / f"{key}.json").exists():
        return None
    facts = json.loads(file.read_text(encoding="utf8"))
    return facts if not facts["rows"] or (cache / f"{key}.npy").exists() else None


def finish(
    shards: Sequence[Shard], cache: Path, run: Callable[[list[Shard]], Iterable[tuple[int, Finished]]]
) -> tuple[list[Finished], int]:
    """The result of each shard, in order, and the number of shards that were not in the cache.

    run: makes these, in any order; yields the place and the result of each
    """
    done = {place: (shard.key(), facts) for place, shard in enumerate(shards) if (facts := cached_facts(shard, cache))}
    places = [place for place in range(len(shards)) if place not in done]
    for nth, result in run([shards[place] for place in places]):
        done[places[nth]] = result
    return [done[place] for place in range(len(shards))], len(places)


def clear_parts(cache: Path) -> None:
    """Remove partial files of dead processes."""
    remove_parts(cache, alive=is_alive)


def link_or_copy(source: Path, target: Path) -> None:
    """Hard-link a file; copy it where the file system has no hard links."""
    target.unlink(missing_ok=True)
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
