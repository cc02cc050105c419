"""Jobs of batch prediction that leave word of who did them, at module level so that a worker can import them."""

import os
import time
from pathlib import Path

import numpy as np
from PIL import Image

from support.exporting import write_weights
from tailwise.cli.batch.shard import predict_shard

COUNT, BROKEN = 13, (3, 11)


def write_inputs(folder: Path) -> Path:
    """`in`, a folder of COUNT small pictures of which BROKEN are none, and `w.safetensors`, an untrained model."""
    (folder / "in").mkdir()
    rng = np.random.default_rng(0)
    for nth in range(COUNT):
        Image.fromarray(rng.integers(0, 256, (32, 32, 3), np.uint8)).save(folder / f"in/p{nth:02}.png")
    for nth in BROKEN:
        (folder / f"in/p{nth:02}.png").write_bytes(b"broken")
    write_weights(folder / "w.safetensors", "logos-small")
    return folder


def shards(out: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in sorted(out.glob("shard-*.csv"))}


def slowly(shard, model):
    """A shard takes half a second more; `begun.PID` says who began it, a line of `computed` which file was written."""
    (shard.out / f"begun.{os.getpid()}").touch()
    time.sleep(0.5)
    there = shard.file.exists()
    number = predict_shard(shard, model)
    if not there:
        with open(shard.out / "computed", "a") as file:
            file.write(f"{number}\n")
    return number
