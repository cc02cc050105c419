"""Params files and presets that are too large, too deep, or ask for impossible models."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import yaml
from hostile_cases import ROOT, Case, Place, stage

ANSI = "\x1b[31mred\x1b[0m\x07\r\n\u202e"
LONG = "x" * 200_000

Content = str | bytes | Callable[[Path], object]


def bomb(levels: int, times: int, kind: str = "[]") -> str:
    """A few kB of YAML; each line has the one before so many times."""
    opening, closing = kind
    lines = [f"a0: &a0 {opening}{', '.join(f'k{i}: x' if kind == '{}' else 'x' for i in range(times))}{closing}"]
    for n in range(1, levels):
        parts = (f"k{i}: *a{n - 1}" if kind == "{}" else f"*a{n - 1}" for i in range(times))
        lines.append(f"a{n}: &a{n} {opening}{', '.join(parts)}{closing}")
    return "\n".join(lines) + "\n"


def merged(levels: int) -> str:
    lines = ["a0: &a0 {k0: x}"]
    lines += [f"a{n}: &a{n} {{!!merge <<: [{', '.join([f'*a{n - 1}'] * 9)}], k{n}: x}}" for n in range(1, levels)]
    return "\n".join(lines) + "\n"


FILES: dict[str, Content] = {
    "a bomb of 4.8 kB": bomb(60, 12),
    "a bomb of sections": bomb(30, 9, "{}"),
    "a bomb just above the limit": bomb(6, 10),
    "a bomb within a value": bomb(30, 9) + "window: *a29\n",
    "a bomb by merging": merged(30),
    "a bomb as a key": bomb(20, 9) + "? *a19\n: 1\n",
    "a list in itself": "a: &a [1, *a]\n",
    "a section in itself": "a: &a\n  b: *a\n",
    "a key that is itself": "&a ? *a\n: 1\n",
    "lists nested": "a: " + "[" * 5_000,
    "sections nested": "".join(" " * n + "a:\n" for n in range(600)),
    "one line of a MiB": "a: " + "x" * 2**20,
    "many keys": "".join(f"k{n}:\n" for n in range(10_000)),
    "many keys alike": "k:\n" * 10_000,
    "a long key twice": f"? {LONG[:100_000]}\n: 1\n? {LONG[:100_000]}\n: 2\n",
    "a key that a terminal obeys": f'"{ANSI.encode("unicode_escape").decode()}": 1\n',
    "a key that is a list": "? [1, 2]\n: 1\n",
    "a number of 5000 digits": "a: " + "9" * 5000 + "\n",
    "a number of 200000 digits": "a: 0x" + "f" * 200_000 + "\n",
    "objects of Python": f"a: !!python/object/apply:os.system ['cat {ROOT}/params.yaml']\n",
    "a file of Python": "a: !!python/object/apply:builtins.open [OUTSIDE/secret.txt]\n",
    "a module of Python": "a: !!python/module:antigravity\n",
    "an unknown tag": f"a: !{LONG[:1000]} 1\n",
    "two documents": "a: 1\n---\nb: 2\n",
    "a directive": "%YAML 9.9\n---\na: 1\n",
    "an unknown alias": f"a: *{LONG[:5000]}\n",
    "a character of control": "a: \x07\n",
    "half a character": b"a: \xed\xa0\x80\n",
    "UTF-16": "a: 1\n".encode("utf16"),
    "zeros": bytes(1000),
    "empty": "",
    "a text": ANSI * 10,
    "a list": "[1, 2]",
    "a pipe": os.mkfifo,
    "a folder": lambda file: file.mkdir(),
    "a link to /dev/zero": lambda file: file.symlink_to("/dev/zero"),
    "a link to itself": lambda file: file.symlink_to(file),
    "ten GiB of nothing": lambda file: (file.touch(), os.truncate(file, 10 * 2**30)),
}

VALUES: dict[str, tuple[str, object]] = {
    "a window of 16384x16384": ("window", {"height": 16384, "width": 16384}),
    "a window of 10^12 frames": ("window", {"frames": 10**12}),
    "a window of 2^70 pixels": ("window", {"height": 2**70}),
    "a window far in and wide": ("window", {"centre": 2**62, "stride": 2**61, "frames": 9}),
    "a window of a list": ("window", {"height": ["x" * 1000] * 100}),
    "a width of 8e17": ("model", {"backbone": {"kind": "tiny", "width": 8 * 10**17}}),
    "a width of a number of 4000 digits": ("model", {"backbone": {"kind": "tiny", "width": 10**4000}}),
    "a kind that a terminal obeys": ("model", {"backbone": {"kind": ANSI, "width": 8}}),
    "a kind that is a section": ("model", {"backbone": {"kind": {"kind": "tiny"}}}),
    "a key of 100000 letters": ("window", {"x" * 100_000: 1}),
    "a pattern of 100000 letters": ("phase1", {"train": {"trainable": ["x" * 100_000]}}),
    "a data root that a terminal obeys": ("data", {"root": ANSI}),
    "a data root with a zero": ("data", {"root": "a\0b"}),
}


def changed(path: str, value: dict) -> str:
    params = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf8"))

    def merge(section: dict, other: dict) -> None:
        for key, item in other.items():
            if isinstance(item, dict) and isinstance(section.get(key), dict) and "kind" not in item:
                merge(section[key], item)
            else:
                section[key] = item

    merge(params[path], value)
    sys.set_int_max_str_digits(0)
    text = yaml.safe_dump(params)
    sys.set_int_max_str_digits(4300)
    return text


def lay(file: Path, content: Content, place: Place) -> None:
    if callable(content):
        content(file)
    elif isinstance(content, bytes):
        file.write_bytes(content)
    else:
        file.write_text(content.replace("OUTSIDE", str(place.outside)), encoding="utf8", newline="")


def check(arguments: list[str]) -> int:
    return stage("check.py", "tailwise.recipes.fouls")


def preset(arguments: list[str]) -> int:
    """`make preset`, a process of its own: the module is none to be called."""
    return subprocess.run([sys.executable, "-m", "tailwise", "preset", "bad.yaml"]).returncode


def params() -> list[Case]:
    def given(content: Content):
        return lambda place: lay(Path("params.yaml"), content, place)

    files = FILES | {name: changed(*value) for name, value in VALUES.items()}
    return [Case(f"params: {name}", given(content), check) for name, content in files.items()]


def presets() -> list[Case]:
    def given(content: Content):
        def write(place: Place) -> None:
            Path("params.yaml").write_bytes((ROOT / "params.yaml").read_bytes())
            lay(Path("bad.yaml"), content, place)

        return write

    def beside(content: Content):
        """A good preset, and the parameters that it is for."""

        def write(place: Place) -> None:
            lay(Path("params.yaml"), content, place)
            Path("bad.yaml").write_text("window: {stride: 2}\n")

        return write

    chosen = ["a bomb of 4.8 kB", "a bomb as a key", "lists nested", "many keys", "a key that a terminal obeys"]
    chosen += ["a pipe", "half a character", "a folder"]
    cases = [Case(f"preset: {name}", given(FILES[name]), preset) for name in chosen]
    both = ("a bomb of 4.8 kB", "a list in itself", "objects of Python", "a pipe", "a text")
    return cases + [Case(f"preset for {name}", beside(FILES[name]), preset) for name in both]
