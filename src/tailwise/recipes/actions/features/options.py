"""How features of clips are computed: the passes over a clip, and what is kept of each."""

from dataclasses import dataclass

from tailwise.data.video.views import Size, Views
from tailwise.models.frozen.streams import Pool


@dataclass(frozen=True)
class Features:
    """passes: augmented ones over the training clips, besides the plain one; flip: every other of them is mirrored, the
    first one too, and carries the labels of its mirror image
    augment: strength of the section augment in these passes, in [0, 1]; 0 for mirroring alone
    pool: what is kept of the tokens: all, their mean, or their maximum over time
    batch: clips that a stream takes at once
    keep_clips: keep the decoded frames in the cache; they take much more room than the features
    views: which of the decoded frames the streams are given, and which part; null: all
    """

    passes: int = 1
    flip: bool = True
    augment: float = 0.0
    pool: Pool = "none"
    batch: int = 16
    keep_clips: bool = False
    views: Views | None = None

    def __post_init__(self):
        if self.passes < 0 or self.batch < 1:
            raise ValueError("passes must not be negative, and batch at least 1")
        if not 0 <= self.augment <= 1:
            raise ValueError(f"augment must be within [0, 1], found {self.augment:g}")
        if self.passes and not self.flip and not self.augment and not (self.views and self.views.varies):
            raise ValueError("passes has no effect: without flip and with augment 0 each is the plain one")

    def flipped(self, training: bool) -> tuple[bool, ...]:
        """For each pass whether its clips are mirrored; in tests a pass is a view."""
        if not training:
            return (False,) * self.tested
        return (False, *(self.flip and i % 2 == 0 for i in range(self.passes)))

    @property
    def tested(self) -> int:
        """Views of a clip in tests."""
        return self.views.protocol.views if self.views else 1

    def shape(self, decoded: Size) -> Size:
        """Frames, height and width that the streams are given of decoded clips."""
        return self.views.shape(decoded) if self.views else decoded
