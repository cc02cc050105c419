"""Clips that a window would lose are reported by class, before decoding."""

import os
import signal
from functools import partial

import pandas as pd
import pytest

from support.tables import table
from support.video.filming import write_clip
from tailwise.core.system.guarded import map_guarded
from tailwise.data.raw import RawFile
from tailwise.data.video.decode.container import ClipError
from tailwise.data.video.decode.frames import decode_clip
from tailwise.data.video.decode.probe import examine
from tailwise.data.video.decode.window import Window
from tailwise.data.video.store import forecast as module
from tailwise.data.video.store.forecast import Length, forecast, lengths, skewed

WINDOW = Window(centre=8, stride=3, frames=4, margin=0, height=8, width=8)
SECONDS = Window(0.32, 0.12, 4, 0, 8, 8, "seconds")
pytestmark = pytest.mark.usefixtures("inline")


def rows(*classes: str) -> pd.DataFrame:
    return table([{"sample": str(i), "path": f"{i}.mp4", "action": name} for i, name in enumerate(classes)])


def test_lengths_are_those_of_the_files(tmp_path):
    write_clip(tmp_path / "0.mp4", frames=9)
    write_clip(tmp_path / "1.mp4", frames=16)
    (tmp_path / "2.mp4").write_bytes(bytes(600))
    found = lengths(tmp_path, ["0.mp4", "1.mp4", "2.mp4"], WINDOW, 1, 30)
    assert found == {"0.mp4": Length(9, 25.0, 12), "1.mp4": Length(16, 25.0, 12)}


@pytest.mark.parametrize("window", [WINDOW, SECONDS, Window(0.9, 0.1, 4, 0, 8, 8, "seconds")])
def test_the_forecast_of_lost_clips_agrees_with_decoding(tmp_path, window):
    """Rates that are constant, half as high, and variable: few frames first, then many."""
    for name, times in {
        "even.mp4": None,
        "slow.mp4": [2 * place for place in range(16)],
        "late.mp4": [*range(0, 24, 3), *range(24, 32)],
        "early.mp4": [*range(8), *range(8, 32, 3)],
    }.items():
        write_clip(tmp_path / name, frames=16, times=times)
    found = lengths(tmp_path, sorted(path.name for path in tmp_path.iterdir()), window, 1, 30)
    for name, length in found.items():
        try:
            decode_clip(RawFile(tmp_path, name), window)
        except ClipError as reason:
            assert str(reason).startswith(f"shorter than the window: {length.frames} frames, {length.needed} needed")
        else:
            assert length.needed <= length.frames


def crashing(clip, *arguments):
    """`examine`, in a process that one clip takes along."""
    if clip.path == "1.mp4":
        os.kill(os.getpid(), signal.SIGSEGV)
    return examine(clip)


def lengths_with_a_crash(clips, say, window):
    """At module level, so that a worker can import it."""
    module.examine = crashing
    return module._lengths(clips, say, window)


def test_a_clip_that_crashes_its_process_loses_only_itself(tmp_path, real_processes):
    for number in range(3):
        write_clip(tmp_path / f"{number}.mp4")
    whole, names = Length(16, 25.0, 12), [f"{number}.mp4" for number in range(3)]
    work = partial(lengths_with_a_crash, window=WINDOW)
    ((_, found),) = map_guarded(work, [module._Clips(tmp_path, tuple(names))], 1, 30, module._Clips.without)
    assert found == {"0.mp4": whole, "2.mp4": whole}


def test_lost_clips_are_reported_by_class():
    found = {f"{i}.mp4": Length(20 if i > 2 else 5, 25.0, 12) for i in range(12)}
    index = rows(*["Dive"] * 3, "Dive", *["Holding"] * 8)
    assert list(forecast(index, ["action"], found, WINDOW, "refuse")) == [
        "3 of 12 clips end before the window and are lost (decode.short: pad would keep them)",
        "  action: Dive 3 of 4",
        "WARNING: action Dive loses 75% of its clips, all together 25%",
    ]
    assert list(forecast(index, ["action"], found, WINDOW, "pad")) == [
        "3 of 12 clips end before the window and are padded with their last frame",
        "  action: Dive 3 of 4",
    ]


def test_nothing_is_said_where_nothing_is_lost():
    assert not list(forecast(rows("a", "b"), ["action"], {"0.mp4": Length(20, 25.0, 12)}, WINDOW, "refuse"))


def test_different_rates_are_reported_where_the_window_is_in_frames():
    found = {"0.mp4": Length(90, 25.0, 12), "1.mp4": Length(90, 25.0, 12), "2.mp4": Length(90, 50.0, 12)}
    index = rows("a", "a", "b")
    (line,) = forecast(index, ["action"], found, WINDOW, "refuse")
    assert line.startswith("WARNING: clips of different rates, 25 (2), 50 (1) frames/s")
    assert not list(forecast(index, ["action"], found, SECONDS, "refuse"))


@pytest.mark.parametrize(("lost", "reported"), [((0,), 0), ((0, 1), 1), ((0, 1, 3, 4, 5), 0)])
def test_a_class_is_reported_only_if_it_loses_much_more_than_all(lost, reported):
    lost = {f"{number}.mp4" for number in lost}
    assert len(list(skewed(rows("a", "a", *["b"] * 6), ["action"], lost))) == reported
