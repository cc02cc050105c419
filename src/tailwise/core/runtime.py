"""The `runtime` section: what cannot change a result, tracked by no stage."""

from dataclasses import dataclass
from typing import Literal

from tailwise.core.cores import Auto

Verbosity = Literal["quiet", "normal", "verbose"]
"""What a stage prints: warnings, alerts and interventions; what is worth a line; every detail."""


@dataclass(frozen=True)
class Runtime:
    """device: where to train, auto takes CUDA where there is one
    workers: processes that load training data, 0 is the training process itself; auto: the cores left over
    decoders: processes that film the demo and decode clips, at least 1; auto: one a core
    tensorboard: write each epoch's figures to .logs/tensorboard
    verbosity: what is printed; the log of events has all of it
    devices: processes that train together, auto is one for each GPU
    save_every: seconds of training that a kill may cost
    """

    device: Literal["auto", "cpu", "cuda"]
    workers: int | Auto
    decoders: int | Auto
    tensorboard: bool
    verbosity: Verbosity = "normal"
    devices: int | Auto = "auto"
    save_every: float = 60.0

    def __post_init__(self):
        for name, least in (("workers", 0), ("decoders", 1)):
            if (value := getattr(self, name)) != "auto" and value < least:
                raise ValueError(f"{name} must be at least {least}, or auto, found {value}")
        if self.devices != "auto" and self.devices < 1:
            raise ValueError(f"devices must be auto or at least 1, found {self.devices}")
        if self.save_every < 0:
            raise ValueError(f"save_every must not be negative, found {self.save_every:g}")
