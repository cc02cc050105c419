"""Malicious or malformed weights for `model.backbone.weights`."""

import hashlib
import io
import os
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path

import torch
from hostile_cases import Case, Place, stage
from hostile_weights import ANSI, Code, Write, backbone, lay, train

from support.video.bombs import deflated_zeros

PTH = Path("bad.pth")


def saved(change: Callable[[dict], object]) -> Write:
    def write(place: Place) -> None:
        tensors = torch.load(place.good / "s3d.pth", weights_only=True)
        other = change(tensors)
        torch.save(tensors if other is None else other, PTH)

    return write


def repacked(change: Callable[[zipfile.ZipFile, str, bytes], object]) -> Write:
    """The good file with each part written by change(target, name, content)."""

    def write(place: Place) -> None:
        small = io.BytesIO()
        torch.save({"a": torch.zeros(3)}, small)
        with zipfile.ZipFile(small) as source, zipfile.ZipFile(PTH, "w") as target:
            for name in source.namelist():
                change(target, name, source.read(name))

    return write


def bomb(target: zipfile.ZipFile, name: str, content: bytes) -> None:
    """Its tensor packed: 2 GiB of zeros in 2 MB."""
    if name.endswith("data/0"):
        with target.open(zipfile.ZipInfo(name), "w") as part:
            part.write(deflated_zeros(2048))
        target.filelist[-1].compress_type, target.filelist[-1].file_size = zipfile.ZIP_DEFLATED, 2**31
    else:
        target.writestr(name, content)


def replaced(spoil: Callable[[torch.Tensor], torch.Tensor]) -> Write:
    key = "features.2.1.weight"
    return saved(lambda found: found.update({key: spoil(found[key])}))


TENSORS = {
    "a key that a terminal obeys": saved(lambda tensors: tensors.update({ANSI: torch.zeros(2)})),
    "a key of a million letters": saved(lambda tensors: tensors.update({"x" * 10**6: torch.zeros(2)})),
    "NaN": replaced(lambda t: t.fill_(float("nan"))),
    "int64": replaced(torch.Tensor.long),
    "complex64": replaced(lambda t: t.to(torch.complex64)),
    "sparse": replaced(torch.Tensor.to_sparse),
    "10^12 numbers that are one": replaced(lambda t: torch.zeros(1).expand(10**12)),
    "without memory": replaced(lambda t: t.to("meta")),
    "another shape": replaced(lambda t: torch.zeros(3)),
}
"""Found when they are given to the net."""
TEN_GB = b"\x80\x02cbuiltins\nbytearray\n\x8a\x05\x00\xe4\x0bT\x02\x85R."
FILES = {
    "keys that are no text": saved(lambda tensors: {1: torch.zeros(2), (2, ANSI): torch.zeros(2)}),
    "a list": saved(lambda tensors: [torch.zeros(2)]),
    "no tensors": saved(lambda tensors: {"a": 1}),
    "code": lambda place: torch.save({"a": Code(place.secret)}, PTH),
    "code by its name": lambda place: PTH.write_bytes(pickle.dumps({"a": Code(place.secret)})),
    "compressed parts": repacked(lambda target, name, content: target.writestr(name, content, zipfile.ZIP_DEFLATED)),
    "a tensor of 2 GiB in 2 MB": repacked(bomb),
    "parts that are gone": repacked(lambda target, name, content: "pkl" in name or target.writestr(name, content)),
    "cut": lambda place: PTH.write_bytes((place.good / "s3d.pth").read_bytes()[:100_000]),
    "empty": lambda place: PTH.write_bytes(b""),
    "text": lambda place: PTH.write_text(ANSI * 100),
    "a pickle of nested lists": lambda place: PTH.write_bytes(b"\x80\x02" + b"]" * 100_000 + b"a" * 99_999 + b"."),
    "a pickle that asks for 10 GB": lambda place: PTH.write_bytes(TEN_GB),
    "a pipe": lambda place: os.mkfifo(PTH),
    "a folder": lambda place: PTH.mkdir(),
    "a link to /dev/zero": lambda place: PTH.symlink_to("/dev/zero"),
    "ten GiB of nothing": lambda place: (PTH.touch(), os.truncate(PTH, 10 * 2**30)),
}
"""Found by the stage `check` already."""


def of_backbone() -> list[Case]:
    def given(write: Write) -> Write:
        def lay_all(place: Place) -> list[str]:
            write(place)
            whole = PTH.is_file() and PTH.stat().st_size < 2**31
            sha256 = hashlib.sha256(PTH.read_bytes()).hexdigest() if whole else "0" * 64
            return lay(place, "s3d", backbone(PTH, sha256))

        return lay_all

    found = {train: TENSORS, check: FILES}
    return [Case(f"backbone: {name}", given(files[name]), of) for of, files in found.items() for name in files]


def check(arguments: list[str]) -> int:
    return stage("check.py", "tailwise.recipes.fouls")
