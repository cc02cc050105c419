"""The window's frames are the clip's own; a clip that cannot be decoded gives a reason."""

import io

import av
import numpy as np
import pytest
from PIL import Image

from support.video.filming import picture, read_clip, turn, write_clip, write_sound
from tailwise.data.raw import RawFile
from tailwise.data.video.decode import frames as module
from tailwise.data.video.decode.container import ClipError
from tailwise.data.video.decode.excerpt import excerpt
from tailwise.data.video.decode.frames import by_decord, by_pyav, decode_clip
from tailwise.data.video.decode.probe import examine, probe
from tailwise.data.video.decode.window import Window

NATIVE = Window(centre=8, stride=3, frames=4, margin=0, height=40, width=64)


def raw(path) -> RawFile:
    return RawFile(path.parent, path.name)


def decoded(path, window=NATIVE):
    return decode_clip(raw(path), window)[0]


def from_decord(path, window=NATIVE):
    return by_decord(excerpt(raw(path), *examine(raw(path)), window.indices()), window)


def from_pyav(path, window=NATIVE):
    return by_pyav(raw(path), window, *examine(raw(path)), window.indices())


@pytest.mark.parametrize("seed", [0, 1])
def test_frames_at_native_size_are_those_of_another_decoder(tmp_path, seed):
    path = write_clip(tmp_path / "clip.mp4", seed)
    np.testing.assert_array_equal(from_decord(path), read_clip(path)[NATIVE.indices()])


def test_a_clip_from_memory_is_the_same(tmp_path, monkeypatch):
    path = write_clip(tmp_path / "clip.mp4")
    from_file = from_decord(path)
    monkeypatch.setattr(RawFile, "source", lambda self: io.BytesIO(path.read_bytes()))
    np.testing.assert_array_equal(from_decord(path), from_file)


def test_both_decoders_scale_alike(tmp_path):
    path, window = write_clip(tmp_path / "clip.mp4", width=256, height=144), Window(8, 3, 4, 0, height=64, width=112)
    one, two = from_decord(path, window), from_pyav(path, window)
    assert np.abs(one.astype(int) - two).mean() < 2


def test_a_smaller_size_is_the_whole_picture_scaled(tmp_path):
    path = write_clip(tmp_path / "clip.mp4", width=128, height=80)
    grey = decoded(path, Window(8, 3, 4, 0, height=20, width=32)).mean(axis=-1)
    whole = read_clip(path)[NATIVE.indices()].mean(axis=-1)
    blocks = whole.reshape(4, 20, 4, 32, 4).mean(axis=(2, 4))
    error = np.abs(grey - blocks).mean()
    assert error < 6
    for axis, moved in [(0, 1), (1, 1), (1, -1), (2, 1), (2, -1)]:
        assert np.abs(np.roll(grey, moved, axis) - blocks).mean() > 2 * error


AWKWARD = {
    "10 bits": ("clip.mp4", {"pixels": "yuv420p10le"}),
    "AV1": ("clip.mkv", {"codec": "libsvtav1", "coder": {"preset": "12"}}),
    "VP9": ("clip.webm", {"codec": "libvpx-vp9", "coder": {}}),
    "HEVC": ("clip.mp4", {"codec": "libx265", "coder": {"x265-params": "log-level=none:keyint=4:open-gop=1"}}),
    "MPEG-4 in AVI": ("clip.avi", {"codec": "mpeg4", "coder": {}}),
    "GIF": ("clip.gif", {"codec": "gif", "pixels": "rgb8", "coder": {}}),
    "full range": ("clip.mp4", {"pixels": "yuvj420p"}),
    "4:4:4": ("clip.mp4", {"pixels": "yuv444p"}),
    "many key frames": ("clip.mp4", {"coder": {"g": "3"}}),
    "variable rate": ("clip.mp4", {"times": [0, 1, 5, 6, 7, 20, 21, 22, 23, 40, 41, 42, 43, 44, 45, 46]}),
    "late start": ("clip.mp4", {"times": list(range(50, 66))}),
    "table in front": ("clip.mp4", {"muxer": {"movflags": "faststart"}}),
    "fragments": ("clip.mp4", {"muxer": {"movflags": "frag_keyframe+empty_moov"}}),
    "transport stream": ("clip.ts", {}),
    "with sound": ("clip.mp4", {"sound": True}),
    "AV1 named mp4": ("clip.mp4", {"codec": "libsvtav1", "coder": {"preset": "12"}}),
}


