"""Real pictures, and long tails cut from them: scikit-learn's digits, and Fashion-MNIST from Debian's package."""

import gzip
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tailwise.core.errors import UserError

FASHION = ("T-shirt", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot")
"""Source: https://arxiv.org/abs/1708.07747, table 2"""
FOLDERS = (Path("data/fashion-mnist"), Path("/usr/share/datasets/fashion-mnist"))


@dataclass(frozen=True)
class LongTail:
    """imbalance: samples of the first class for one of the last; largest: training samples of the first class
    valid, test: samples of each class"""

    seed: int
    imbalance: float
    largest: int
    valid: int
    test: int

    def __post_init__(self):
        if self.imbalance < 1 or min(self.largest, self.valid, self.test) < 1:
            raise ValueError("imbalance, largest, valid and test must be at least 1")

    def sizes(self, classes: int) -> list[int]:
        """Training samples of each class, an exponential decline.

        Source: https://arxiv.org/abs/1901.05555, section 5
        """
        steps = max(classes - 1, 1)
        return [max(1, int(self.largest * self.imbalance ** (-i / steps))) for i in range(classes)]


@dataclass(frozen=True)
class Pictures:
    """images: (N, H, W) uint8; labels: class ids (N,); pool: which split each may go to, "train", "rest" or "any" """

    classes: tuple[str, ...]
    images: np.ndarray
    labels: np.ndarray
    pool: np.ndarray


def read_digits() -> Pictures:
    """1,797 digits of 8 x 8 pixels, values 0 to 16 made 0 to 240."""
    from sklearn.datasets import load_digits

    found = load_digits()
    images, labels = (found["images"] * 15).astype(np.uint8), found["target"].astype(np.int64)
    return Pictures(tuple(map(str, range(10))), images, labels, np.full(len(labels), "any"))


def read_fashion(folders: tuple[Path, ...] = FOLDERS) -> Pictures:
    """70,000 pieces of clothing of 28 x 28 pixels; what was meant to train is for training, the rest for the others."""
    folder = next((folder for folder in folders if (folder / "train-images-idx3-ubyte.gz").is_file()), None)
    if folder is None:
        looked = " and ".join(map(str, folders))
        raise UserError(
            f"Fashion-MNIST is in neither of {looked}: install Debian's package dataset-fashion-mnist, "
            f"or unpack its .deb (dpkg-deb -x) and put the four files into the first"
        )
    parts = [(read_idx(folder / f"{name}-images-idx3-ubyte.gz"), name) for name in ("train", "t10k")]
    labels = [read_idx(folder / f"{name}-labels-idx1-ubyte.gz") for _, name in parts]
    pool = np.repeat(["train", "rest"], [len(images) for images, _ in parts])
    images = np.concatenate([images for images, _ in parts])
    return Pictures(FASHION, images, np.concatenate(labels).astype(np.int64), pool)


def read_idx(file: Path) -> np.ndarray:
    """An array of bytes in MNIST's format. Source: http://yann.lecun.com/exdb/mnist"""
    try:
        content = gzip.decompress(file.read_bytes())
        sizes = np.frombuffer(content, ">i4", content[3], offset=4)
        return np.frombuffer(content, np.uint8, offset=4 + 4 * len(sizes)).reshape(sizes)
    except (EOFError, ValueError, IndexError, gzip.BadGzipFile) as error:
        raise UserError(f"{file}: no file of Fashion-MNIST: {error}") from error


def cut(pictures: Pictures, tail: LongTail) -> dict[str, np.ndarray]:
    """{split: indices}, drawn without replacement; classes in the order of their ids, the first the most frequent.

    Raises UserError for a class with too few pictures.
    """
    rng, found = np.random.default_rng(tail.seed), {"train": [], "valid": [], "test": []}
    for label, size in enumerate(tail.sizes(len(pictures.classes))):
        mine = rng.permutation(np.flatnonzero(pictures.labels == label))
        training, others = (mine[np.isin(pictures.pool[mine], [pool, "any"])] for pool in ("train", "rest"))
        taken = training[:size]
        others = others[~np.isin(others, training[: tail.largest])]
        if len(taken) < size or len(others) < tail.valid + tail.test:
            raise UserError(f"class {pictures.classes[label]} has too few pictures: lower largest, valid or test")
        found["train"].append(taken)
        found["valid"].append(others[: tail.valid])
        found["test"].append(others[tail.valid : tail.valid + tail.test])
    return {split: np.sort(np.concatenate(parts)) for split, parts in found.items()}
