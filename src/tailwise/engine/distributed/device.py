"""The device to compute on."""

import torch

from tailwise.core.errors import UserError


def find_device(wanted: str, key: str) -> torch.device:
    """The device for auto (CUDA if available), cpu or cuda. key: the params key, for error messages."""
    if wanted == "cuda" and not torch.cuda.is_available():
        raise UserError(f"{key} is cuda, but this machine has none: use auto or cpu")
    found = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(found if wanted == "auto" else wanted)
