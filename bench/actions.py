"""The actions model at full size, DINOv3 and I3D, 16 frames of 224x224, 174 classes: actions.py [--features 10000]

Prints parameters, floating-point operations and latency of each part; seconds, processor seconds and the peak of memory
of one forward and backward pass from pixels; and how many clips a second training takes on features, and from pixels
with the streams frozen. With --features: of 2 epochs on random features of so many clips. Weights are random, no file
is needed.
"""

import argparse
import resource
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode

from tailwise.core.files import write_csv
from tailwise.core.heads import Head
from tailwise.data.video.store.facts import Facts, write_facts
from tailwise.engine.contract.phase import Phase
from tailwise.engine.contract.run import Run, Training
from tailwise.engine.train.loop import train_phase
from tailwise.models.action.fusion import CrossAttention
from tailwise.models.action.model import ActionModel, TwoStreams
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
ROUNDS = 3


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


def flops(work: Callable[[], object]) -> float:
    """Floating-point operations, a multiplication and an addition counting as two, in 10^9."""
    with FlopCounterMode(display=False) as counter:
        work()
    return counter.get_total_flops() / 1e9


def seconds(work: Callable[[], object], rounds: int) -> float:
    """Median processor time of a call, after one that does not count."""
    taken = []
    for _ in range(rounds + 1):
        used = time.process_time()
        work()
        taken.append(time.process_time() - used)
    return statistics.median(taken[1:])


def random_clips(count: int) -> torch.Tensor:
    return torch.randint(0, 255, (count, CUT["frames"], CUT["height"], CUT["width"], 3), dtype=torch.uint8)


def random_tokens(count: int) -> dict[str, torch.Tensor]:
    steps = STREAMS.steps(CUT["frames"])
    return {name: torch.randn(count, steps[name], dim) for name, dim in STREAMS.dims.items()}


@torch.no_grad()
def show_parts(model: ActionModel) -> None:
    """Parameters, operations and latency of the streams and of what is trained, of one clip."""
    clip, tokens = random_clips(1), random_tokens(1)
    parts = {
        "semantic stream": (model.streams.semantic, lambda: model.streams.tokens("semantic", clip)),
        "motion stream": (model.streams.motion, lambda: model.streams.tokens("motion", clip)),
        "trained part": (None, lambda: model(**tokens)),
        "whole model": (model, lambda: model(clips=clip)),
    }
    sizes = {name: sum(p.numel() for p in part.parameters()) for name, (part, _) in parts.items() if part}
    sizes["trained part"] = sum(p.numel() for p in model.parameters() if p.requires_grad)
    for name, (_, work) in parts.items():
        took = seconds(work, ROUNDS)
        print(
            f"{name}: {sizes[name]:,} parameters, {flops(work):.2f} GFLOPs, {took:.4f} s of processor time", flush=True
        )


def show_throughput(model: ActionModel) -> None:
    """Training steps from features and from pixels, whose streams are frozen in both."""
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], 1e-3)

    def step(count: int, **inputs: torch.Tensor) -> None:
        loss = torch.nn.functional.cross_entropy(model(**inputs)["action"], torch.zeros(count, dtype=torch.int64))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    tokens, clips = random_tokens(256), random_clips(2)
    of_features = 256 / seconds(lambda: step(256, **tokens), ROUNDS)
    of_pixels = 2 / seconds(lambda: step(2, clips=clips), ROUNDS)
    print(
        f"training: {of_features:.0f} clips a second of processor time on features, {of_pixels:.2f} from pixels: ",
        end="",
    )
    print(f"{of_features / of_pixels:.0f} times as many", flush=True)


def train_on_features(clips: int, model: ActionModel) -> None:
    """2 epochs on random features. model: whose streams the features name as theirs"""
    origins = {name: model.streams.origin(name) for name in STREAMS.dims}
    with tempfile.TemporaryDirectory() as folder:
        splits = [
            write_split(Path(folder, name), count, origins)
            for name, count in (("train", clips), ("valid", clips // 10))
        ]
        task = build(Config(STREAMS, MODEL), (HEAD,), *splits, seed=1)
        adamw, cosine = AdamW("adamw", 0.05), Cosine("cosine", 0.1, 0.0)
        phase = Phase(2, 1e-3, adamw, cosine, 1.0, 0.0, ("*", "!streams.*"), ())
        run = Run("phase1", Training(1, 256, 1, torch.get_num_threads(), "float32"), torch.device("cpu"))
        begun, used = time.perf_counter(), time.process_time()
        train_phase(task, phase, range(clips), {}, run)
        told(f"2 epochs on features of {clips:,} clips", begun, used)


def show_all_parts(model: ActionModel) -> None:
    show_parts(model.eval())
    begun, used = time.perf_counter(), time.process_time()
    model.train()(clips=random_clips(1))["action"].logsumexp(1).sum().backward()
    told("one clip of 16 frames of 224x224, forward and backward", begun, used)
    show_throughput(model)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--features", type=int, metavar="CLIPS", help="train on features of so many clips instead")
    clips = parser.parse_args().features
    torch.manual_seed(1)
    torch.set_num_threads(1)
    model = MODEL.build(STREAMS, (HEAD,), (16, 2))
    train_on_features(clips, model) if clips else show_all_parts(model)


if __name__ == "__main__":
    main()
