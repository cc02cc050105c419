"""Training on cached features with 174 classes, and a whole clip at full size: action_features.py [CLIPS]

Random features of DINOv3's and I3D's widths, 2 epochs; then one forward and backward pass from the pixels of 16 frames of
224x224. Prints seconds, processor seconds and the peak of memory.
"""

import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch

from tailwise.core.files import write_csv
from tailwise.core.heads import Head
from tailwise.data.video.store.facts import Facts, write_facts
from tailwise.engine.contract.phase import Phase
from tailwise.engine.contract.run import Run, Training
from tailwise.engine.train.loop import train_phase
from tailwise.models.action.fusion import CrossAttention
from tailwise.models.action.model import TwoStreams
from tailwise.models.frozen.dinov3 import DINOv3
from tailwise.models.frozen.i3d import I3D
from tailwise.models.frozen.streams import Streams
from tailwise.optim.adamw import AdamW
from tailwise.optim.cosine import Cosine
from tailwise.recipes.actions.task import Config, build

HEAD = Head("action", tuple(f"class {i}" for i in range(174)))
STREAMS = Streams(DINOv3("", "", "dinov3"), I3D("", "", "i3d", "mmaction2"))
MODEL = TwoStreams(CrossAttention("cross_attention", heads=8), width=512)
CUT = {"frames": 16, "height": 224, "width": 224}
A_SHARD = 64


def write_split(folder: Path, clips: int, origins: dict[str, str]) -> Path:
    rng, steps = np.random.default_rng(1), STREAMS.steps(16)
    rows = []
    for first in range(0, clips, A_SHARD):
        count = min(A_SHARD, clips - first)
        names = [f"c{first + i}" for i in range(count)]
        rows += [
            [name, name, name, "", HEAD.classes[rng.integers(174)], f"s{first}", i] for i, name in enumerate(names)
        ]
        for stream, dim in STREAMS.dims.items():
            shape = (count, 1, steps[stream], dim)
            folder.mkdir(parents=True, exist_ok=True)
            np.save(folder / f"s{first}-{stream}.npy", rng.standard_normal(shape, np.float32).astype(np.float16))
    write_csv(folder / "manifest.csv", ("sample", "group", "path", "content", "action", "shard", "row"), rows)
    write_facts(folder, Facts(origins, steps, STREAMS.dims, (False,), "none", "data", CUT))
    return folder


def told(what: str, begun: float, used: float) -> None:
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    took, cpu = time.perf_counter() - begun, time.process_time() - used
    print(f"{what}: {took:.1f} s, {cpu:.1f} s of processor time, peak memory {memory:.2f} GiB", flush=True)


def main() -> None:
    clips = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    torch.manual_seed(1)
    net = MODEL.build(STREAMS, (HEAD,), (16, 2)).streams
    origins = {name: net.origin(name) for name in STREAMS.dims}
    with tempfile.TemporaryDirectory() as folder:
        splits = (
            write_split(Path(folder, "train"), clips, origins),
            write_split(Path(folder, "valid"), clips // 10, origins),
        )
        task = build(Config(STREAMS, MODEL), (HEAD,), *splits, seed=1)
        adamw, cosine = AdamW("adamw", 0.05), Cosine("cosine", 0.1, 0.0)
        phase = Phase(2, 1e-3, adamw, cosine, 1.0, 0.0, ("*", "!streams.*"), ())
        run = Run("phase1", Training(1, 256, 1, torch.get_num_threads(), "float32"), torch.device("cpu"))
        begun, used = time.perf_counter(), time.process_time()
        train_phase(task, phase, range(clips), {}, run)
        told(f"2 epochs on features of {clips:,} clips", begun, used)
    model, begun, used = task.model.train(), time.perf_counter(), time.process_time()
    logits = model(clips=torch.randint(0, 255, (1, 16, 224, 224, 3), dtype=torch.uint8))["action"]
    logits.logsumexp(1).sum().backward()
    told("one clip of 16 frames of 224x224, forward and backward", begun, used)


if __name__ == "__main__":
    main()
