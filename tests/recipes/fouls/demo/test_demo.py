"""The demo: its counts and files."""

import filecmp
import hashlib
import json
import os
import platform
import subprocess
import sys
import zipfile
from collections import Counter
from dataclasses import astuple, replace
from pathlib import Path

import decord
import numpy as np
import pytest

from support.video.demos import FULL, SMOKE, TINY
from tailwise.recipes.fouls.demo import Demo, film, make_demo
from tailwise.recipes.fouls.demo.scene.plan import (
    ACTIONS,
    FPS,
    SEVERITIES,
    SPLITS,
    apportion,
    even_labels,
    plan_challenge,
    plan_split,
)

FOUL_FIELDS = {
    "UrlLocal",
    "Offence",
    "Contact",
    "Bodypart",
    "Upper body part",
    "Action class",
    "Severity",
    "Multiple fouls",
    "Try to play",
    "Touch ball",
    "Handball",
    "Handball offence",
    "Clips",
}
CLIP_FIELDS = {"Url": str, "Camera type": str, "Timestamp": int, "Replay speed": float}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("demo") / "two_workers"
    make_demo(TINY, root, workers=2)
    for split in SPLITS:
        with zipfile.ZipFile(root / f"{split}.zip") as archive:
            archive.extractall(root / split)
    return root


def annotations(root: Path, split: str) -> dict:
    return json.loads((root / split / "annotations.json").read_text(encoding="utf-8"))


def kept(fouls: dict) -> list[dict]:
    """Fouls that survive the official label rule, written here anew as the reference; the demo spoils no dive."""
    return [
        foul
        for foul in fouls.values()
        if foul["Action class"] not in ("", "Dont know")
        and foul["Offence"] not in ("", "Between")
        and (foul["Severity"] in ("1.0", "3.0", "5.0") or foul["Offence"].lower() == "no offence")
    ]


def head_counts(demo: Demo, split: str, head: str) -> list[int]:
    counted = Counter(getattr(foul, head) for foul in plan_split(demo, split) if not foul.fault)
    return [counted[number] for number in range(len(ACTIONS if head == "action" else SEVERITIES))]


@pytest.mark.parametrize("head", ["action", "severity"])
def test_train_is_skewed_and_the_other_splits_are_even(head: str) -> None:
    train = head_counts(FULL, "Train", head)
    assert sum(train) == 700 and max(train) >= 25 * min(train)
    assert min(head_counts(SMOKE, "Train", head)) >= 2
    for split in ("Valid", "Test"):
        counts = head_counts(FULL, split, head)
        assert min(counts) >= 32 and max(counts) == min(counts)


@pytest.mark.parametrize("count", [8, 32, 100, 256])
def test_pairs_of_labels_are_spread(count: int) -> None:
    pairs = Counter(even_labels(count, np.random.default_rng(0)))
    assert sum(pairs.values()) == count
    assert len(pairs) == min(count, 32) and max(pairs.values()) - min(pairs.values()) <= 1


def test_apportion_keeps_the_sum_and_the_least() -> None:
    assert apportion(12, (90, 9, 1), 2) == [8, 2, 2]
    for total in range(16, 200):
        shares = apportion(total, (357, 1038, 103, 273, 88, 178, 336, 28), 2)
        assert sum(shares) == total and min(shares) >= 2