@pytest.mark.parametrize("name", AWKWARD)
def test_awkward_media_decode_right(tmp_path, name):
    file, how = AWKWARD[name]
    path = write_clip(tmp_path / file, 1, width=64, height=64, **how)
    window = Window(centre=8, stride=3, frames=4, margin=0, height=64, width=64)
    found, expected = decoded(path, window).astype(int), read_clip(path)[window.indices()]
    assert np.abs(found - expected).mean() < 1
    for frame, t in zip(found, window.indices()):
        distance = [np.abs(frame - picture(1, other, 64, 64)).mean() for other in range(16)]
        assert np.argmin(distance) == t


def test_odd_sizes_decode_right(tmp_path):
    path = write_clip(tmp_path / "clip.mp4", width=63, height=41, pixels="yuv444p")
    assert np.abs(decoded(path).astype(int) - np.stack([picture(0, t, 64, 40) for t in NATIVE.indices()])).mean() < 12


@pytest.mark.parametrize("codec", ["libx264", "libx265"])
def test_a_turned_video_is_shown_upright(tmp_path, codec):
    coder = {"x265-params": "log-level=none"} if codec == "libx265" else None
    path = turn(write_clip(tmp_path / "clip.mp4", codec=codec, coder=coder))
    window = Window(centre=8, stride=3, frames=4, margin=0, height=64, width=40)
    np.testing.assert_allclose(decoded(path, window).astype(int), read_clip(path)[window.indices()], atol=2)


def test_frames_that_an_edit_list_hides_do_not_count(tmp_path):
    """B frames before the first shown one, as a cut without encoding anew leaves them."""
    path = write_clip(tmp_path / "clip.mp4", frames=30, coder={"g": "30", "bf": "2"})
    hidden = tmp_path / "cut.mp4"
    with av.open(str(path)) as source, av.open(str(hidden), "w") as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.pts -= 6 * 512
                packet.dts -= 6 * 512
                packet.stream = stream
                target.mux(packet)
    shown = read_clip(hidden)
    assert probe(raw(hidden)).frames == len(shown) < 30
    np.testing.assert_allclose(decoded(hidden).astype(int), shown[NATIVE.indices()], atol=1)


def spoil(kind, path):
    whole = path.read_bytes()
    if kind == "absent":
        path.unlink()
    elif kind in ("0 bytes", "262 bytes", "511 bytes", "512 bytes"):
        path.write_bytes(bytes(int(kind.removesuffix(" bytes"))))
    elif kind == "truncated":
        path.write_bytes(whole[: len(whole) // 2])
    elif kind == "short":
        write_clip(path, frames=9)
    elif kind == "noise":
        path.write_bytes(np.random.default_rng(0).integers(0, 256, 5000, np.uint8).tobytes())
    elif kind == "text":
        path.write_text("this is no video\n" * 100)
    elif kind == "JPEG":
        Image.fromarray(picture(0, 0, 64, 40)).save(path, "JPEG", quality=95)
    elif kind == "PNG":
        Image.fromarray(picture(0, 0, 640, 400)).save(path, "PNG")
    elif kind == "encrypted":
        path.write_bytes(whole.replace(b"avc1", b"encv"))
    elif kind == "audio":
        with av.open(str(path), "w") as file:
            write_sound(file, 30)
    elif kind == "subtitles":
        path.write_text("".join(f"{n}\n00:00:0{n},000 --> 00:00:0{n},500\n{'word ' * 60}\n\n" for n in range(1, 6)))


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("absent", "absent"),
        ("262 bytes", "empty: 262 bytes"),
        ("0 bytes", "empty: 0 bytes"),
        ("511 bytes", "empty: 511 bytes"),
        ("512 bytes", "unreadable format"),
        ("truncated", "truncated: the file ends within its mdat box"),
        ("short", "shorter than the window: 9 frames, 12 needed"),
        ("noise", "unreadable format"),
        ("text", "unreadable format"),
        ("JPEG", "a picture, not a video"),
        ("PNG", "a picture, not a video"),
        ("encrypted", "unreadable format: a codec that FFmpeg does not know, or encrypted"),
        ("audio", "audio only"),
        ("subtitles", "unreadable format"),
    ],
)
def test_a_clip_that_cannot_be_used_says_why(tmp_path, kind, reason):
    path = write_clip(tmp_path / "clip.mp4")
    spoil(kind, path)
    with pytest.raises(ClipError, match=f"^{reason}$"):
        decoded(path)


