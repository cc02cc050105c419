"""An exported folder as it is read: its card, checked, and its model, run by ONNX Runtime. Nothing here loads torch."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tailwise.core.errors import UserError, shorten
from tailwise.core.files import read_json, regular
from tailwise.core.heads import Head
from tailwise.core.params.typed import convert, is_section
from tailwise.evaluation.calibration.fitted import Fitted

CARD = "card.json"
EXAMPLE = "example.npz"
ATTENTION = "attention"
"""In the name of an output, after the head's."""
LARGEST_CARD = 2**25
"""Bytes."""
LARGEST_MODEL = 2**31
VERSION = 1
"""Of the folder's layout."""
CUDA, CPU = "CUDAExecutionProvider", "CPUExecutionProvider"


@dataclass(frozen=True)
class Input:
    """dims: each a size, or the name of a dimension that varies; dtype: of numpy"""

    name: str
    dtype: str
    dims: tuple[int | str, ...]


@dataclass(frozen=True)
class Card:
    """What `tailwise predict --model` reads of a card; the card has more for people.

    format: one of --to; file: the model's, in the folder; sha256: of it
    largest: {name of a dimension: its largest size}, of those that have one
    """

    recipe: str
    format: str
    file: str
    sha256: str
    heads: tuple[Head, ...]
    inputs: tuple[Input, ...]
    largest: Mapping[str, int]
    outputs: tuple[str, ...]
    reading: Mapping[str, Any]
    calibration: Mapping[str, Fitted]


def read_card(folder: Path) -> Card:
    """The card of an exported folder; UserError for a folder that has none, or a wrong one."""
    path = folder / CARD
    if not folder.is_dir():
        raise UserError(f"{folder}: is no folder: give one that tailwise export wrote")
    if not path.is_file() or regular(path).stat().st_size > LARGEST_CARD:
        raise UserError(f"{path}: absent or too large: give a folder that tailwise export wrote")
    try:
        found = read_json(path)
    except RecursionError as error:
        raise UserError(f"{path}: nested too deeply: export the model again") from error
    if not is_section(found) or found.get("version") != VERSION:
        raise UserError(f"{path}: no card of this version of tailwise: export the model again")
    return parse_card(found, path)


def parse_card(found: dict[str, Any], path: Path) -> Card:
    """The fields of `Card`; UserError with its path for what is missing or wrong."""
    texts = {name: found.get(name) for name in ("recipe", "format", "file", "sha256")}
    for name, value in texts.items():
        if not isinstance(value, str):
            raise UserError(f"{path}: {name} must be a text: export the model again")
    lists = {"heads": tuple[Head, ...], "outputs": tuple[str, ...], "calibration": dict[str, Fitted]}
    lists |= {"largest": dict[str, int]}
    read = {name: convert(kind, found.get(name), f"{path}: {name}") for name, kind in lists.items()}
    inputs = tuple(parse_input(each, f"{path}: inputs") for each in as_list(found.get("inputs"), f"{path}: inputs"))
    reading = found.get("reading")
    if not is_section(reading) or not read["heads"] or not inputs:
        raise UserError(f"{path}: heads and inputs must not be empty, reading a section: export the model again")
    return Card(**texts, **read, inputs=inputs, reading=reading)  # pyright: ignore[reportArgumentType]


def as_list(value: Any, path: str) -> list[Any]:
    if not isinstance(value, list):
        raise UserError(f"{path} must be a list: export the model again")
    return value


def parse_input(value: Any, path: str) -> Input:
    """UserError for anything but a name, a type of numpy and sizes."""
    found = value if is_section(value) else {}
    name, dtype, dims = (found.get(key) for key in ("name", "dtype", "dims"))
    if not (isinstance(name, str) and isinstance(dtype, str) and isinstance(dims, list)):
        raise UserError(f"{path} must have name, dtype and dims: export the model again")
    if not all(isinstance(size, int | str) for size in dims):
        raise UserError(f"{path}: {name}: dims must be sizes or names: export the model again")
    return Input(name, dtype, tuple(dims))


def model_bytes(folder: Path, card: Card) -> bytes:
    """The model's file, which must be the one that the card is of. UserError for another one."""
    path = folder / Path(card.file).name
    if not path.is_file() or regular(path).stat().st_size > LARGEST_MODEL:
        raise UserError(f"{path}: absent or too large: export the model again")
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != card.sha256:
        raise UserError(f"{path}: is not the model that {CARD} is of: copy the whole folder again")
    return content


class Runner:
    """An ONNX model on a device: arrays by name in, arrays by name out."""

    def __init__(self, session: Any, outputs: Sequence[str]):
        self.session, self.outputs = session, tuple(outputs)
        self.inputs = {each.name for each in session.get_inputs()}

    def __call__(self, batch: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Inputs that the graph does not use are left out. UserError for inputs that it cannot take."""
        given = {name: value for name, value in batch.items() if name in self.inputs}
        try:
            return dict(zip(self.outputs, self.session.run(list(self.outputs), given)))
        except Exception as error:  # ONNX Runtime has exceptions of its own, which derive from Exception alone
            why = shorten(" ".join(str(error).split()), 200)
            raise UserError(f"the model cannot take these inputs: {why}") from error


def open_onnx(content: bytes, outputs: Sequence[str], place: str, device: str = "cpu", threads: int = 0) -> Runner:
    """A session on these bytes; UserError if ONNX Runtime refuses them, or has no such device.

    device: cpu, cuda, or auto for cuda where it is there; threads: 0 for the runtime's own choice
    """
    import onnxruntime

    wanted = providers(onnxruntime, device)
    options = onnxruntime.SessionOptions()
    options.log_severity_level, options.intra_op_num_threads = 3, threads
    try:
        session = onnxruntime.InferenceSession(content, options, wanted)
    except Exception as error:  # as above
        raise UserError(f"{place}: ONNX Runtime cannot read it: {shorten(str(error), 200)}") from error
    if device == "cuda" and CUDA not in session.get_providers():
        raise UserError(
            "--device cuda: ONNX Runtime cannot use CUDA: see its message and the driver, or use --device cpu"
        )
    if {each.name for each in session.get_outputs()} != set(outputs):
        raise UserError(f"{place}: its outputs are not those of {CARD}: export the model again")
    return Runner(session, outputs)


def providers(runtime: Any, device: str) -> list[str]:
    """What ONNX Runtime is to run on, the first that works; UserError where it has no CUDA and is told to use it.

    CUDA's libraries that were installed by pip are loaded here: where they lack, a session takes the CPU.
    """
    known = device != "cpu" and CUDA in runtime.get_available_providers()
    if device == "cuda" and not known:
        raise UserError("--device cuda: this ONNX Runtime has no CUDA: install onnxruntime-gpu, or use --device cpu")
    if known:
        with redirect_stdout(sys.stderr):  # it prints what it does not find
            runtime.preload_dlls()
    return [CUDA, CPU] if known else [CPU]


def open_folder(folder: Path, device: str = "cpu") -> tuple[Card, Runner]:
    """The card and the model of a folder; UserError for one that is not of ONNX."""
    card = read_card(folder)
    if card.format != "onnx":
        raise UserError(f"{folder}: exported to {card.format}, but --model runs ONNX: export it with --to onnx")
    return card, open_onnx(model_bytes(folder, card), card.outputs, str(folder / card.file), device)
