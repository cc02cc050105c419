"""A part of the sections pipeline on many made-up songs, in the process that is measured.

many_songs.py (index | prepare | lyrics | epoch) FOLDER SONGS

index, prepare and epoch are of songs of vectors; lyrics computes the features of so many lyrics.

The last line that it prints is [processor seconds, peak memory in 10^6 bytes], imports included.
"""

import json
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

SETTING, PHASE = Path("pipelines/sections/params.yaml"), "phase2"
LINES, WORDS, SECTION, WIDTH = 400, 6, 20, 60
CLASSES = ("verse", "chorus")
VOCABULARY = [f"word{i}" for i in range(400)]


@dataclass(frozen=True)
class Made:
    """A reader of songs; eight tenths are for training. lyrics: random words whose choruses repeat, else vectors"""

    count: int
    lyrics: bool = False
    heads = {"section": CLASSES}
    split = None

    def songs(self, root: Path) -> Iterator:
        from tailwise.recipes.sections.readers.song import Song

        for number in range(self.count):
            split = "train" if number % 10 < 8 else ("valid", "test")[number % 10 - 8]
            rng, name, length = np.random.default_rng(number), f"{number:06}", number % SECTION + 1
            if self.lyrics:
                lines, labels = made(rng)
                yield Song(name, name, f"{name}.txt", labels, lines, split=split)
            else:
                yield Song(name, name, f"{name}.npz", alternating(length), vectors=vectors(rng, length), split=split)


def alternating(length: int) -> tuple[str, ...]:
    """Sections of this length, every other one the chorus."""
    return tuple(CLASSES[place // length % 2] for place in range(LINES))


def made(rng: np.random.Generator) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Lines and labels of a song: sections of SECTION lines, every other one the chorus."""
    words = rng.integers(0, len(VOCABULARY), (LINES, WORDS))
    for start in range(3 * SECTION, LINES, 2 * SECTION):
        words[start : start + SECTION] = words[SECTION : 2 * SECTION]
    lines = tuple(" ".join(VOCABULARY[word] for word in line) for line in words)
    return lines, alternating(SECTION)


def vectors(rng: np.random.Generator, length: int) -> np.ndarray:
    """(LINES, WIDTH) float32: noise, whose first column tells a chorus. length: of a section"""
    found = rng.standard_normal((LINES, WIDTH), np.float32)
    found[:, 0] += np.arange(LINES) // length % 2
    return found


@dataclass(frozen=True)
class Source:
    root: str
    reader: Made
    leaks = "refuse"


def index(folder: Path, source: Source) -> None:
    """As the stage `index`."""
    from tailwise.core.files import write_json
    from tailwise.core.tables import write_table
    from tailwise.recipes.sections.index import index as read_index

    data = read_index(source)
    for split, rows in data.index.rows.items():
        write_table(folder / "index" / f"{split}.csv", rows)
    write_json(folder / "index" / "heads.json", data.index.heads)


def lyrics(source: Source) -> None:
    """The features of each of the lyrics, as the stage `prepare` computes them."""
    from tailwise.recipes.sections.features.song import song_features

    for song in replace(source.reader, lyrics=True).songs(Path(source.root)):
        assert len(song_features(song)) == LINES


def prepared(folder: Path, source: Source) -> None:
    """As the stage `prepare`, without altered songs."""
    from tailwise.recipes.sections.prepare import Prepare, prepare

    assert list(prepare(Prepare(calibration=0.1), source, folder / "prepared", folder / "index"))


def epoch(folder: Path) -> None:
    """As a stage of training: one epoch with noise, and validation."""
    from bare import even_boost, phase_of, run_of, start_alone
    from tailwise.core.params.config import read_params, sections
    from tailwise.engine.contract.run import Stability
    from tailwise.engine.evaluate.inputs import read_heads
    from tailwise.engine.train.loop import train_phase
    from tailwise.recipes.sections.task import Config, build

    params = read_params(SETTING)
    training = start_alone(params)
    heads, prepared = read_heads(folder / "index" / "heads.json"), folder / "prepared"
    task = build(sections(params, Config), heads, prepared / "train", prepared / "valid", training.seed)
    phase = replace(phase_of(params, PHASE), augment=1.0)
    # made-up songs are soon fitted: a gradient that is small beside none at all would be rolled back
    run = replace(run_of(PHASE, training), stability=Stability(guards=False))
    train_phase(task, phase, range(len(task.samples)), even_boost(task, phase), run)


def main(part: str, folder: Path, songs: int) -> None:
    root = folder / "songs"
    root.mkdir(exist_ok=True)
    (root / "songs.txt").write_text("made in memory\n", encoding="utf8")  # an empty folder is refused
    source = Source(str(root), Made(songs))
    steps = {
        "index": lambda: index(folder, source),
        "prepare": lambda: prepared(folder, source),
        "lyrics": lambda: lyrics(source),
        "epoch": lambda: epoch(folder),
    }
    steps[part]()


if __name__ == "__main__":
    from tailwise.core.stage.run_log import peak_mb

    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
    print(json.dumps([round(time.process_time(), 2), round(peak_mb(), 1)]))
