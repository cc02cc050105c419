"""The params section `export`: which formats a pipeline's stage `export` writes, and the packages that they need."""

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec

from tailwise.core.errors import UserError

ONNX = ("onnx", "onnxscript", "onnxruntime")
PACKAGES = {"onnx": ONNX, "torchscript": (), "torch-export": ONNX[:2]}
"""{format: packages of requirements-export.txt that it needs}"""
SMALLER = {"onnx-fp16": ("onnx", "fp16"), "onnx-int8": ("onnx", "int8")}
"""{what else export.formats may name: a format, and its precision}"""
INSTALL = "python3 -m pip install -r requirements-export.txt -c constraints.txt"


@dataclass(frozen=True)
class Export:
    """formats: of PACKAGES or SMALLER, each once; a stage writes data/exported/<format> for each; []: no stage"""

    formats: tuple[str, ...] = ()

    def __post_init__(self):
        for name in self.formats:
            if name not in (*PACKAGES, *SMALLER):
                raise ValueError(f"formats: {name!r} is unknown; there are {', '.join((*PACKAGES, *SMALLER))}")
        if len(set(self.formats)) < len(self.formats):
            raise ValueError("formats names a format twice")


def check_packages(export: Export) -> None:
    """Raise UserError for a format whose packages are absent, before anything is trained."""
    for form in export.formats:
        for name in absent(parts_of(form)[0]):
            raise UserError(f"export.formats {form} needs the package {name}, which is absent: {INSTALL}")


def absent(form: str) -> Iterator[str]:
    """The packages that a format needs and that cannot be found."""
    yield from (name for name in PACKAGES[form] if find_spec(name) is None)


def parts_of(name: str) -> tuple[str, str]:
    """Format and precision of a name of export.formats."""
    return SMALLER.get(name, (name, "fp32"))
