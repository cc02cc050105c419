"""Where a changed picture's pixels come from; its edge stands for what is outside."""

import numpy as np
import torch
import torch.nn.functional as F

from tailwise.data.images.augment.ranges import ImageAugment


def placed(image: torch.Tensor, draws: np.ndarray, augment: ImageAugment, strength: np.ndarray) -> torch.Tensor:
    """image (B, 3, H, W) float with each picture mirrored, turned, enlarged, stretched and shifted by its own draw.

    draws: (B, 6) of `DRAWS["space"]`; strength: (B,)
    """
    if not any((augment.mirror, augment.shift, augment.zoom, augment.stretch, augment.rotate)):
        return image
    theta = torch.from_numpy(sources(draws, augment, strength).astype(np.float32)).to(image.device)
    grid = F.affine_grid(theta, list(image.shape), align_corners=False)
    return F.grid_sample(image, grid, "bilinear", "border", align_corners=False)


def sources(draws: np.ndarray, augment: ImageAugment, strength: np.ndarray) -> np.ndarray:
    """(B, 2, 3): from places in the changed pictures to places in the pictures before, both in [-1, 1], x first."""
    change = (2 * draws[:, 1:] - 1) * strength[:, None]
    zoom, stretch = (1 + augment.zoom) ** change[:, 0], (1 + augment.stretch) ** (change[:, 1] / 2)
    turn = np.radians(augment.rotate * change[:, 2])
    across = np.where(draws[:, 0] < augment.mirror * strength, -1.0, 1.0)
    scale = np.stack([across / (zoom * stretch), stretch / zoom], axis=1)
    turned = np.stack([np.cos(turn), np.sin(turn), -np.sin(turn), np.cos(turn)], axis=1).reshape(-1, 2, 2)
    linear = scale[:, :, None] * turned
    shift = 2 * augment.shift * change[:, 3:5, None]
    return np.concatenate([linear, -(linear @ shift)], axis=2)
