"""Nets with weights by a formula, and pixels by one, for numbers that other packages gave for the same."""

import torch
from torch import nn


def filled(net: nn.Module) -> nn.Module:
    """The net in evaluation mode; every tensor is a sine of its positions, that of its name's length first."""
    with torch.no_grad():
        for name, tensor in net.state_dict().items():
            if tensor.is_floating_point():
                places = torch.arange(tensor.numel(), dtype=torch.float64)
                wave = torch.sin(places * 0.7 + len(name)).reshape(tensor.shape)
                tensor.copy_((wave * 0.05 if tensor.dim() > 1 else 0.5 + 0.1 * wave).to(tensor.dtype))
    return net.eval()


def pixels(frames: int, height: int, width: int) -> torch.Tensor:
    """(1, T, H, W, 3) uint8"""
    return ((torch.arange(frames * height * width * 3) * 37) % 256).reshape(1, frames, height, width, 3).to(torch.uint8)
