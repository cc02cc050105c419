"""Malicious or malformed weights files for `predict --weights` and `train.py --init`."""

import json
import os
import pickle
from collections.abc import Callable
from functools import partial
from pathlib import Path

import torch
import yaml
from hostile_cases import ROOT, Case, Place, predict, stage

from tailwise.engine.checkpoint.header import LARGEST_HEADER
from tailwise.engine.checkpoint.weights import read_tensors, write_tensors

FILE = Path("bad.safetensors")
EMPTY = {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]}
ONE = {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}
ANSI = "\x1b[31mred\x1b[0m\x07\r\n\u202e"

Write = Callable[[Place], object]


class Code:
    """A pickle that opens a file when it is read."""

    def __init__(self, path: Path):
        self.path = path

    def __reduce__(self):
        return (open, (str(self.path),))


def raw(header: bytes | dict, content: bytes = b"", size: int | None = None) -> Write:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    length = (len(text) if size is None else size).to_bytes(8, "little")
    return lambda place: FILE.write_bytes(length + text + content)


def with_facts(facts: str, **tensors: dict) -> Write:
    return raw({"__metadata__": {"tailwise": facts}, **tensors})


def changed(change: Callable[[dict, dict], object]) -> Write:
    """The good file after change(tensors, facts)."""

    def write(place: Place) -> None:
        tensors, facts = read_tensors(place.good / "w.safetensors")
        change(tensors, facts)
        write_tensors(FILE, tensors, facts)

    return write


def put(path: str, value) -> Write:
    """The good file with another value in its facts."""

    def change(tensors: dict, facts: dict) -> None:
        *parents, last = path.split(".")
        for key in parents:
            facts = facts[int(key) if isinstance(facts, list) else key]
        facts[int(last) if isinstance(facts, list) else last] = value

    return changed(change)


def spoiled(name: str, spoil: Callable[[torch.Tensor], torch.Tensor]) -> Write:
    return changed(lambda tensors, facts: tensors.update({name: spoil(tensors[name]).clone()}))


def deep(times: int, key: str = "") -> dict | list:
    value = {key: 1} if key else []
    for _ in range(times):
        value = {key: value} if key else [value]
    return value


def sparse(gib: int) -> Write:
    def write(place: Place) -> None:
        with open(FILE, "wb") as file:
            file.truncate(gib * 2**30)

    return write


