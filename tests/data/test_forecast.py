"""What a window would lose is told before a frame is decoded, class by class."""

import pytest

from filming import write_clip
from tailwise.data.decode.forecast import Length, forecast, lengths, skewed, too_short
from tailwise.data.decode.window import Window

WINDOW = Window(centre=8, stride=3, frames=4, margin=0, height=8, width=8)
SECONDS = Window(0.32, 0.12, 4, 0, 8, 8, "seconds")


def rows(*classes: str) -> list[dict[str, str]]:
    return [{"sample": str(i), "path": f"{i}.mp4", "action": name} for i, name in enumerate(classes)]


def test_lengths_are_those_of_the_files(tmp_path):
    write_clip(tmp_path / "0.mp4", frames=9)
    write_clip(tmp_path / "1.mp4", frames=16)
    (tmp_path / "2.mp4").write_bytes(bytes(600))
    found = lengths(tmp_path, ["0.mp4", "1.mp4", "2.mp4"], 1, 30)
    assert found == {"0.mp4": Length(9, 25.0), "1.mp4": Length(16, 25.0)}


def test_a_clip_is_too_short_by_frames_or_by_seconds():
    found = {"a": Length(11, 25.0), "b": Length(12, 25.0), "c": Length(12, 50.0), "d": Length(23, 50.0)}
    assert too_short(found, WINDOW) == {"a"}
    assert too_short(found, SECONDS) == {"a", "c"}


def test_what_is_lost_is_told_by_class():
    found = {f"{i}.mp4": Length(20 if i > 2 else 5, 25.0) for i in range(12)}
    table = rows(*["Dive"] * 3, "Dive", *["Holding"] * 8)
    assert list(forecast(table, ["action"], found, WINDOW, "refuse")) == [
        "3 of 12 clips end before the window and are lost (decode.short: pad would keep them)",
        "  action: Dive 3 of 4",
        "WARNING: action Dive loses 75% of its clips, all together 25%",
    ]
    assert list(forecast(table, ["action"], found, WINDOW, "pad")) == [
        "3 of 12 clips end before the window and are padded with their last frame",
        "  action: Dive 3 of 4",
    ]


def test_nothing_is_said_where_nothing_is_lost():
    assert not list(forecast(rows("a", "b"), ["action"], {"0.mp4": Length(20, 25.0)}, WINDOW, "refuse"))


def test_different_rates_are_told_where_the_window_is_in_frames():
    found = {"0.mp4": Length(90, 25.0), "1.mp4": Length(90, 25.0), "2.mp4": Length(90, 50.0)}
    table = rows("a", "a", "b")
    (line,) = forecast(table, ["action"], found, WINDOW, "refuse")
    assert line.startswith("WARNING: clips of different rates, 25 (2), 50 (1) frames/s")
    assert not list(forecast(table, ["action"], found, SECONDS, "refuse"))


@pytest.mark.parametrize(("lost", "told"), [((0,), 0), ((0, 1), 1), ((0, 1, 3, 4, 5), 0)])
def test_a_class_is_told_of_only_if_it_loses_much_more_than_all(lost, told):
    lost = {f"{number}.mp4" for number in lost}
    assert len(list(skewed(rows("a", "a", *["b"] * 6), ["action"], lost))) == told
