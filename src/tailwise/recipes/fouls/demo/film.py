"""Render and encode the clips of a foul: camera, background, figures, H.264."""

from pathlib import Path

import av
import numpy as np

from tailwise.recipes.fouls.demo.drawing.backdrop import backdrop, draw_ground
from tailwise.recipes.fouls.demo.drawing.cameras import Camera, frame_times, pan, place_camera, project
from tailwise.recipes.fouls.demo.drawing.colours import draw_kits
from tailwise.recipes.fouls.demo.drawing.figures import draw_frames
from tailwise.recipes.fouls.demo.scene.plan import FPS, Demo, Foul, View, stream
from tailwise.recipes.fouls.demo.scene.poses import Manner, ball_path, draw_manner, foul_poses

FOLLOW_S = 0.3
STUB_BYTES, CUT_SHARE = 262, 0.6
X264 = {
    "preset": "veryfast",
    "crf": "28",
    "threads": "1",
    "x264-params": "bframes=0:scenecut=0:weightp=0:me=hex:partitions=none:subme=1:rc-lookahead=3:cpu-independent=1",
}
"""cpu-independent: without it, x264's output depends on the CPU's vector instructions."""
MUXER = {"fflags": "+bitexact"}


def film_foul(demo: Demo, root: Path, foul: Foul) -> None:
    """Write the clips of a foul, faulty ones included."""
    folder = root / foul.split / f"action_{foul.index}"
    folder.mkdir()
    for number, view in enumerate(foul.views):
        if view.fault != "missing":
            path = folder / f"clip_{number}.mp4"
            encode(path, film_view(demo, foul, number))
            spoil(path, view)


def manner_of(demo: Demo, foul: Foul) -> Manner:
    """The parameters of a foul's movement, which are the same for all cameras."""
    return draw_manner(stream(demo.seed, "foul", foul.split, foul.index))


def camera_of(demo: Demo, foul: Foul, number: int) -> Camera:
    """The camera of a view; the cameras of a foul are at least 35 degrees apart."""
    first = stream(demo.seed, "foul", foul.split, foul.index, 1).uniform(0, 2 * np.pi)
    rng = stream(demo.seed, "view", foul.split, foul.index, number)
    step = 2 * np.pi / len(foul.views)
    azimuth = first + number * step + rng.uniform(-0.2, 0.2) * step
    return place_camera(demo, foul.views[number], float(azimuth), rng)


def film_view(demo: Demo, foul: Foul, number: int) -> np.ndarray:
    """The clip as planar yuv420p (frames, height * 3 / 2, width), uint8."""
    rng = stream(demo.seed, "view", foul.split, foul.index, number + 100)
    match = stream(demo.seed, "match", foul.split, foul.match)
    ground, kits = draw_ground(match), draw_kits(match)
    swap = stream(demo.seed, "foul", foul.split, foul.index, 2).integers(2)
    camera = camera_of(demo, foul, number)
    times = frame_times(camera, demo.frames, FPS)
    manner = manner_of(demo, foul)
    joints = foul_poses(foul.action, foul.severity, manner, times)
    points, _ = project(camera, joints)
    shift = pan(camera, points.mean(axis=(1, 2)), FOLLOW_S * FPS * camera.speed)
    margin = tuple(np.abs(shift).max(axis=0).tolist())
    picture = backdrop(demo, camera, ground, margin, rng)
    worn = (kits[1], kits[0]) if swap else kits
    return draw_frames(demo, camera, joints, ball_path(manner, times), shift, picture, worn)


def encode(path: Path, clip: np.ndarray) -> None:
    """Write an H.264 file whose bytes depend only on the pixels: one thread, no dates, no program names."""
    with av.open(str(path), "w", format="mp4", options=MUXER) as container:
        coder = container.add_stream("libx264", rate=FPS, options=X264)
        coder.width, coder.height, coder.pix_fmt = clip.shape[2], clip.shape[1] * 2 // 3, "yuv420p"
        coder.thread_count = 1
        for number, planes in enumerate(clip):
            frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
            frame.pts = number
            container.mux(coder.encode(frame))
        container.mux(coder.encode())


def spoil(path: Path, view: View) -> None:
    """Truncate a file in the ways that some official files are."""
    if view.fault:
        content = path.read_bytes()
        kept = STUB_BYTES if view.fault == "262 bytes" else int(len(content) * CUT_SHARE)
        path.write_bytes(content[:kept])
