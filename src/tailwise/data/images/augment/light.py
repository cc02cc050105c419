"""Colours of changed pictures: brightness, contrast, saturation and hue as one matrix; what is erased; noise."""

import numpy as np
import torch

from tailwise.data.augment.streams import generator, rectangles
from tailwise.data.images.augment.ranges import ImageAugment

GREY = 127.5
"""In the middle of [0, 255]: where contrast turns, and what an erased pixel shows."""
LUMA = np.array([0.299, 0.587, 0.114])
"""What red, green and blue count in the brightness of a colour, ITU-R BT.601."""
TO_YIQ = np.array([LUMA, [0.595716, -0.274453, -0.321263], [0.211456, -0.522591, 0.311135]])
"""Brightness and two axes of colour, in whose plane hue is the angle and saturation the length."""


def coloured(image: torch.Tensor, draws: np.ndarray, augment: ImageAugment, strength: np.ndarray) -> torch.Tensor:
    """image (B, 3, H, W) float in [0, 255] with the colours of each picture changed by its own draw.

    draws: (B, 5) of `DRAWS["light"]`; strength: (B,)
    """
    if not any((augment.brightness, augment.contrast, augment.saturation, augment.hue, augment.grey)):
        return image
    matrix, summand = (
        torch.from_numpy(values.astype(np.float32)).to(image.device) for values in changes(draws, augment, strength)
    )
    return torch.baddbmm(summand[:, :, None], matrix, image.flatten(2)).unflatten(2, image.shape[2:])


def changes(draws: np.ndarray, augment: ImageAugment, strength: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(B, 3, 3) by which colours are multiplied, and (B, 3) that are then added."""
    change = (2 * draws[:, :4] - 1) * strength[:, None]
    gain = (1 + augment.brightness * change[:, 0]) * (1 + augment.contrast * change[:, 1])
    colour = np.where(draws[:, 4] < augment.grey * strength, 0.0, 1 + augment.saturation * change[:, 2])
    turn = np.radians(augment.hue * change[:, 3])
    of_colour = np.zeros((len(draws), 3, 3))
    of_colour[:, 0, 0] = 1
    of_colour[:, 1, 1] = of_colour[:, 2, 2] = colour * np.cos(turn)
    of_colour[:, 1, 2], of_colour[:, 2, 1] = -colour * np.sin(turn), colour * np.sin(turn)
    matrix = gain[:, None, None] * (np.linalg.inv(TO_YIQ) @ of_colour @ TO_YIQ)
    return matrix, np.repeat(GREY * -augment.contrast * change[:, 1:2], 3, axis=1)


def erased(image: torch.Tensor, draws: np.ndarray, augment: ImageAugment, strength: np.ndarray) -> torch.Tensor:
    """image (B, 3, H, W) with a rectangle of each picture in grey. draws: (B, 4) of `DRAWS["erase"]`"""
    if not augment.erase:
        return image
    size = (image.shape[2], image.shape[3])
    gone = rectangles(draws[:, :2] * (augment.erase * strength)[:, None], draws[:, 2:], size)
    return image.masked_fill(torch.from_numpy(gone).to(image.device)[:, None], GREY)


def noisy(
    image: torch.Tensor, keys: np.ndarray, stream: int, augment: ImageAugment, strength: np.ndarray
) -> torch.Tensor:
    """image (B, 3, H, W) float in [0, 255] plus noise of each sample's own. keys: (B, words)"""
    if not augment.noise:
        return image
    shape = image.shape[1:]
    drawn = np.stack([generator(key, stream).standard_normal(shape, np.float32) for key in keys])
    drawn *= (255 * augment.noise * strength).astype(np.float32)[:, None, None, None]
    return image + torch.from_numpy(drawn).to(image.device)
