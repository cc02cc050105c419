"""Files that are no clips, and playlists, which make FFmpeg open other files."""

import os
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

from hostile_cases import Case, Place, predict

Write = Callable[[Place], object]
CLIP = Path("clip_0.mp4")


def box(name: bytes, content: bytes = b"", size: int | None = None) -> bytes:
    return struct.pack(">I", len(content) + 8 if size is None else size) + name + content


FTYP = box(b"ftyp", b"isom\0\0\2\0isomiso2avc1mp41")


def spoiled(mark: bytes, offset: int, content: bytes) -> Write:
    """The good clip with other bytes behind the first `mark`."""

    def write(place: Place) -> None:
        whole = bytearray((place.good / "clip.mp4").read_bytes())
        start = whole.index(mark) + offset
        whole[start : start + len(content)] = content
        CLIP.write_bytes(whole)

    return write


def written(content: bytes) -> Write:
    return lambda place: CLIP.write_bytes(content)


def nested_boxes(place: Place) -> None:
    content = b""
    for _ in range(20_000):
        content = box(b"moov", size=20_000 * 8) + content
    CLIP.write_bytes(FTYP + content)


CLIPS: dict[str, Write] = {
    "empty": written(b""),
    "262 zeros": written(bytes(262)),
    "text": written(b"\x1b[31mno clip\n" * 1000),
    "noise": written(os.urandom(100_000)),
    "only a header": written(FTYP + bytes(600)),
    "boxes in boxes": nested_boxes,
    "a box of 2^63": written(FTYP + struct.pack(">I4sQ", 1, b"moov", 2**63) + bytes(600)),
    "a box of no size": written(FTYP + box(b"moov", size=0) + bytes(600)),
    "a table of 2^32 samples": spoiled(b"stsz", 12, b"\xff" * 4),
    "a table of 2^32 times": spoiled(b"stts", 8, b"\xff" * 4),
    "no time scale": spoiled(b"mdhd", 16, bytes(4)),
    "another codec": spoiled(b"stsd", 16, b"zzzz"),
    "a picture": written(
        b"\x89PNG\r\n\x1a\n" + box(b"IHDR", struct.pack(">IIBBBBB", 65535, 65535, 8, 2, 0, 0, 0)) + bytes(600)
    ),
    "a zip": lambda place: CLIP.write_bytes((place.good / "Valid.zip").read_bytes()),
    "weights": lambda place: CLIP.write_bytes((place.good / "w.safetensors").read_bytes()),
    "a pipe": lambda place: os.mkfifo(CLIP),
    "a folder": lambda place: CLIP.mkdir(),
    "a link to /dev/zero": lambda place: CLIP.symlink_to("/dev/zero"),
    "a link to /dev/random": lambda place: CLIP.symlink_to("/dev/random"),
    "a link to itself": lambda place: CLIP.symlink_to(CLIP),
    "a link to nothing": lambda place: CLIP.symlink_to("nothing"),
    "three GiB of nothing": lambda place: (CLIP.touch(), os.truncate(CLIP, 3 * 2**30)),
    "three GiB behind a header": lambda place: (CLIP.write_bytes(FTYP), os.truncate(CLIP, 3 * 2**30)),
}

NAMES = {
    "a protocol": "concat:OUTSIDE/secret.mp4|OUTSIDE/secret.mp4",
    "a part of a file": "subfile,,start,0,end,0,,:OUTSIDE/secret.mp4",
    "an address": "http://127.0.0.1:PORT/clip.mp4",
    "another address": "tcp://127.0.0.1:PORT",
    "a pipe of the process": "pipe:0",
    "standard input": "-",
    "a file's address": "file:OUTSIDE/secret.mp4",
    "data": "data:video/mp4;base64,AAAA",
    "a cache": "cache:OUTSIDE/secret.mp4",
    "an encrypted file": "crypto:OUTSIDE/secret.mp4",
    "a device": "/dev/zero",
    "a device of video": "lavfi:testsrc",
    "5000 letters": "x" * 5000,
    "what a terminal obeys": "\x1b[31mred\x1b[0m\x07.mp4",
}


def clips() -> list[Case]:
    def given(write: Write) -> Write:
        return lambda place: (write(place), arguments(place, str(CLIP)))[1]

    def named(name: str) -> Write:
        return lambda place: arguments(place, filled(name, place))

    cases = [Case(f"clip: {name}", given(write), predict) for name, write in CLIPS.items()]
    return cases + [Case(f"clip named as {what}", named(name), predict) for what, name in NAMES.items()]


def arguments(place: Place, *clips: str) -> list[str]:
    return [*clips, "--weights", str(place.good / "w.safetensors")]


def filled(text: str, place: Place) -> str:
    return text.replace("OUTSIDE", str(place.outside)).replace("PORT", str(place.port))


