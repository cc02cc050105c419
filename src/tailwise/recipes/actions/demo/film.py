"""Renders and encodes the clips of the demo: VP9 in WebM, with bytes that depend on the pixels alone."""

from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np

from tailwise.recipes.actions.demo.drawing import COLOURS, draw_look, paint
from tailwise.recipes.actions.demo.plan import Demo, Planned
from tailwise.recipes.actions.demo.scripts import Scene, scene_of

FPS = 12
VARIES = 2
"""Frames by which a clip is shorter or longer than the mean."""
CUT = 0.12
"""Share of the action by which a clip begins or ends earlier or later."""
STUB_BYTES, CUT_SHARE = 262, 0.6
VP9 = {
    "deadline": "realtime",
    "cpu-used": "8",
    "crf": "36",
    "b": "0",
    "g": "1",
    "lag-in-frames": "0",
    "auto-alt-ref": "0",
    "row-mt": "0",
    "tile-columns": "0",
}
"""g: every frame is a key frame. If later frames were coded by differences, how sharp a frame is would tell its place
in time, whatever the order in which it is shown."""
MUXER = {"fflags": "+bitexact"}


@dataclass(frozen=True)
class Film:
    """What a clip shows. frames: (T, height, width, 3) uint8; words: of the objects that the class's text names"""

    frames: np.ndarray
    words: tuple[str, ...]


def film_clip(demo: Demo, root: Path, clip: Planned) -> tuple[int, tuple[str, ...]]:
    """Write ``<root>/videos/<number>.webm``, unless it is to be missing; returns its number and words."""
    film = render(demo, clip)
    if clip.fault != "missing":
        path = root / "videos" / f"{clip.number}.webm"
        encode(path, film.frames)
        spoil(path, clip)
    return clip.number, film.words


def render(demo: Demo, clip: Planned) -> Film:
    """The frames of a clip; everything but the class's movement is drawn without knowing the class."""
    look = draw_look(np.random.default_rng([demo.seed, 1, clip.number]))
    rng = np.random.default_rng([demo.seed, 2, clip.number])
    scene, reverse = scene_of(clip.action, rng)
    first, last = rng.uniform(-CUT, CUT, 2) + (0, 1)
    moments = np.linspace(first, last, demo.frames + int(rng.integers(-VARIES, VARIES + 1)))
    frames = paint(scene, look, moments, (demo.width, demo.height), rng)
    return Film(frames[::-1] if reverse else frames, words_of(scene))


def words_of(scene: Scene) -> tuple[str, ...]:
    """Colour and shape of each object that the text names, the moved one first."""
    imagined = [scene.imagined] if scene.imagined else []
    named = imagined + [each.thing for each in scene.objects[-scene.named :]][::-1]
    return tuple(f"{list(COLOURS)[thing.colour]} {thing.shape}" for thing in named)


def encode(path: Path, frames: np.ndarray) -> None:
    """Write a WebM file whose bytes depend only on the pixels: one thread, no dates, no program names."""
    with av.open(str(path), "w", format="webm", options=MUXER) as container:
        coder = container.add_stream("libvpx-vp9", rate=FPS, options=VP9)
        coder.width, coder.height, coder.pix_fmt = frames.shape[2], frames.shape[1], "yuv420p"
        coder.thread_count = 1
        for number, frame in enumerate(frames):
            picture = av.VideoFrame.from_ndarray(planes_of(frame), format="yuv420p")
            picture.pts = number
            container.mux(coder.encode(picture))
        container.mux(coder.encode())


def planes_of(frame: np.ndarray) -> np.ndarray:
    """A frame (height, width, 3) in RGB as planar yuv420p (height * 3 / 2, width), in integers: the same everywhere.

    Source: ITU-R BT.601, in units of 1 / 256.
    """
    height, width, _ = frame.shape
    red, green, blue = (frame[..., channel].astype(np.int32) for channel in range(3))
    luma = (66 * red + 129 * green + 25 * blue + 128 + (16 << 8)) >> 8
    chroma = [
        (-38 * red - 74 * green + 112 * blue + 128 + (128 << 8)) >> 8,
        (112 * red - 94 * green - 18 * blue + 128 + (128 << 8)) >> 8,
    ]
    halves = [(part.reshape(height // 2, 2, width // 2, 2).sum(axis=(1, 3)) + 2) >> 2 for part in chroma]
    flat = np.concatenate([luma.ravel(), *(half.ravel() for half in halves)])
    return flat.astype(np.uint8).reshape(height * 3 // 2, width)


def spoil(path: Path, clip: Planned) -> None:
    """Cut a file off in the ways that some downloaded files are."""
    if clip.fault:
        content = path.read_bytes()
        kept = STUB_BYTES if clip.fault == "stub" else int(len(content) * CUT_SHARE)
        path.write_bytes(content[:kept])
