"""torchvision's Kinetics-400 weights, and position tables resized to the shape of the clips."""

from dataclasses import dataclass
from http.client import HTTPException
from typing import Literal

import torch
from torch.nn import functional

from tailwise.core.errors import UserError
from tailwise.models.weights import Tensors, first_line


@dataclass(frozen=True)
class Kinetics400:
    """torchvision's KINETICS400_V1 weights of the architecture, from its server or torch.hub's cache."""

    kind: Literal["kinetics400"]

    def read(self, architecture: str) -> Tensors:
        """{torchvision's key: tensor}; raises UserError if they cannot be downloaded."""
        from torchvision.models import get_model_weights

        official = get_model_weights(architecture)["KINETICS400_V1"]
        try:
            return official.get_state_dict(progress=False, check_hash=True, weights_only=True)
        except (OSError, HTTPException, RuntimeError, ValueError) as error:
            remedy = "download it elsewhere and use weights: {kind: file, path: ..., sha256: ...}"
            raise UserError(f"{official.url} cannot be downloaded ({first_line(error)}); {remedy}") from error


def resize(name: str, tensor: torch.Tensor, wanted: Tensors) -> torch.Tensor:
    """Interpolate a relative position table of MViT (rows, width) to the wanted rows; returns other tensors unchanged.

    Source: torchvision.models.video.mvit._interpolate, which is linear along the rows too
    """
    if ".rel_pos_" not in name or name not in wanted or tensor.dim() != 2 or len(tensor) in (0, len(wanted[name])):
        return tensor
    return functional.interpolate(tensor.T[None], len(wanted[name]), mode="linear")[0].T
