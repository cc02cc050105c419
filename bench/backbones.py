"""Parameters, time and memory of each backbone for one clip of 16 frames of 224x400, forward and backward.

Each in a process of its own, so that memory is its own too. About 3 minutes on 2 cores: ``python3 bench/backbones.py``.
"""

import multiprocessing
import resource
import time

import torch

from tailwise.models.video.backbones import ARCHITECTURES, Video
from tailwise.models.video.tiny import Tiny
from tailwise.models.weights import NoWeights

SHAPE = (16, 224, 400)


def step(kind: str, checkpoint: bool) -> tuple[int, int, float, float]:
    """Parameters, width of the embedding, seconds of a step, and the process's peak memory in GB."""
    torch.manual_seed(0)
    settings = Tiny("tiny", 16) if kind == "tiny" else Video(kind, NoWeights("none"), checkpoint, False)
    backbone = settings.build(SHAPE)
    clip = torch.randint(0, 256, (1, *SHAPE, 3), dtype=torch.uint8)
    started = time.perf_counter()
    embedded = backbone(clip)
    embedded.square().sum().backward()
    seconds = time.perf_counter() - started
    if not all(p.grad is not None and p.grad.isfinite().all() for p in backbone.parameters()):
        raise SystemExit(f"{kind}: a gradient is missing or not finite")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    return sum(p.numel() for p in backbone.parameters()), embedded.shape[1], seconds, peak


def main() -> None:
    print(f"One clip of {'x'.join(map(str, SHAPE))}, forward and backward, {torch.get_num_threads()} threads")
    print(f"{'backbone':<24}{'parameters':>12}{'width':>7}{'seconds':>9}{'peak GB':>9}")
    cases = [("tiny", False), *((kind, False) for kind in ARCHITECTURES), ("mvit_v2_s", True)]
    for kind, checkpoint in cases:
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            count, width, seconds, peak = pool.apply(step, (kind, checkpoint))
        name = f"{kind}, checkpoint" if checkpoint else kind
        print(f"{name:<24}{count:>12,}{width:>7}{seconds:>9.1f}{peak:>9.1f}", flush=True)


if __name__ == "__main__":
    main()
