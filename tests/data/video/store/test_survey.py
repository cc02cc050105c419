"""Statistics of raw clips: what is counted, and what is said of files at fault."""

from collections import Counter
from fractions import Fraction

import av
import numpy as np
import pytest

from tailwise.core.tables import text_table
from tailwise.data.raw import RawFile
from tailwise.data.tables.checks.contents import contents_of
from tailwise.data.video.decode.container import ClipError
from tailwise.data.video.decode.frames import decode_clip
from tailwise.data.video.decode.probe import probe
from tailwise.data.video.decode.spread import Spread
from tailwise.data.video.store.survey import BINS, histogram, lines_of, spread_of, survey


def film(path, frames=12, rate=12, size=(32, 48), codec="libvpx-vp9"):
    """A clip whose every frame differs."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=Fraction(rate), options={"g": "1", "deadline": "realtime"})
        stream.height, stream.width, stream.pix_fmt = *size, "yuv420p"
        for number in range(frames):
            picture = np.full((size[0] * 3 // 2, size[1]), 20 + 5 * number, np.uint8)
            frame = av.VideoFrame.from_ndarray(picture, format="yuv420p")
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


@pytest.fixture
def root(tmp_path):
    film(tmp_path / "a.webm")
    film(tmp_path / "b.webm", frames=24, size=(48, 32))
    (tmp_path / "c.webm").write_bytes((tmp_path / "a.webm").read_bytes())
    content = film(tmp_path / "cut.webm", frames=30).read_bytes()
    (tmp_path / "cut.webm").write_bytes(content[: len(content) // 2])
    (tmp_path / "stub.webm").write_bytes(b"x" * 100)
    return tmp_path


def rows_of(root, *names, labels="xxxyyyy"):
    contents = contents_of(root, names)
    cells = [(name, name, contents[name][0], label) for name, label in zip(names, labels)]
    return text_table(("sample", "path", "content", "action"), cells)


ALL = ("a.webm", "b.webm", "c.webm", "cut.webm", "stub.webm", "gone.webm")


def test_lengths_sizes_classes_and_faults_are_counted(root):
    found = survey(root, rows_of(root, *ALL), ["action"], 1, 60)
    assert (found["clips"], found["faulty"]) == (6, 3)
    assert found["reasons"] == {"absent": 1, "empty": 1, "truncated": 1}
    assert list(found["named"]) == ["cut.webm", "gone.webm", "stub.webm"]
    assert found["named"]["cut.webm"].startswith("truncated: the file ends after ")
    assert {name: found["frames"][name] for name in ("least", "median", "most")} == {
        "least": 12,
        "median": 12,
        "most": 24,
    }
    assert found["seconds"]["most"] == 2.0 and found["rates"] == {"12": 3}
    assert found["sizes"] == {"48x32": 2, "32x48": 1} and found["codecs"] == {"vp9 yuv420p": 3}
    assert found["classes"] == {"action": {"x": 3, "y": 3}}
    assert (found["duplicates"], found["same"]) == (1, [["a.webm", "c.webm"]])


def test_the_lines_say_it_for_people(root):
    lines = list(lines_of("train", survey(root, rows_of(root, *ALL), ["action"], 1, 60)))
    assert lines[0] == "train: 6 clips, 3 of them cannot be used"
    assert "  truncated: 1, such as cut.webm" in lines and "  12 to 24 frames, median 12" in lines
    assert lines[-1] == "  files of the same bytes: 1 groups, such as a.webm and c.webm"


def test_nothing_usable_is_no_error(root):
    found = survey(root, rows_of(root, "stub.webm"), ["action"], 1, 60)
    assert found["frames"] == {"histogram": []} and list(lines_of("train", found))


def test_a_file_that_was_cut_off_is_not_spread_over_what_is_left(root):
    assert probe(RawFile(root, "cut.webm")).cut and not probe(RawFile(root, "a.webm")).cut
    with pytest.raises(ClipError, match="truncated: the file ends after"):
        decode_clip(RawFile(root, "cut.webm"), Spread(4, 16, 16))


@pytest.mark.parametrize(("name", "codec"), [("a.mkv", "libx264"), ("b.webm", "libvpx-vp9"), ("c.mp4", "libx264")])
@pytest.mark.parametrize("frames", [1, 2, 25])
def test_whole_files_are_not_taken_for_cut_ones(tmp_path, name, codec, frames):
    with av.open(str(tmp_path / name), "w") as container:
        stream = container.add_stream(codec, rate=25)
        stream.height, stream.width, stream.pix_fmt = 32, 32, "yuv420p"
        for number in range(frames):
            frame = av.VideoFrame.from_ndarray(np.full((48, 32), 9 * number, np.uint8), format="yuv420p")
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    facts = probe(RawFile(tmp_path, name))
    assert (facts.frames, facts.cut) == (frames, False)


def test_the_median_and_bins_are_those_of_the_values():
    values = [1, 1, 2, 9]
    assert spread_of(Counter(values)) == {"least": 1, "median": 1, "most": 9} and spread_of(Counter()) == {}
    bins = histogram(Counter(values))
    assert len(bins) == BINS and sum(count for _, count in bins) == 4 and bins[0] == [1, 2] and bins[-1][1] == 1
    assert histogram(Counter([3, 3]))[0] == [3, 2]