@pytest.mark.parametrize(("centre", "usable"), [(8, True), (50, False)])
def test_a_clip_that_was_cut_off_is_used_as_far_as_it_goes(tmp_path, centre, usable):
    path = write_clip(tmp_path / "clip.mp4", frames=60, muxer={"movflags": "faststart"})
    whole = read_clip(path)
    path.write_bytes(path.read_bytes()[: int(0.6 * path.stat().st_size)])
    window = Window(centre, stride=2, frames=4, margin=0, height=40, width=64)
    assert probe(raw(path)).cut
    if usable:
        np.testing.assert_array_equal(decoded(path, window), whole[window.indices()])
    else:
        with pytest.raises(ClipError, match=r"^truncated: \d+ of 60 frames, 53 needed$"):
            decoded(path, window)


def test_what_decord_refuses_is_decoded_by_pyav(tmp_path, monkeypatch):
    def refuses(*arguments):
        raise RuntimeError

    path = write_clip(tmp_path / "clip.mp4")
    monkeypatch.setattr(module, "by_decord", refuses)
    np.testing.assert_array_equal(decoded(path), read_clip(path)[NATIVE.indices()])


def test_a_clip_just_long_enough_is_used(tmp_path):
    assert decoded(write_clip(tmp_path / "clip.mp4", frames=12)).shape == (4, 40, 64, 3)


def test_the_facts_of_a_clip(tmp_path):
    facts = probe(raw(write_clip(tmp_path / "clip.mp4", frames=50, coder={"g": "10", "sc_threshold": "0"})))
    assert (facts.codec, facts.pixels, facts.width, facts.height) == ("h264", "yuv420p", 64, 40)
    assert (facts.rate, facts.frames, facts.seconds, facts.key_frames) == (25.0, 50, 2.0, 5)


@pytest.mark.parametrize("width", [16, 24, 48, 72])
def test_widths_that_decord_cannot_scale_to_are_decoded_by_pyav(tmp_path, width):
    path = write_clip(tmp_path / "clip.mp4", width=144, height=80)
    wide, narrow = (decoded(path, Window(8, 3, 4, 0, height=40, width=w)) for w in (144, width))
    blocks = wide.reshape(4, 40, width, 144 // width, 3).mean(axis=3)
    assert narrow.shape == blocks.shape and np.corrcoef(narrow.ravel(), blocks.ravel())[0, 1] > 0.95


def test_frames_are_numbered_from_the_first_that_can_be_shown(tmp_path):
    """A clip cut at a key frame that is none to begin at: the pictures before it in time are never shown."""
    path = write_clip(tmp_path / "clip.mp4", frames=40, coder={"g": "10", "x264-params": "open-gop=1", "bf": "3"})
    cut = tmp_path / "cut.mp4"
    with av.open(str(path)) as source, av.open(str(cut), "w") as target:
        stream, begun = target.add_stream_from_template(source.streams.video[0]), False
        for packet in source.demux(video=0):
            begun = begun or (packet.is_keyframe and packet.pts > 0)
            if begun and packet.dts is not None:
                packet.stream = stream
                target.mux(packet)
    shown = read_clip(cut)
    assert len(shown) < 40
    np.testing.assert_array_equal(decoded(cut), shown[NATIVE.indices()])


@pytest.mark.parametrize("rate", [1, 2])
def test_a_window_in_seconds_is_found_by_the_times_of_frames(tmp_path, rate):
    """At twice the rate the same moments are at twice the places."""
    path = write_clip(tmp_path / "clip.mp4", frames=32, times=[place * (3 - rate) for place in range(32)])
    window = Window(0.32, 0.16, 4, 0, 40, 64, "seconds")
    wanted = [round(step * 25 / (3 - rate)) for step in window.steps()]
    np.testing.assert_array_equal(decoded(path, window), read_clip(path)[wanted])


def test_a_stride_below_a_frame_keeps_frames_twice(tmp_path):
    path, window = write_clip(tmp_path / "clip.mp4"), Window(0.2, 0.02, 4, 0, 40, 64, "seconds")
    np.testing.assert_array_equal(decoded(path, window), read_clip(path)[[4, 4, 5, 5]])


@pytest.mark.parametrize("name", ["clip.mp4", "clip.ts"])
def test_a_short_clip_is_padded_where_that_is_asked_for(tmp_path, name):
    path = write_clip(tmp_path / name, frames=7)
    with pytest.raises(ClipError, match="^shorter than the window: 7 frames, 12 needed$"):
        decoded(path)
    frames, _ = decode_clip(raw(path), NATIVE, "pad")
    np.testing.assert_allclose(frames.astype(int), read_clip(path)[[2, 5, 6, 6]], atol=2)
