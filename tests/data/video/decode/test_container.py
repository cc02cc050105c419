"""A clip opens no other file: no playlists, no protocols in its name."""

import shutil

import pytest

from support.video.filming import write_clip
from tailwise.data.raw import RawFile
from tailwise.data.video.decode.container import ClipError, open_clip
from tailwise.data.video.decode.frames import decode_clip
from tailwise.data.video.decode.window import Window

WINDOW = Window(centre=8, stride=3, frames=4, margin=0, height=40, width=64)
PAD = "\n#" + " " * 600
LISTS = {
    "ffconcat": "ffconcat version 1.0\nfile '{other}'\n",
    "concat without a mark": "file '{other}'\nduration 1\n",
    "HLS": "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{other}\n#EXT-X-ENDLIST\n",
    "HLS of an address": "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile://{other}\n#EXT-X-ENDLIST\n",
    "DASH": '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><Period><AdaptationSet><Representation>'
    "<BaseURL>{other}</BaseURL></Representation></AdaptationSet></Period></MPD>",
    "PLS": "[playlist]\nFile1={other}\n",
    "SDP": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 9 RTP/AVP 96\n",
}


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("file", ["clip.mp4", "clip.m3u8", "clip.ffconcat"])
def test_a_list_of_other_files_is_no_clip(tmp_path, name, file):
    other = write_clip(tmp_path / "elsewhere" / "other.mp4")
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / file).write_text(LISTS[name].format(other=other) + PAD)
    with pytest.raises(ClipError, match="^(a list of other files, not a video|unreadable format)$"):
        decode_clip(RawFile(tmp_path / "root", file), WINDOW)


@pytest.mark.parametrize("name", ["12:30.mp4", "concat:a.mp4", "-i.mp4", "a|b.mp4", "pipe:0.mp4", "ä.mp4", "%03d.mp4"])
def test_a_name_is_only_a_name(tmp_path, name):
    write_clip(tmp_path / "plain.mp4")
    shutil.copy(tmp_path / "plain.mp4", tmp_path / name)
    expected, _ = decode_clip(RawFile(tmp_path, "plain.mp4"), WINDOW)
    assert (decode_clip(RawFile(tmp_path, name), WINDOW)[0] == expected).all()


def test_a_name_with_a_colon_is_one_from_the_folder_that_one_stands_in(tmp_path, monkeypatch):
    write_clip(tmp_path / "12:30.mp4")
    monkeypatch.chdir(tmp_path)
    with open_clip(RawFile(tmp_path.relative_to(tmp_path), "12:30.mp4")) as container:
        assert container.streams.video
