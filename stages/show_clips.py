"""Film strips of a few training samples of every class, for the report's contact sheet."""

from pathlib import Path

import numpy as np

from tailwise.core.batch import Head
from tailwise.core.files import read_json, write_json
from tailwise.data.video.store.clips import Clips
from tailwise.data.video.strips import strip

OF_EACH = 3
"""Samples of a class."""


def main() -> None:
    heads = tuple(Head(name, tuple(classes)) for name, classes in read_json(Path("data/index/heads.json")).items())
    clips = Clips(Path("data/clips/train"), heads)
    sheet = {}
    for head in heads:
        ids = clips.labels(head.name)
        places = {name: np.flatnonzero(ids == i)[:OF_EACH].tolist() for i, name in enumerate(head.classes)}
        sheet[head.name] = {
            name: [{"sample": clips.names[i], "strip": strip(clips[i][1][0])} for i in of_class]
            for name, of_class in places.items()
        }
    write_json(Path("reports/contact.json"), sheet)


if __name__ == "__main__":
    main()
