"""Malformed annotations and tables: too large, too deep, or with paths that lead elsewhere."""

import json
import os
from collections.abc import Callable
from pathlib import Path

from hostile_cases import Case, Place, predict

from support.video.bombs import MIB

ANSI = "\x1b[31mred\x1b[0m\x07\r\n\u202e"
LONG = "x" * 1_000_000

Write = Callable[[Place], object]


def foul(*clips: object, **other) -> dict:
    return {"Clips": [clip if isinstance(clip, dict) else {"Url": clip} for clip in clips], **other}


def of(actions: object) -> str:
    return json.dumps({"Set": "valid", "Actions": actions})


def deep(opening: str, closing: str, times: int = 100_000) -> str:
    return opening * times + closing * times


ANNOTATIONS: dict[str, str | bytes | Callable[[Path], object]] = {
    "empty": "",
    "no UTF-8": b'{"Actions": "\xff\xfe"}',
    "text": ANSI * 1000,
    "lists nested": deep("[", "]"),
    "objects nested": '{"a":' * 100_000 + "1" + "}" * 100_000,
    "lists nested in a foul": of({"0": "HERE"}).replace('"HERE"', deep("[", "]", 900)),
    "a number of 5000 digits": of({"0": "HERE"}).replace('"HERE"', "9" * 5000),
    "a list": "[1, 2]",
    "null": "null",
    "a list of fouls": of([foul("clip_0")]),
    "fouls as text": of(LONG),
    "no fouls": of({}),
    "a foul of a million letters": of({LONG: foul("clip_0")}),
    "a foul that a terminal obeys": of({ANSI: foul("clip_0")}),
    "a foul that leads outside": of({"../../outside": foul("clip_0")}),
    "a foul that is text": of({"0": LONG}),
    "a foul that is null": of({"0": None}),
    "a key twice": '{"Actions": {"0": {}, "0": {}}}',
    "clips as text": of({"0": {"Clips": ANSI}}),
    "clips of numbers": of({"0": {"Clips": [1, 2]}}),
    "a clip listed twice": of({"0": foul("clip_0", "clip_0")}),
    "a clip without a name": of({"0": foul({})}),
    "a clip of a number": of({"0": foul({"Url": 5})}),
    "a clip that leads outside": of({"0": foul("../../outside/in/clip_0")}),
    "a clip of an absolute path": of({"0": foul("/outside/in/clip_0")}),
    "a clip of another name": of({"0": foul("secret.mp4")}),
    "a clip of an address": of({"0": foul("http://127.0.0.1/clip")}),
    "a clip that a terminal obeys": of({"0": foul(ANSI)}),
    "a clip of a million letters": of({"0": foul(LONG)}),
    "a clip of a number of 5000 digits": of({"0": foul("clip_" + "9" * 5000)}),
    "half a character": '{"Actions": {"0": {"Clips": [{"Url": "\\ud800/clip_x"}]}}}',
    "160 MB of a text": lambda file: write_large(file, b'{"Actions": [0], "a": "', b"x", b'"}'),
    "160 MB of spaces": lambda file: write_large(file, b"[", b" ", b"]"),
    "a folder": lambda file: file.mkdir(),
}


def write_large(file: Path, before: bytes, middle: bytes, after: bytes) -> None:
    with open(file, "wb") as target:
        target.write(before)
        for _ in range(160):
            target.write(middle * MIB)
        target.write(after)


def annotations() -> list[Case]:
    def given(content: str | bytes | Callable[[Path], object]) -> Write:
        def write(place: Place) -> list[str]:
            Path("Valid/action_0").mkdir(parents=True)
            Path("Valid/action_0/clip_0.mp4").write_bytes(b"no clip" * 100)
            file = Path("Valid/annotations.json")
            if callable(content):
                content(file)
            else:
                file.write_bytes(content if isinstance(content, bytes) else content.encode("utf8", "surrogatepass"))
            return ["Valid", "--weights", str(place.good / "w.safetensors")]

        return write

    return [Case(f"annotations: {name}", given(content), predict) for name, content in ANNOTATIONS.items()]


TABLES: dict[str, str | bytes | Callable[[Path], object]] = {
    "empty": "",
    "no UTF-8": b"sample,path\n\xff,a.mp4\n",
    "text": ANSI * 1000,
    "zeros": b"sample,path\n" + bytes(10_000),
    "other columns": f"{ANSI},b\n1,2\n",
    "a column of a million letters": f"{LONG},b\n1,2\n",
    "a column twice": "sample,path,path\nx,a.mp4,b.mp4\n",
    "a cell of a million letters": f"sample,path\nx,{LONG}\n",
    "a path of a hundred thousand letters": f"sample,path\nx,{LONG[:100_000]}\n",
    "a quote without an end": 'sample,path\nx,"a.mp4\n' + "y,b.mp4\n" * 1000,
    "more cells than columns": "sample,path\nx,a.mp4,b\n",
    "a path that leads outside": "sample,path\nx,../../outside/secret.mp4\n",
    "an absolute path": "sample,path\nx,OUTSIDE/secret.mp4\n",
    "a path of Windows": "sample,path\nx,C:\\secret.mp4\n",
    "an address": "sample,path\nx,http://127.0.0.1:PORT/a.mp4\n",
    "a protocol": "sample,path\nx,concat:OUTSIDE/secret.mp4\n",
    "a path with a zero": "sample,path\nx,a\0b.mp4\n",
    "a path that a terminal obeys": f'sample,path\nx,"{ANSI}"\n',
    "a path that is a folder": "sample,path\nx,.\n",
    "a sample without a name": "sample,path\n,a.mp4\n",
    "a sample twice": f'sample,path\n"{ANSI}",a.mp4\n"{ANSI}",b.mp4\n',
    "a million lines": "sample,path\n" + "x,a.mp4\n" * 1_000_000,
    "thirty thousand lines of nothing": "sample,path\n" + "".join(f"{i},{i}.mp4\n" for i in range(30_000)),
    "a pipe": os.mkfifo,
    "a folder": lambda file: file.mkdir(),
    "a link to /dev/zero": lambda file: file.symlink_to("/dev/zero"),
    "ten GiB of nothing": lambda file: (file.touch(), os.truncate(file, 10 * 2**30)),
}


def tables() -> list[Case]:
    def given(content: str | bytes | Callable[[Path], object]) -> Write:
        def write(place: Place) -> list[str]:
            file = Path("labels.csv")
            if callable(content):
                content(file)
            elif isinstance(content, bytes):
                file.write_bytes(content)
            else:
                filled = content.replace("OUTSIDE", str(place.outside)).replace("PORT", str(place.port))
                file.write_text(filled, encoding="utf8", newline="")
            return ["--table", str(file), "--weights", str(place.good / "w.safetensors")]

        return write

    return [Case(f"table: {name}", given(content), predict) for name, content in TABLES.items()]
