"""The job of a worker: the answers of one shard, written whole. It needs nothing but what it is sent and the files."""

import argparse
import sys
import threading
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from tailwise.cli.batch.listing import LIST, read_part
from tailwise.cli.batch.manifest import hash_file, model_file
from tailwise.cli.batch.rows import ENCODING, header_of, row_of
from tailwise.cli.predict.command import calibration_of, find_common, read_parts, recipe_of_folder
from tailwise.cli.predict.opened import Opened, open_predictor
from tailwise.core.errors import UserError
from tailwise.core.files import csv_text, write_bytes
from tailwise.recipes.recipe import Recipe

if TYPE_CHECKING:
    from tailwise.cli.batch.answers import Found

ALONE = threading.Lock()
"""One shard at a time in a process: it sets torch's threads and stderr, which the process's threads share."""


@dataclass(frozen=True)
class Model:
    """Which model predicts, and how. All paths are absolute: a worker runs in another folder.

    sha256: of the file that pins it; home: folder in which a package of --recipe may be
    """

    weights: Path
    model: Path | None
    recipe: str | None
    calibration: Path | None
    decoding: Path | None
    costs: Path | None
    device: str
    sha256: str
    home: Path
    workers: int = 1
    format: None = None

    @classmethod
    def of(cls, args: argparse.Namespace, sha256: str) -> "Model":
        def there(file: Path | None) -> Path | None:
            return None if file is None else file.absolute()

        files = there(args.model), args.recipe, there(args.calibration), there(args.decoding), there(args.costs)
        return cls(args.weights.absolute(), *files, args.device, sha256, Path.cwd())


@dataclass(frozen=True)
class Shard:
    """offset: in bytes, where it begins in the list of inputs; count: of its inputs; root: where their paths begin"""

    number: int
    offset: int
    count: int
    root: Path
    out: Path

    @property
    def file(self) -> Path:
        return self.out / f"shard-{self.number:06}.csv"


def predict_shard(shard: Shard, model: Model) -> int:
    """Write the answers of a shard, unless they are there; returns its number. Raises UserError as `open_predictor`."""
    with ALONE:
        if not shard.file.exists():  # a worker that was lost may have written it before
            if not (listed := shard.out / LIST).exists():
                raise UserError(f"--executor: a worker has no {listed}: share this folder with it")
            paths = read_part(listed, shard.offset, shard.count)
            write_bytes(shard.file, answer(paths, shard.root, model).encode(*ENCODING))
    return shard.number


def answer(paths: Sequence[str], root: Path, model: Model) -> str:
    """The table of these inputs."""
    from tailwise.cli.batch.answers import find_answers

    recipe, opened = _opened(model)
    with one_thread(model):
        found = find_answers([root / path for path in paths], recipe, opened)
    header = header_of(opened.heads)
    return csv_text([header, *(_row(path, root, one, len(header)) for path, one in zip(paths, found))])


def _row(path: str, root: Path, one: "Found", width: int) -> list:
    """Reasons name the input as the row does, wherever the inputs lie."""
    found = one.answer.replace(str(root / path), path) if isinstance(one.answer, str) else one.answer
    return row_of(path, found, width, one.has_parts)


@lru_cache(maxsize=1)
def _opened(model: Model) -> tuple[Recipe, Opened]:
    """The recipe and the model, once for all shards of a process."""
    args = argparse.Namespace(**vars(model))
    if hash_file(model_file(args)) != model.sha256:
        raise UserError(f"{model_file(args)}: is not the file that the batch was begun with; give workers the same")
    if model.recipe is not None and str(model.home) not in sys.path:
        sys.path.insert(0, str(model.home))
    parts = read_parts(args) if model.model is None else []
    recipe = find_common(parts, model.recipe) if model.model is None else recipe_of_folder(args)
    with one_thread(model):
        return recipe, open_predictor(args, parts, recipe, calibration_of(args))


@contextmanager
def one_thread(model: Model) -> Generator[None]:
    """One thread for torch: the last digits of a sum depend on their number, and workers share the cores."""
    if model.model is not None:  # an exported model loads no torch
        yield
        return
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
