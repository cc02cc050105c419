"""Initial weights of a backbone of torchvision: random, or from a file with the same keys."""

import hashlib
import io
import pickle
import re
import warnings
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import safetensors.torch
import torch
from torch import nn

from tailwise.core.errors import UserError, shorten
from tailwise.core.files import regular
from tailwise.core.tensors import misfit, wrong_kinds

Tensors = dict[str, torch.Tensor]
Fit = Callable[[str, torch.Tensor, Tensors], torch.Tensor]
"""(key, tensor, the model's own tensors) to the tensor to load."""

WRAPPERS = ("state_dict", "model_state")
"""Keys under which other packages keep the tensors, beside what is not read: mmaction2, pytorchvideo."""
LARGEST = 2**31
"""Maximum bytes of a weights file; torchvision's largest video model has a fifth of it."""


@dataclass(frozen=True)
class NoWeights:
    """Keep the random initialisation."""

    kind: Literal["none"]

    def read(self, architecture: str) -> None:
        return None


@dataclass(frozen=True)
class WeightsFile:
    """A file with torchvision's keys.

    path: ends in .safetensors, .pth or .pyth
    sha256: of the whole file, 64 digits
    """

    kind: Literal["file"]
    path: str
    sha256: str

    def __post_init__(self):
        if Path(self.path).suffix not in (".safetensors", ".pth", ".pyth"):
            raise ValueError(f"path must end in .safetensors, .pth or .pyth, found {self.path}")
        if not re.fullmatch("[0-9a-f]{64}", self.sha256):
            raise ValueError(f"sha256 must be 64 digits of 0-9 and a-f, found {self.sha256!r}")

    def read(self, architecture: str) -> dict[str, torch.Tensor]:
        """{key: tensor}; raises UserError if the file is absent, has another SHA-256, or is no state dict."""
        try:
            size = regular(Path(self.path)).stat().st_size
            if size > LARGEST:
                raise UserError(f"{self.path}: {size} bytes, at most {LARGEST >> 30} GiB are read")
            content = Path(self.path).read_bytes()
        except OSError as error:
            raise UserError(f"{self.path}: {error.strerror}") from error
        found = hashlib.sha256(content).hexdigest()
        if found != self.sha256:
            raise UserError(f"{self.path}: sha256 should be {self.sha256}, found {found}")
        return parse(content, self.path)


def parse(content: bytes, path: str) -> dict[str, torch.Tensor]:
    """The tensors of a weights file, read without executing any code in it; those of a WRAPPER, if it has one.

    Any failure of the two readers means a truncated or foreign file, hence UserError.
    """
    try:
        if path.endswith(".safetensors"):
            return safetensors.torch.load(content)
        check_parts(content)
        with warnings.catch_warnings(action="ignore"):  # print the error line only
            tensors = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    except Exception as error:
        raise UserError(f"{path}: not a whole file of weights alone ({_reason(error)})") from error
    if isinstance(tensors, dict):
        tensors = next((tensors[key] for key in WRAPPERS if isinstance(tensors.get(key), dict)), tensors)
    if not isinstance(tensors, dict) or not all(isinstance(tensor, torch.Tensor) for tensor in tensors.values()):
        raise UserError(f"{path}: not a plain state dict, that is {{key: tensor}}")
    for key in tensors:
        if not isinstance(key, str):
            raise UserError(f"{path}: not a plain state dict: the key {shorten(repr(key), 100)} is no text")
    return dict(tensors)


def check_parts(content: bytes) -> None:
    """Raise ValueError for a .pth in zip format whose members would unpack to more than the file's size."""
    if not zipfile.is_zipfile(io.BytesIO(content)):
        return
    parts = zipfile.ZipFile(io.BytesIO(content)).filelist
    if any(part.compress_type != zipfile.ZIP_STORED for part in parts):
        raise ValueError("its parts are compressed, which torch.save never does")
    if sum(part.file_size for part in parts) > len(content):
        raise ValueError("its parts are larger together than the file")


def load(net: nn.Module, tensors: Tensors, head: str, source: str, fit: Fit | None = None) -> None:
    """Load `tensors` into `net`, except for the classification head; raises UserError if they do not fit.

    fit: what makes a tensor one of the wanted shape
    """
    wanted = net.state_dict()
    given = {name: tensor for name, tensor in tensors.items() if not name.startswith(f"{head}.")}
    if fit and not any(wrong_kinds(given, wanted)):
        given = {name: fit(name, tensor, wanted) for name, tensor in given.items()}
    if wrong := misfit(given, wanted):
        raise UserError(f"{source}: not the weights of this architecture: {wrong}")
    net.load_state_dict(given)


def _reason(error: Exception) -> str:
    """The reason in one line; hides torch's advice to load the file without weights_only."""
    if isinstance(error, pickle.UnpicklingError):
        return "it is cut off, or has other things than tensors"
    return first_line(error)


def first_line(error: Exception) -> str:
    return shorten((str(error).splitlines() or [type(error).__name__])[0])
