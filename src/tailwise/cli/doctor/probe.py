"""Questions that `child.ask` puts to a process of its own: ``python3 -m tailwise.cli.doctor.probe NAME [ARGUMENT...]``.

Each function imports what it asks about, prints nothing and returns what JSON can hold. Its exceptions are its answer.
"""

import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

FRAMES, HEIGHT, WIDTH = 6, 48, 64
GREY = 40
"""Frame n of the clip has this grey times n."""


def torch() -> dict[str, Any]:
    """Version, CUDA version that it is built for or None, and the names of usable GPUs."""
    import torch as library

    count = library.cuda.device_count() if library.cuda.is_available() else 0
    for place in range(count):
        if (total := float(library.ones(8, device=f"cuda:{place}").sum())) != 8:
            raise RuntimeError(f"GPU {place} computes wrongly: the sum of 8 ones is {total:g}")
    names = [library.cuda.get_device_name(place) for place in range(count)]
    return {"version": library.__version__, "cuda": library.version.cuda, "gpus": names}


def pyav() -> dict[str, Any]:
    """Mean grey of the frames of a clip that PyAV encodes and decodes."""
    import av

    with tempfile.TemporaryDirectory() as folder, av.open(str(_encode(Path(folder)))) as clip:
        frames = [frame.to_ndarray(format="gray") for frame in clip.decode(video=0)]
    return {"version": av.__version__, "greys": [float(frame.mean()) for frame in frames]}


def decord() -> dict[str, Any]:
    """Mean grey of the frames of a clip that PyAV encodes and decord decodes."""
    import decord as library

    with tempfile.TemporaryDirectory() as folder:
        reader = library.VideoReader(str(_encode(Path(folder))), num_threads=1)
        frames = reader.get_batch(range(len(reader))).asnumpy()
        del reader
    return {"version": library.__version__, "greys": frames.mean(axis=(1, 2, 3)).tolist()}


def _encode(folder: Path) -> Path:
    """A clip of plain grey frames, each brighter than the one before, in H.264."""
    import av
    import numpy as np

    with av.open(str(folder / "clip.mp4"), "w") as clip:
        coder = clip.add_stream("libx264", rate=25, options={"threads": "1", "crf": "10"})
        coder.width, coder.height, coder.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for place in range(FRAMES):
            picture = np.full((HEIGHT, WIDTH, 3), GREY * place, np.uint8)
            clip.mux(coder.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        clip.mux(coder.encode())
    return folder / "clip.mp4"


def dvc(root: str) -> dict[str, Any]:
    """The cache's folder, the link types that DVC is told to use, and those that work from there to the project.

    Found as DVC finds them: it links a file from the cache into the project.
    """
    from dvc.repo import Repo
    from dvc_objects.fs.generic import test_links

    with Repo(root) as repo:
        cache = repo.cache.local
        types = list(cache.cache_types)
        works = test_links(types, cache.fs, cache.path, repo.fs, os.path.join(repo.root_dir, "x"))
        return {"cache": cache.path, "types": types, "works": works, "index": repo.site_cache_dir}


QUESTIONS = {"torch": torch, "pyav": pyav, "decord": decord, "dvc": dvc}


def main(arguments: list[str]) -> None:
    """Print the answer as JSON, on one line."""
    print(json.dumps(QUESTIONS[arguments[0]](*arguments[1:])))


if __name__ == "__main__":
    main(sys.argv[1:])
