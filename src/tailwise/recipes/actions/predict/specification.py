"""What stands in the weights file of an actions model: all that a prediction needs besides the tensors."""

from dataclasses import dataclass
from typing import Literal

from torch import nn

from tailwise.core.heads import Head
from tailwise.core.params.typed import convert
from tailwise.data.video.decode.spread import Spread
from tailwise.data.video.views import Views
from tailwise.models.action.model import TwoStreams
from tailwise.models.frozen.streams import Pool, Streams

MOST_STEPS = 10_000


@dataclass(frozen=True)
class Specification:
    """window: which frames of a clip are decoded; views: which of these the streams are given, see `Features`
    steps: tokens of the semantic and the motion stream; pool: see `Streams`
    """

    recipe: Literal["actions"]
    streams: Streams
    model: TwoStreams
    heads: tuple[Head, ...]
    window: Spread
    steps: tuple[int, ...]
    pool: Pool
    views: Views | None = None

    def __post_init__(self):
        if not self.heads:
            raise ValueError("needs one or more heads")
        if len(self.steps) != 2 or not 0 < min(self.steps) <= max(self.steps) <= MOST_STEPS:
            raise ValueError(f"steps must be two numbers from 1 to {MOST_STEPS}")
        decoded = (self.window.frames, self.window.height, self.window.width)
        self.streams.check_shape(self.views.shape(decoded) if self.views else decoded)


def from_specification(spec: dict) -> tuple[nn.Module, Specification]:
    """The model without its weights; UserError or ValueError for a wrong specification."""
    read = convert(Specification, spec, "")
    semantic, motion = read.steps
    return read.model.build(read.streams, read.heads, (semantic, motion), read.pool), read