OFF = {"checkpoint": False, "channels_last": False}
WINDOW = {"centre": 9, "stride": 3, "frames": 4, "height": 40, "width": 64}
FIRST, LAST = "backbone.patches.weight", "fusion.heads.1.weight"
NUMBERS = {
    "NaN first": spoiled(FIRST, lambda t: t.index_fill(0, torch.tensor([0]), float("nan"))),
    "NaN last": spoiled(LAST, lambda t: t.index_fill(0, torch.tensor([len(t) - 1]), float("nan"))),
    "infinite": spoiled(FIRST, lambda t: t.fill_(float("inf"))),
    "minus infinite": spoiled(LAST, lambda t: t.fill_(float("-inf"))),
    "too large for float32": spoiled(LAST, lambda t: t.double().fill_(1e300)),
    **{
        f"of {kind}": spoiled(FIRST, partial(torch.Tensor.to, dtype=getattr(torch, kind)))
        for kind in ("int8", "uint8", "int16", "int32", "int64", "bool", "complex64", "float8_e4m3fn", "float8_e5m2")
    },
    "of another shape": spoiled(FIRST, lambda t: t.T),
    "without dimensions": spoiled(LAST, lambda t: t.sum()),
    "one missing": changed(lambda tensors, facts: tensors.pop(LAST)),
    "one left over": changed(lambda tensors, facts: tensors.update(more=torch.zeros(2))),
    "one of a hostile name": changed(lambda tensors, facts: tensors.update({ANSI * 1000: torch.zeros(2)})),
    "all missing": changed(lambda tensors, facts: tensors.clear()),
}
HEADERS = {
    "empty": lambda place: FILE.write_bytes(b""),
    "seven bytes": lambda place: FILE.write_bytes(b"1234567"),
    "header of size 0": raw(b""),
    "header of 2^63": raw(b"{}", size=2**63),
    "header of 2^64 - 1": raw(b"{}", size=2**64 - 1),
    "header longer than the file": raw(b"{}", size=100),
    "header of 90 MB": raw(b'{"__metadata__":{"tailwise":"' + b"x" * 90_000_000 + b'"}}'),
    "header just above the limit": with_facts("x" * LARGEST_HEADER),
    "header of many tensors": raw({f"{i:x}": EMPTY for i in range(20_000)} | {"__metadata__": {"tailwise": "{}"}}),
    "header no JSON": raw(b"no JSON at all"),
    "header no UTF-8": raw(b'{"\xff\xfe":1}'),
    "header nested": raw(b"[" * 100_000),
    "header nested in metadata": raw(b'{"__metadata__":' + b'{"a":' * 100_000),
    "header a list": raw(b"[]"),
    "no metadata": raw({"a": EMPTY}),
    "metadata of another program": raw({"__metadata__": {"format": "pt"}, "a": EMPTY}),
    "metadata of numbers": raw({"__metadata__": {"tailwise": 1}, "a": EMPTY}),
    "unknown kind of number": raw({"a": {**ONE, "dtype": "F1024"}}, bytes(4)),
    "negative shape": raw({"a": {**ONE, "shape": [-1]}}, bytes(4)),
    "shape whose product overflows": raw({"a": {**ONE, "shape": [2**33, 2**33]}}, bytes(4)),
    "offsets outside": raw({"a": {**ONE, "data_offsets": [0, 2**40]}}, bytes(4)),
    "offsets backwards": raw({"a": {**ONE, "data_offsets": [4, 0]}}, bytes(4)),
    "offsets that overlap": raw({"a": ONE, "b": ONE}, bytes(4)),
    "offsets with a hole": raw({"a": ONE, "b": {**ONE, "data_offsets": [8, 12]}}, bytes(12)),
    "numbers after the end": raw({"a": ONE, "__metadata__": {"tailwise": "{}"}}, bytes(400)),
    "cut": lambda place: FILE.write_bytes((place.good / "w.safetensors").read_bytes()[:-100]),
}
FACTS = {
    "lists nested": with_facts("[" * 100_000 + "]" * 100_000),
    "objects nested": with_facts('{"a":' * 100_000 + "1" + "}" * 100_000),
    "lists nested in a recipe": with_facts('{"recipe":' + "[" * 5000 + "]" * 5000 + "}"),
    "lists nested as deep as JSON may be": put("model", deep(900)),
    "sections nested as deep as JSON may be": put("window", deep(900, "height")),
    "a number of 5000 digits": with_facts("9" * 5000),
    "no JSON": with_facts(ANSI),
    "a list": with_facts("[1]"),
    "null": with_facts("null"),
    "no recipe": changed(lambda tensors, facts: facts.pop("recipe")),
    "a recipe's module": put("recipe", "tailwise.recipes.fouls.task"),
    "a module of Python": put("recipe", "os"),
    "a recipe's path": put("recipe", "../../outside"),
    "a recipe of a million letters": put("recipe", "x" * 1_000_000),
    "a recipe that a terminal obeys": put("recipe", ANSI),
    "window 16384x16384": put("window", {**WINDOW, "height": 16384, "width": 16384}),
    "window of one line too wide": put("window", {**WINDOW, "height": 1, "width": 2**40}),
    "window of 10000 frames of 8192x8192": put(
        "window", {"centre": 50_000, "stride": 1, "frames": 10_000, "height": 8192, "width": 8192}
    ),
    "window of 2^62 frames": put("window.frames", 2**62),
    "window with a stride of 2^62": put("window.stride", 2**62),
    "window before the start": put("window.centre", -5),
    "window of half a pixel": put("window.height", 0.5),
    "window of no pixel": put("window.width", 0),
    "window of a text": put("window.width", "64"),
    "window with another key": put("window.file", "/etc/passwd"),
    "no window": changed(lambda tensors, facts: facts.pop("window")),
    "no heads": put("heads", []),
    "a thousand and one heads": put("heads", [{"name": f"h{i}", "classes": ["a", "b"]} for i in range(1001)]),
    "ten thousand heads": put("heads", [{"name": f"h{i}", "classes": ["a", "b"]} for i in range(10_000)]),
    "a head twice": put("heads.1.name", "action"),
    "a head of one class": put("heads.1.classes", ["a"]),
    "a head of numbers": put("heads.1.classes", [1, 2]),
    "a head of a hundred thousand classes": put("heads.1.classes", [str(i) for i in range(100_000)]),
    "a backbone of 8 million channels": put("model.backbone.width", 8_000_000),
    "a backbone of 8e17 channels": put("model.backbone.width", 8 * 10**17),
    "a backbone of minus 8 channels": put("model.backbone.width", -8),
    "a backbone of 10^400 channels": put("model.backbone.width", 10**400),
    "an unknown backbone": put("model.backbone", {"kind": "subprocess", "width": 8}),
    "a backbone with weights from outside": lambda place: changed(
        lambda tensors, facts: facts.update(model=s3d(place.secret), window={**WINDOW, "stride": 1, "frames": 8})
    )(place),
    "another backbone": put("model.backbone", {"kind": "mvit_v2_s", "weights": {"kind": "none"}, **OFF}),
    "a dropout of NaN": put("model.variant.dropout", float("nan")),
    "a dropout of 2": put("model.variant.dropout", 2),
    "an unknown variant": put("model.variant.kind", ANSI),
    "seen of no number": put("seen", {"views": [ANSI]}),
    "seen of minus one": put("seen", {"views": -1}),
}
FILES = {
    "a pipe": lambda place: os.mkfifo(FILE),
    "a folder": lambda place: FILE.mkdir(),
    "a link to /dev/zero": lambda place: FILE.symlink_to("/dev/zero"),
    "a link to /dev/null": lambda place: FILE.symlink_to("/dev/null"),
    "a link to itself": lambda place: FILE.symlink_to(FILE),
    "a link to nothing": lambda place: FILE.symlink_to("nothing"),
    "ten GiB of nothing": sparse(10),
    "text": lambda place: FILE.write_text(ANSI * 100),
    "a pickle with code": lambda place: FILE.write_bytes(pickle.dumps(Code(place.secret))),
    "a zip": lambda place: FILE.write_bytes((place.good / "Valid.zip").read_bytes()),
    "a clip": lambda place: FILE.write_bytes((place.good / "clip.mp4").read_bytes()),
}


