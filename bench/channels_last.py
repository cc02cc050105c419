"""Effect of channels_last on the time of a step, forward and backward, on one clip of 16 frames of 112x112."""

import torch

from measure import Table, interleave, markdown, seconds
from tailwise.models.video.backbones import ARCHITECTURES, Video
from tailwise.models.weights import NoWeights

SHAPE = (16, 112, 112)


def step(kind: str, channels_last: bool):
    """A function that runs one training step without the optimizer."""
    torch.manual_seed(0)
    backbone = Video(kind, NoWeights("none"), False, channels_last).build(SHAPE)
    clip = torch.randint(0, 256, (1, *SHAPE, 3), dtype=torch.uint8)
    return lambda: backbone(clip).square().mean().backward()


def main(repeats: int = 3) -> None:
    for kind in [name for name, architecture in ARCHITECTURES.items() if architecture.groups]:
        works = {"as PyTorch lays them out": step(kind, False), "channels last": step(kind, True)}
        table = Table(f"{kind}, {torch.get_num_threads()} threads", seconds(interleave(works, repeats)))
        print(markdown(table), flush=True)


if __name__ == "__main__":
    main()
