"""The `runtime` section: settings that cannot change a result and that no stage tracks."""

from dataclasses import dataclass
from typing import Literal

from tailwise.core.system.cluster import Dask, Local, Ray
from tailwise.core.system.cores import Auto, decode_workers

Verbosity = Literal["quiet", "normal", "verbose"]
"""What training prints: quiet, alerts and interventions only; normal; verbose, every detail."""


@dataclass(frozen=True)
class Runtime:
    """device: auto uses CUDA if available
    workers: processes that load training data, 0 is the training process itself; auto: the cores left over
    decoders: processes that make the demo's raw data and prepare samples, at least 1; auto: one a core. They film and
        decode clips, or compute features
    tensorboard: write each epoch's figures to .logs/tensorboard
    verbosity: what training prints; the log of events has all of it
    devices: processes that train together, auto is one for each GPU
    save_every: seconds of training that a kill may cost
    executor: who decodes clips; other pipelines prepare their samples on this machine
    """

    device: Literal["auto", "cpu", "cuda"]
    workers: int | Auto
    decoders: int | Auto
    tensorboard: bool
    verbosity: Verbosity = "normal"
    devices: int | Auto = "auto"
    save_every: float = 60.0
    executor: Local | Dask | Ray = Local("local")

    def __post_init__(self):
        for name, least in (("workers", 0), ("decoders", 1)):
            if (value := getattr(self, name)) != "auto" and value < least:
                what = " processes that prepare samples" if name == "decoders" else ""
                raise ValueError(f"{name} must be at least {least}, or auto, found {value}{what}")
        if self.devices != "auto" and self.devices < 1:
            raise ValueError(f"devices must be auto or at least 1, found {self.devices}")
        if self.save_every < 0:
            raise ValueError(f"save_every must not be negative, found {self.save_every:g}")

    @property
    def decoding(self) -> int | Dask | Ray:
        """Number of local decoding processes, or the cluster to decode on."""
        return decode_workers(self.decoders) if isinstance(self.executor, Local) else self.executor