M3U8 = "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:10\n{}#EXTINF:1.0,\n{}\n#EXT-X-ENDLIST\n"
DASH = """<?xml version="1.0"?>
<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT1S"
profiles="urn:mpeg:dash:profile:isoff-on-demand:2011">
<Period><AdaptationSet mimeType="video/mp4"><Representation id="1" bandwidth="1" codecs="avc1"><BaseURL>{}</BaseURL>
<SegmentBase/></Representation></AdaptationSet></Period></MPD>
"""
SDP = "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video {} RTP/AVP 96\na=rtpmap:96 H264/90000\n"
IMF = """<?xml version="1.0"?>
<AssetMap xmlns="http://www.smpte-ra.org/schemas/429-9/2007/AM"><AssetList><Asset><Id>urn:uuid:1</Id>
<ChunkList><Chunk><Path>{}</Path></Chunk></ChunkList></Asset></AssetList></AssetMap>
"""
FILES = {
    "the same folder": "in/secret.mp4",
    "an absolute path": "OUTSIDE/secret.mp4",
    "an address": "http://127.0.0.1:PORT/clip.mp4",
}
"""What a playlist names; `in` is a link to a folder outside."""
NAMES_OF_LISTS = {"ffconcat": "list.ffconcat", "m3u8": "list.m3u8", "m3u8 of lists": "list.m3u8", "DASH": "list.mpd"}
"""FFmpeg takes some lists by their own names alone."""
LISTS = {
    "ffconcat": "ffconcat version 1.0\nfile '{}'\n",
    "ffconcat with a duration": "ffconcat version 1.0\nfile {}\nduration 1\ninpoint 0\n",
    "m3u8": M3U8.format("", "{}"),
    "m3u8 with a map": M3U8.format('#EXT-X-MAP:URI="{}"\n', "in/secret.mp4"),
    "m3u8 of lists": "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n{}\n",
    "DASH": DASH,
}
OTHERS = {
    "m3u8 with a key": M3U8.format('#EXT-X-KEY:METHOD=AES-128,URI="{}"\n', "in/secret.mp4"),
    "m3u8 with parts": M3U8.format("#EXT-X-BYTERANGE:100@0\n", "{}"),
    "m3u": "#EXTM3U\n{}\n",
    "pls": "[playlist]\nFile1={}\nNumberOfEntries=1\n",
    "asx": '<asx version="3.0"><entry><ref href="{}"/></entry></asx>\n',
    "xspf": '<playlist version="1"><trackList><track><location>{}</location></track></trackList></playlist>\n',
    "smil": '<smil><body><video src="{}"/></body></smil>\n',
    "IMF": IMF,
    "AviSynth": 'DirectShowSource("{}")\n',
    "VobSub": "# VobSub index file, v7\nid: en, index: 0\ntimestamp: 00:00:00:000, filepos: 0\nfile: {}\n",
    "QuickTime text": 'rtsptextrtsp://{}\n<embed src="{}">\n',
    "a reference of Real": "rtsp://{}\n",
    "a reference of Windows": "[Reference]\nRef1={}?MSWMExt=.asf\n",
    "metadata": ";FFMETADATA1\ntitle={}\n",
}


def listing(text: str, file: str, name: Path = CLIP) -> Write:
    def write(place: Place) -> None:
        Path("in").symlink_to(place.outside / "in")
        name.write_text(filled(text.replace("{}", file), place) + "#" * 600)

    return write


def reference(place: Place) -> None:
    """A track of QuickTime whose pictures are in another file."""
    alias = str(place.secret).encode()
    whole = (place.good / "clip.mp4").read_bytes()
    old = whole[whole.index(b"dref") - 4 :][: int.from_bytes(whole[whole.index(b"dref") - 4 : whole.index(b"dref")])]
    CLIP.write_bytes(whole.replace(old, box(b"dref", bytes(7) + b"\1" + box(b"url ", bytes(4) + alias + b"\0"))))


def in_zip(text: str, file: str) -> Write:
    def write(place: Place) -> None:
        with zipfile.ZipFile("Valid.zip", "w") as target:
            target.writestr("action_0/clip_0.mp4", filled(text.replace("{}", file), place) + "#" * 600)

    return write


def playlists() -> list[Case]:
    def given(write: Write, clip: str = str(CLIP)) -> Write:
        return lambda place: (write(place), arguments(place, clip))[1]

    kinds = [(f"{kind} of {what}", listing(LISTS[kind], file)) for kind in LISTS for what, file in FILES.items()]
    kinds += [(kind, listing(text, "OUTSIDE/secret.mp4")) for kind, text in OTHERS.items()]
    kinds += [("SDP", listing(SDP, "PORT")), ("a QuickTime reference", reference)]
    cases = [Case(f"playlist: {name}", given(write), predict) for name, write in kinds]
    for kind, name in NAMES_OF_LISTS.items():
        for what, file in FILES.items():
            write = listing(LISTS[kind], file, Path(name))
            cases.append(Case(f"playlist: {name}, {kind} of {what}", given(write, name), predict))
    packed = [(kind, in_zip(text, "OUTSIDE/secret.mp4")) for kind, text in LISTS.items()]
    return cases + [Case(f"playlist in a zip: {name}", given(write, "Valid.zip"), predict) for name, write in packed]
