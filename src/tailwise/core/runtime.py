"""The `runtime` section: what cannot change a result, tracked by no stage."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Local:
    """The processes of this machine."""

    kind: Literal["local"]


@dataclass(frozen=True)
class Dask:
    """The workers of a Dask cluster. address: of its scheduler, such as tcp://10.0.0.1:8786"""

    kind: Literal["dask"]
    address: str


@dataclass(frozen=True)
class Ray:
    """The workers of a Ray cluster. address: of its head node, such as 10.0.0.1:6379, or auto on one of its machines"""

    kind: Literal["ray"]
    address: str


@dataclass(frozen=True)
class Runtime:
    """device: where to train, auto takes CUDA where there is one
    workers: processes that load training data, 0 is the training process itself
    decoders: processes that film the demo and decode clips, at least 1
    tensorboard: write each epoch's figures to .logs/tensorboard
    executor: who decodes clips
    """

    device: Literal["auto", "cpu", "cuda"]
    workers: int
    decoders: int
    tensorboard: bool
    executor: Local | Dask | Ray = Local("local")

    def __post_init__(self):
        if self.workers < 0 or self.decoders < 1:
            raise ValueError("workers must be at least 0 and decoders at least 1")

    @property
    def decoding(self) -> int | Dask | Ray:
        """How many processes of this machine decode, or the cluster whose workers do."""
        return self.decoders if isinstance(self.executor, Local) else self.executor
