"""Cut a long tail from real pictures: prepare_pictures.py NAME, digits or fashion; writes data/NAME."""

import sys
from pathlib import Path

import numpy as np

from pictures.sources import LongTail, cut, read_digits, read_fashion
from pictures.store import HEAD, write_split
from tailwise.core.files import write_json
from tailwise.core.params.config import read_params, section

READERS = {"digits": read_digits, "fashion": read_fashion}


def main() -> None:
    name = sys.argv[1]
    tail = section(read_params(), f"pictures.{name}", LongTail)
    pictures, folder = READERS[name](), Path("data") / name
    counts = {}
    for split, indices in cut(pictures, tail).items():
        labels = pictures.labels[indices]
        names = [pictures.classes[label] for label in labels]
        write_split(folder / "clips" / split, pictures.images[indices], names, indices.tolist())
        sizes = np.bincount(labels, minlength=len(pictures.classes)).tolist()
        counts[split] = {HEAD: dict(zip(pictures.classes, sizes))}
        print(f"{name} {split}: {len(indices)} pictures, {max(sizes)} to {min(sizes)} a class")
    write_json(folder / "index/heads.json", {HEAD: list(pictures.classes)})
    write_json(folder / "classes.json", {split: counts[split] for split in ("train", "valid")})


if __name__ == "__main__":
    main()
