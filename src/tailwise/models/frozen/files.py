"""Local files with the weights of a frozen net."""

from dataclasses import dataclass, replace
from typing import TypeVar

from tailwise.models.weights import Tensors, WeightsFile

Bare = TypeVar("Bare", bound="LocalWeights")


@dataclass(frozen=True)
class LocalWeights:
    """path: of a file that ends in .safetensors, .pth or .pyth; sha256: of the whole file, 64 digits

    Both are "" in the specification of a model, whose weights file has the tensors.
    """

    path: str
    sha256: str

    def __post_init__(self):
        if self.path or self.sha256:
            WeightsFile("file", self.path, self.sha256)

    def bare(self: Bare) -> Bare:
        return replace(self, path="", sha256="")

    def check_weights(self) -> None:
        """Raise UserError if the file is absent or has another SHA-256."""
        self.read()

    def read(self) -> Tensors:
        """{key: tensor}; UserError as `WeightsFile.read`."""
        return WeightsFile("file", self.path, self.sha256).read("")
