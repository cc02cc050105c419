"""Something-Something-V2 at its full number of videos, made up: time and memory of the index and of the survey.

    many_clips.py make FOLDER VIDEOS      write so many small WebM files, all different, and the official JSON files
    many_clips.py index FOLDER            read and check them, as the stage `index` does
    many_clips.py survey FOLDER           statistics of the files without decoding, as the stage `survey` does
    many_clips.py peak FOLDER             all of it for a tenth of the videos and for all, each in its own process

The official data have 220,847 videos: 168,913, 24,777 and 27,157. The last line of a part is [processor seconds of
this process and its workers, peak memory of one of them in 10^6 bytes], imports included. `peak` takes about 10 minutes
on one core and 1 GB of disk space.
"""

import json
import resource
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import av
import numpy as np

SHARES = {"train": 168_913, "validation": 24_777, "test": 27_157}
ALL = sum(SHARES.values())
CLASSES = tuple(f"Doing thing {number} to something" for number in range(174))


@dataclass(frozen=True)
class Source:
    root: str
    leaks: Literal["refuse", "warn"] = "refuse"

    @property
    def reader(self):
        from tailwise.recipes.actions.readers.ssv2 import Ssv2

        return Ssv2("ssv2")


def film(path: Path, frames: int) -> bytes:
    """A grey WebM file of 16x16 pixels."""
    with av.open(str(path), "w", format="webm", options={"fflags": "+bitexact"}) as container:
        stream = container.add_stream("libvpx-vp9", rate=12, options={"deadline": "realtime", "cpu-used": "8"})
        stream.width, stream.height, stream.pix_fmt = 16, 16, "yuv420p"
        for number in range(frames):
            frame = av.VideoFrame.from_ndarray(np.full((24, 16), 128, np.uint8), format="yuv420p")
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path.read_bytes()


def make(folder: Path, videos: int) -> None:
    """Files of 24 to 72 frames; each ends with an element without meaning that holds its number, so that all differ."""
    (folder / "videos").mkdir(parents=True)
    base = [film(folder / "base.webm", frames) for frames in (24, 36, 48, 72)]
    (folder / "base.webm").unlink()
    names = {name: place for place, name in enumerate(CLASSES)}
    (folder / "labels.json").write_text(json.dumps({name: str(place) for name, place in names.items()}))
    first = 1
    for split, share in SHARES.items():
        numbers = range(first, first + max(round(share * videos / ALL), 2 * len(CLASSES)))
        first = numbers.stop
        (folder / f"{split}.json").write_text(json.dumps([entry(number, split) for number in numbers], indent=1))
        for number in numbers:
            void = b"\xec\x88" + number.to_bytes(8)  # https://www.rfc-editor.org/rfc/rfc8794, 11.3.2
            (folder / "videos" / f"{number}.webm").write_bytes(base[number % len(base)] + void)


def entry(number: int, split: str) -> dict:
    if split == "test":
        return {"id": str(number)}
    name = CLASSES[number % len(CLASSES)]
    words = [f"thing {number % 997}"]
    template = name.replace("something", "[something]")
    return {"id": str(number), "label": f"{name} {words[0]}", "template": template, "placeholders": words}


def index(folder: Path) -> None:
    from tailwise.core.tables import write_table
    from tailwise.data.tables.checks.source import read_source
    from tailwise.data.tables.checks.summary import describe

    checked = read_source(Source(str(folder)))
    print("\n".join(describe(checked)))
    for split, rows in checked.index.rows.items():
        write_table(folder.with_name(f"{folder.name}-index") / f"{split}.csv", rows)


def survey(folder: Path) -> None:
    from tailwise.data.tables.manifest import read_index
    from tailwise.data.video.store import survey as module

    for split in ("train", "valid", "test"):
        rows = read_index(folder.with_name(f"{folder.name}-index") / f"{split}.csv", ["action"])
        print("\n".join(module.lines_of(split, module.survey(folder, rows, ["action"], 1, 60))))


def peak(folder: Path) -> None:
    for videos in (ALL // 10, ALL):
        own = folder / str(videos)
        for part in ("make", "index", "survey"):
            began = time.monotonic()
            command = [sys.executable, __file__, part, str(own), str(videos)]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            processor, memory = json.loads(done.stdout.splitlines()[-1])
            wall = time.monotonic() - began
            print(f"{videos} videos: {part}: {processor} s of processor, {wall:.0f} s, {memory} MB", flush=True)


def used() -> list[float]:
    """[processor seconds with those of workers, peak memory of one process in 10^6 bytes]"""
    own, workers = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    seconds = sum(one.ru_utime + one.ru_stime for one in (own, workers))
    return [round(seconds, 1), round(max(own.ru_maxrss, workers.ru_maxrss) * 1024 / 1e6)]


if __name__ == "__main__":
    part, where = sys.argv[1], Path(sys.argv[2])
    if part == "make":
        make(where, int(sys.argv[3]))
    else:
        {"index": index, "survey": survey, "peak": peak}[part](where)
    print(json.dumps(used()))
