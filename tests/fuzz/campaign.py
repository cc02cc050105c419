"""Run the stage `decode_clips` on corrupted clips among intact ones."""

import hashlib
import os
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import yaml
from mutate import mutant

from support.video.filming import turn, write_clip
from tailwise.core.files import read_csv, read_json, write_csv, write_json
from tailwise.core.params.config import read_params
from tailwise.core.stage.run_log import last_runs

ROOT = Path(__file__).parents[2]
WINDOW = {"centre": 4, "stride": 2, "frames": 3, "margin": 0, "height": 40, "width": 64}
CRASHED, HANGS = "decoder crashed", "decoder hangs"

QUIET = {"x265-params": "log-level=none"}
FILMED = {
    "plain.mp4": {"sound": True},
    "key_frames.mp4": {"coder": {"g": "2"}},
    "fragments.mp4": {"muxer": {"movflags": "frag_keyframe+empty_moov"}, "coder": {"g": "4"}},
    "tables_first.mp4": {"muxer": {"movflags": "faststart"}},
    "edited.mp4": {"times": list(range(50, 62))},
    "ten_bits.mp4": {"pixels": "yuv420p10le"},
    "hevc.mp4": {"codec": "libx265", "coder": QUIET},
    "vp9.webm": {"codec": "libvpx-vp9", "coder": {}},
    "h264.mkv": {"sound": True},
    "h264.ts": {},
    "mpeg4.avi": {"codec": "mpeg4", "coder": {}},
    "mpeg2.mpg": {"codec": "mpeg2video", "coder": {}},
    "mjpeg.mov": {"codec": "mjpeg", "pixels": "yuvj420p", "coder": {}},
    "ffv1.mkv": {"codec": "ffv1", "coder": {}},
}
"""Good clips: {name: how write_clip films it}"""


@dataclass(frozen=True)
class Outcome:
    """What became of the clips.

    decoded: mutants that gave frames; refused: {mutant: reason}
    lost: good clips that are gone, or have other frames than without mutants beside them
    unaccounted: mutants that are neither in the manifest nor in quality.json with a reason, or in both
    unsteady: mutants that came out otherwise in a second run
    status, said: of the stage, its exit and stderr; seconds, mb: of the stage and the largest of its processes
    """

    decoded: tuple[str, ...]
    refused: dict[str, str]
    lost: tuple[str, ...]
    unaccounted: tuple[str, ...]
    unsteady: tuple[str, ...]
    status: int
    said: str
    seconds: float
    mb: float

    def by_kind(self) -> list[tuple[str, Counter]]:
        """(kind of mutation, {decoded, or the reason's kind: clips}), in alphabetical order."""
        kinds: dict[str, Counter] = {}
        outcomes = dict.fromkeys(self.decoded, "decoded") | {
            name: reason.partition(":")[0] for name, reason in self.refused.items()
        }
        for name, outcome in outcomes.items():
            kinds.setdefault(name.partition("/")[0], Counter())[outcome] += 1
        return sorted(kinds.items())

    def count(self, outcome: str) -> int:
        return sum(outcomes[outcome] for _, outcomes in self.by_kind())


def film(folder: Path) -> dict[str, bytes]:
    """The good clips: {name: content}."""
    usual = {"frames": 12, "width": 64, "height": 40}
    files = {name: write_clip(folder / name, seed, **usual, **how) for seed, (name, how) in enumerate(FILMED.items())}
    files["turned.mp4"] = turn(write_clip(folder / "turned.mp4", len(files), **usual))
    return {name: path.read_bytes() for name, path in files.items()}


def run(folder: Path, clips: int, seed: int = 0, timeout: float = 10) -> Outcome:
    """Decode `clips` mutants beside the good clips, twice, and the good ones alone, in `folder`."""
    good = film(folder / "filmed")
    mutants = dict(mutant(number, good, seed) for number in range(clips))
    decode(folder / "alone", good, timeout)
    done, again = (decode(folder / name, {**good, **mutants}, timeout) for name in ("mixed", "again"))
    if done.returncode or again.returncode:
        said, status = done.stderr + again.stderr, done.returncode or again.returncode
        return Outcome((), {}, tuple(good), tuple(mutants), (), status, said, 0.0, 0.0)
    alone, first, second = (frames(folder / name) for name in ("alone", "mixed", "again"))
    faulty, later = (reasons(folder / name) for name in ("mixed", "again"))
    log = last_runs(folder / "mixed/.logs/stages.csv")[0]
    return Outcome(
        decoded=tuple(name for name in mutants if name in first),
        refused={name: reason for name, reason in faulty.items() if name in mutants},
        lost=tuple(name for name in good if not same(alone[name], first.get(name))),
        unaccounted=tuple(name for name in mutants if (name in first) == bool(faulty.get(name))),
        unsteady=tuple(
            name
            for name in mutants
            if faulty.get(name) != later.get(name) or not same(first.get(name), second.get(name))
        ),
        status=done.returncode,
        said=done.stderr + again.stderr,
        seconds=log.seconds,
        mb=log.mb or 0.0,
    )


def same(one: np.ndarray | None, other: np.ndarray | None) -> bool:
    """The same frames, or none."""
    return one is other is None or np.array_equal(one, other)


def decode(folder: Path, clips: dict[str, bytes], timeout: float) -> subprocess.CompletedProcess:
    """The stage in a folder of its own, with these clips as the training split; those of the others are good."""
    params = {
        "data": {"root": "raw"},
        "window": WINDOW,
        "decode": {"timeout": timeout, "max_faulty": 1.0},
        "runtime": {**read_params(ROOT / "params.yaml")["runtime"], "decoders": 2},
    }
    for name, content in clips.items():
        (folder / "raw" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "raw" / name).write_bytes(content)
    (folder / "params.yaml").write_text(yaml.safe_dump(params), encoding="utf8")
    for split in ("train", "valid", "test"):
        rows = [row(name, content) for name, content in clips.items() if split == "train" or name == "plain.mp4"]
        write_csv(folder / f"data/index/{split}.csv", rows[0], (each.values() for each in rows))
    write_json(folder / "data/index/heads.json", {"action": ["Dive", "Holding"]})
    command = [sys.executable, "-m", "tailwise.core.stage", str(ROOT / "stages/decode_clips.py"), "data/clips"]
    env = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    return subprocess.run(command, cwd=folder, env=env, text=True, capture_output=True)


def row(name: str, content: bytes) -> dict[str, str]:
    """Of the index table; each clip is a sample."""
    digest = hashlib.sha256(content).hexdigest()
    return {"sample": name, "view": "0", "group": name, "path": name, "content": digest, "action": "Dive"}


def frames(folder: Path) -> dict[str, np.ndarray]:
    """{clip: its frames} of the training split's clip store."""
    store, shards = folder / "data/clips/train", {}
    rows = read_csv(store / "manifest.csv")
    for each in rows:
        shards.setdefault(each["shard"], np.load(store / f"{each['shard']}.npy", mmap_mode="r"))
    return {each["path"]: shards[each["shard"]][int(each["row"])] for each in rows}


def reasons(folder: Path) -> dict[str, str]:
    return read_json(folder / "reports/quality.json")["train"]["faulty"]