def backbone(path: Path, sha256: str = "0" * 64) -> dict:
    return {"kind": "s3d", "weights": {"kind": "file", "path": str(path), "sha256": sha256}, **OFF}


def s3d(path: Path) -> dict:
    return {"variant": {"kind": "simplified", "dropout": 0.0}, "backbone": backbone(path)}


def of_predict() -> list[Case]:
    def given(write: Write) -> Write:
        return lambda place: (write(place), [str(place.good / "Valid.zip"), "--weights", str(FILE)])[1]

    lists = {"numbers": NUMBERS, "header": HEADERS, "facts": FACTS, "file": FILES}
    named = [(f"weights, {kind}: {name}", write) for kind, of_kind in lists.items() for name, write in of_kind.items()]
    return [Case(name, given(write), predict) for name, write in named]


def train(arguments: list[str]) -> int:
    return stage("train.py", "tailwise.recipes.fouls", *arguments)


def lay(place: Place, store: str, backbone: dict) -> list[str]:
    """A folder in which a phase of training can begin, and its arguments."""
    Path("data/index").mkdir(parents=True)
    Path("data/index/heads.json").write_bytes((place.good / "heads.json").read_bytes())
    params = yaml.safe_load((ROOT / "params.yaml").read_text())
    params["model"] = {"variant": {"kind": "simplified", "dropout": 0.0}, "backbone": backbone}
    params["runtime"] |= {"device": "cpu", "workers": 0, "devices": 1}
    Path("params.yaml").write_text(yaml.safe_dump(params))
    folder = str(place.good / "store" / store)
    return ["phase2", "--train", folder, "--valid", folder]


def of_init() -> list[Case]:
    def given(write: Write) -> Write:
        tiny = {"kind": "tiny", "width": 8}
        return lambda place: (write(place), [*lay(place, "tiny", tiny), "--init", str(FILE)])[1]

    chosen = {"header of 90 MB", "header nested", "no metadata", "cut", "empty", "lists nested", "null"}
    chosen |= {"lists nested as deep as JSON may be", "sections nested as deep as JSON may be"}
    chosen |= {"window 16384x16384", "a recipe that a terminal obeys", "a recipe of a million letters"}
    lists = {**HEADERS, **FACTS}
    some = {**NUMBERS, **{name: lists[name] for name in lists if name in chosen}, **FILES}
    return [Case(f"init: {name}", given(write), train) for name, write in some.items()]
