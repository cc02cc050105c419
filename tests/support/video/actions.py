"""A small data set of actions: two classes that are each other's mirror image, and a third; clips as files."""

from pathlib import Path

import av
import numpy as np

from tailwise.core.files import write_csv, write_json
from tailwise.core.heads import Head
from tailwise.data.tables.rows import SPLITS
from tailwise.data.video.augment.ranges import Augment
from tailwise.data.video.decode.spread import Spread
from tailwise.data.video.store.facts import Facts, write_facts
from tailwise.data.video.store.store import Decode
from tailwise.models.frozen.efficientnet import EfficientNetLite0
from tailwise.models.frozen.motion import OwnMotion
from tailwise.models.frozen.streams import Streams

CLASSES = ("Pushing something from left to right", "Pushing something from right to left", "Moving something up")
HEAD = Head("action", CLASSES)
WINDOW, DECODE = Spread(8, 32, 48), Decode(timeout=60, max_faulty=0.1)
STREAMS = Streams(EfficientNetLite0("efficientnet_lite0"), OwnMotion("own", "motion.safetensors", 8), every=2)
AUGMENT = Augment(mirror=0.5, shift=0.1, brightness=0.1, delay=0)
CUT = {"frames": 8, "height": 32, "width": 48}
COLUMNS = ("sample", "group", "path", "content", "action")


def film(path: Path, action: str, seed: int, frames: int = 12) -> Path:
    """A bright square that moves as the class says, on a background by the seed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    shade, start = rng.integers(20, 90), rng.integers(8, 20)
    with av.open(str(path), "w") as file:
        stream = file.add_stream("libx264", rate=25, options={"threads": "1"})
        stream.width, stream.height, stream.pix_fmt = 48, 32, "yuv420p"
        for t in range(frames):
            picture = np.full((32, 48, 3), shade, np.uint8)
            x, y = {CLASSES[0]: (2 + 3 * t, start), CLASSES[1]: (36 - 3 * t, start)}.get(action, (start, 22 - 2 * t))
            picture[max(y, 0) : y + 10, max(x, 0) : x + 10] = 240
            file.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        file.mux(stream.encode())
    return path


def write_actions(root: Path, tables: Path, each: int = 3) -> None:
    """Clips below `root`, and the index tables and heads.json of all splits in `tables`; `each` clips a class."""
    for nth, split in enumerate(SPLITS):
        rows = []
        for place, action in enumerate(CLASSES):
            for number in range(each):
                name = f"{split}{place}{number}"
                film(root / f"{name}.mp4", action, seed=100 * nth + 10 * place + number)
                rows.append([name, name, f"{name}.mp4", f"{nth}{place}{number:062}", action])
        write_csv(tables / f"{split}.csv", COLUMNS, rows)
    write_json(tables / "heads.json", {"action": list(CLASSES)})


def write_tokens(folder, clips, flipped, origins):
    """Random tokens that tell the class; those of a mirrored pass tell the mirror image's."""
    rng, steps, dims = np.random.default_rng(1), STREAMS.steps(8), STREAMS.dims
    ids = np.arange(clips) % 3
    mirrored = np.array([1, 0, 2])[ids]
    rows = [[f"c{i}", f"c{i}", f"c{i}.mp4", "", CLASSES[of], "a", i] for i, of in enumerate(ids)]
    write_csv(folder / "manifest.csv", ("sample", "group", "path", "content", "action", "shard", "row"), rows)
    for name, dim in dims.items():
        tokens = rng.normal(size=(clips, len(flipped), steps[name], dim)).astype(np.float16)
        for number, flip in enumerate(flipped):
            for i, of in enumerate(mirrored if flip else ids):
                tokens[i, number, :, of] += 8
        np.save(folder / f"a-{name}.npy", tokens)
    write_facts(folder, Facts(origins, steps, dims, flipped, "none", "data/demo", CUT))