@pytest.mark.parametrize(
    "change, message",
    [
        ({"width": 95}, "95x64"),
        ({"contact": 24}, "contact 24"),
        ({"contact": 0}, "contact 0"),
        ({"train": 15}, "train 15"),
        ({"valid": 7}, "valid 7"),
        ({"seed": -1}, "seed -1"),
    ],
)
def test_nonsense_is_refused(change: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        replace(TINY, **change)


@pytest.mark.parametrize("split", SPLITS)
def test_annotations_have_the_official_layout(world: Path, split: str) -> None:
    content = annotations(world, split)
    fouls = content["Actions"]
    assert content["Number of actions"] == len(fouls) and list(fouls) == [str(n) for n in range(len(fouls))]
    assert len(kept(fouls)) == getattr(TINY, split.lower())
    for number, foul in fouls.items():
        assert set(foul) == FOUL_FIELDS and "\\" in foul["UrlLocal"]
        assert all(isinstance(value, str) for name, value in foul.items() if name != "Clips")
        assert 2 <= len(foul["Clips"]) <= 4 and foul["Clips"][0]["Replay speed"] == 1.0
        for place, clip in enumerate(foul["Clips"]):
            assert {name: type(value) for name, value in clip.items()} == CLIP_FIELDS
            assert clip["Url"] == f"Dataset/{split}/action_{number}/clip_{place}"


def test_faults_of_the_wild_are_there(world: Path) -> None:
    for split in SPLITS:
        fouls = annotations(world, split)["Actions"].values()
        spoilt = [foul for foul in fouls if foul["Offence"] == "Between" and foul["Action class"] != "Dive"]
        assert len(spoilt) == 1
        assert Counter(foul["Severity"] for foul in fouls)["2.0"] == 1
        assert Counter(foul["Severity"] for foul in fouls)["4.0"] == 1
        assert Counter(foul["Action class"] for foul in fouls)["Dont know"] == 1
    absent, unreadable, stubs = [], [], []
    for foul in plan_split(TINY, "Train"):
        for number in range(len(foul.views)):
            path = world / "Train" / f"action_{foul.index}" / f"clip_{number}.mp4"
            if not path.exists():
                absent.append(foul.index)
            elif path.stat().st_size == 262:
                stubs.append(foul.index)
            elif not decodes(path):
                unreadable.append(foul.index)
    assert [len(absent), len(stubs), len(unreadable)] == [1, 1, 1] and len({*absent, *stubs, *unreadable}) == 3


def decodes(path: Path) -> bool:
    try:
        return len(decord.VideoReader(str(path), num_threads=1)) == TINY.frames
    except RuntimeError:
        return False


def test_clips_decode_to_the_announced_size(world: Path) -> None:
    paths = sorted((world / "Valid").glob("*/*.mp4"))
    assert len(paths) == sum(len(foul.views) for foul in plan_split(TINY, "Valid"))
    for path in paths:
        reader = decord.VideoReader(str(path), num_threads=1)
        assert reader[:].shape == (TINY.frames, TINY.height, TINY.width, 3)
        assert reader.get_avg_fps() == FPS and path.stat().st_size < 40_000


def test_same_bytes_with_one_worker_or_two(world: Path, tmp_path: Path) -> None:
    make_demo(TINY, tmp_path, workers=1)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(f"{split}.zip" for split in SPLITS)
    for split in SPLITS:
        assert filecmp.cmp(world / f"{split}.zip", tmp_path / f"{split}.zip", shallow=False)


def test_a_challenge_adds_a_split_without_labels_and_changes_no_other_file(world: Path, tmp_path: Path) -> None:
    demo = replace(TINY, challenge=16)
    make_demo(demo, tmp_path / "more", workers=2)
    assert sorted(path.name for path in (tmp_path / "more").iterdir()) == [
        "Chall.zip",
        "Test.zip",
        "Train.zip",
        "Valid.zip",
    ]
    for split in SPLITS:
        assert filecmp.cmp(world / f"{split}.zip", tmp_path / "more" / f"{split}.zip", shallow=False)
    with zipfile.ZipFile(tmp_path / "more" / "Chall.zip") as archive:
        names = archive.namelist()
        contents = {hashlib.sha256(archive.read(name)).digest() for name in names}
    plan = plan_challenge(demo)
    assert names == sorted(f"action_{foul.index}/clip_{j}.mp4" for foul in plan for j in range(len(foul.views)))
    assert len(contents) == len(names)
    others = [path.read_bytes() for split in SPLITS for path in (world / split).glob("action_*/clip_*.mp4")]
    assert not contents & {hashlib.sha256(content).digest() for content in others}
    make_demo(demo, tmp_path / "again", workers=1)
    assert filecmp.cmp(tmp_path / "more" / "Chall.zip", tmp_path / "again" / "Chall.zip", shallow=False)


def test_the_challenge_has_the_skew_of_train_and_labels_of_its_own() -> None:
    plan = plan_challenge(replace(FULL, challenge=700))
    for head in ("action", "severity"):
        counted = Counter(getattr(foul, head) for foul in plan)
        assert [counted[number] for number in sorted(counted)] == head_counts(FULL, "Train", head)
    train = [(foul.action, foul.severity) for foul in plan_split(FULL, "Train") if not foul.fault]
    assert [(foul.action, foul.severity) for foul in plan] != train
    assert not [foul for foul in plan if foul.fault or any(view.fault for view in foul.views)]


@pytest.mark.parametrize("count", [-1, 1, 15])
def test_a_challenge_too_small_for_every_class_is_refused(count: int) -> None:
    with pytest.raises(ValueError, match="challenge must be 0, for no such split, or at least 16"):
        replace(TINY, challenge=count)


OTHER_PROCESSOR = {
    "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX2,-FMA,-AVX512F",
    "NPY_DISABLE_CPU_FEATURES": "X86_V4 X86_V3 AVX512_ICL",
    "OPENBLAS_CORETYPE": "Nehalem",
}
"""The same processor without its newer vector instructions, as libraries see it."""
PIXELS = """
import hashlib, sys, numpy
from tailwise.recipes.fouls.demo.film import film_view
from tailwise.recipes.fouls.demo.scene.plan import Demo, plan_split
demo = Demo(*map(int, sys.argv[1:]))
print(hashlib.sha256(numpy.exp(numpy.linspace(-50, 50, 100_001)).tobytes()).hexdigest())
for foul in plan_split(demo, "Train")[:20]:
    print(hashlib.sha256(film_view(demo, foul, 0).tobytes()).hexdigest())
"""


@pytest.mark.skipif(platform.machine() != "x86_64", reason="the settings are those of x86-64")
def test_another_processor_paints_the_same_pixels() -> None:
    def paint(settings: dict) -> list[str]:
        env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[4] / "src"), **settings}
        command = [sys.executable, "-W", "ignore", "-c", PIXELS, *map(str, astuple(FULL))]
        return subprocess.run(command, env=env, capture_output=True, text=True, check=True).stdout.split()

    (exp, *pixels), (other_exp, *other_pixels) = paint({}), paint(OTHER_PROCESSOR)
    assert pixels == other_pixels and len(pixels) == 20
    if exp == other_exp:
        pytest.skip("this processor has nothing that could be taken away")


@pytest.mark.parametrize("instructions", ["0", "sse2", "avx"])
def test_another_processor_encodes_the_same_bytes(instructions: str, tmp_path: Path, monkeypatch) -> None:
    clip = film.film_view(TINY, plan_split(TINY, "Train")[0], 0)
    film.encode(tmp_path / "one.mp4", clip)
    monkeypatch.setitem(film.X264, "x264-params", f"{film.X264['x264-params']}:asm={instructions}")
    film.encode(tmp_path / "two.mp4", clip)
    assert (tmp_path / "one.mp4").read_bytes() == (tmp_path / "two.mp4").read_bytes()


def test_refuses_a_folder_in_use(world: Path) -> None:
    with pytest.raises(FileExistsError):
        make_demo(TINY, world, workers=1)


def test_a_match_is_in_one_split(world: Path) -> None:
    matches = [{foul["UrlLocal"] for foul in annotations(world, split)["Actions"].values()} for split in SPLITS]
    assert not matches[0] & matches[1] and not matches[0] & matches[2] and not matches[1] & matches[2]
    sizes = Counter(foul.match for foul in plan_split(FULL, "Train")).values()
    assert min(sizes) >= 7 and max(sizes) <= 13
