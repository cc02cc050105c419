"""`tailwise predict-batch`: the answers to any number of inputs, in shards that a second run does not repeat."""

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

from tailwise.cli.batch.listing import LIST, Listing, check_outside, lines_of, open_source, read_listing
from tailwise.cli.batch.manifest import begin, describe, hash_file, hold, model_file
from tailwise.cli.batch.rows import count_failed, merged
from tailwise.cli.batch.shard import Model, Shard, predict_shard
from tailwise.cli.predict.command import (
    calibration_of,
    check_writable,
    find_common,
    read_parts,
    recipe_of_folder,
)
from tailwise.core.errors import UserError, escape_output
from tailwise.core.files import write_json, write_parts
from tailwise.core.stage.progress import Progress
from tailwise.core.system.cluster import Dask, Ray, map_on_cluster
from tailwise.core.system.processes import WorkerLost, map_in_processes

SUMMARY = "summary.json"
LOSSES = 2
"""How often in a row local workers may be lost before any shard is done."""


def predict_batch(args: argparse.Namespace) -> None:
    """args: of cli/batch/arguments.py, checked. Raises UserError; what is wrong is said before a worker starts."""
    escape_output(sys.stdout)
    root, paths = open_source(args.input, args.root)
    check_outside(args.input, args.out, "--out")
    if args.merge is not None:
        check_merge(args)
    parts = read_parts(args) if args.model is None else []
    recipe = find_common(parts, args.recipe) if args.model is None else recipe_of_folder(args)
    calibration_of(args)
    with hold(args.out):
        listing = read_listing(paths(), args.shard_size)
        if not listing.count:
            raise UserError(f"{args.input}: has no input")
        begin(args.out, describe(args, root, listing, recipe.name))
        keep_list(args.out / LIST, paths, listing.sha256)
        shards = shards_of(listing, args.shard_size, root.absolute(), args.out.absolute())
        compute(args, [shard for shard in shards if not shard.file.exists()], len(shards))
        finish(args, shards)


def check_merge(args: argparse.Namespace) -> None:
    """Raise UserError for a merged table that would take the place of an input, a shard or a file of the model."""
    check_outside(args.input, args.merge, "--merge")
    check_writable(args.merge, "--merge")
    merge = args.merge.resolve()
    read = (args.input, args.weights, args.calibration, args.decoding, args.costs)
    if taken := [file for file in read if file is not None and file.resolve() == merge]:
        raise UserError(f"--merge {args.merge}: would take the place of {taken[0]}: give another file")
    for folder in (args.out, args.model):
        if folder is not None and merge.is_relative_to(folder.resolve()):
            raise UserError(f"--merge {args.merge}: is in {folder}, among its own files: give another place")


def keep_list(file: Path, paths: Callable[[], Iterator[str]], sha256: str) -> None:
    """Have the list in its file, which is as it was read; UserError if the inputs change meanwhile."""
    if not file.exists() or hash_file(file) != sha256:
        write_parts(file, lines_of(paths()))
        if hash_file(file) != sha256:
            raise UserError(f"{file.parent}: the inputs changed while they were listed: start again")


def shards_of(listing: Listing, shard_size: int, root: Path, out: Path) -> list[Shard]:
    sizes = listing.sizes(shard_size)
    return [Shard(nth, offset, size, root, out) for nth, (offset, size) in enumerate(zip(listing.offsets, sizes))]


def compute(args: argparse.Namespace, waiting: Sequence[Shard], total: int) -> None:
    """Have workers write the shards that are not there; prints how many there were."""
    if len(waiting) < total:
        print(f"{args.out}: {total - len(waiting)} of {total} shards are there, and are kept")
    if not waiting:
        return
    work = partial(predict_shard, model=Model.of(args, hash_file(model_file(args))))
    sizes = {shard.number: shard.count for shard in waiting}
    with Progress("predict", sum(sizes.values()), "inputs") as progress:
        for number in _run(args, work, waiting):
            progress.advance(sizes[number])
    for shard in waiting:
        if not shard.file.exists():
            raise UserError(f"--executor: what a worker wrote is not in {args.out}; share this folder with it")


def _run(args: argparse.Namespace, work: "partial[int]", waiting: Sequence[Shard]) -> Iterator[int]:
    """Numbers of the shards, as they are done."""
    if args.executor == "local":
        yield from locally(work, waiting, args.workers)
        return
    cluster = Dask("dask", args.address) if args.executor == "dask" else Ray("ray", args.address)
    try:
        for _, number in map_on_cluster(cluster, work, waiting):
            yield number
    except UserError as error:
        raise UserError(in_options(str(error))) from error


def in_options(text: str) -> str:
    """A message on params in the words of this command's options."""
    for param, option in (("runtime.executor.address", "--address"), ("runtime.executor.kind", "--executor")):
        text = text.replace(param, option)
    return text.replace("runtime.executor", "--executor")


def locally(work: "partial[int]", waiting: Sequence[Shard], workers: int) -> Iterator[int]:
    """As `_run`, by processes of this machine. The shards of a lost one are begun again in new ones."""
    losses = 0
    while waiting:
        try:
            for number in map_in_processes(work, waiting, min(workers, len(waiting))):
                losses = 0
                yield number
            return
        except WorkerLost:
            losses += 1
            if losses >= LOSSES:
                raise
            waiting = [shard for shard in waiting if not shard.file.exists()]


def finish(args: argparse.Namespace, shards: Sequence[Shard]) -> None:
    """Write the summary and the merged table. Raises UserError if no input could be answered."""
    counts = [count_failed(shard.file) for shard in shards]
    inputs, failed = (sum(column) for column in zip(*counts))
    found = {"shards": len(shards), "inputs": inputs, "answered": inputs - failed, "failed": failed}
    write_json(args.out / SUMMARY, found)
    if args.merge is not None:
        write_parts(args.merge, merged([shard.file for shard in shards]))
    print(f"{args.out}: {inputs:,} inputs in {len(shards):,} shards: {inputs - failed:,} answered, {failed:,} failed")
    if failed == inputs:
        raise UserError(f"{args.out}: no input could be answered: see the column error of {shards[0].file.name}")
