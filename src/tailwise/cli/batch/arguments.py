"""Arguments of `predict-batch`. Loads nothing that is slow to import."""

import argparse
from pathlib import Path

from tailwise.cli.predict.arguments import add_model_options
from tailwise.core.errors import UserError

WORKERS, SHARD_SIZE = 2, 200
EXECUTORS = ("local", "dask", "ray")


def add_predict_batch(one: argparse.ArgumentParser) -> None:
    """Arguments of `predict-batch`: which inputs, by which model, on which machines, and where the answers go."""
    source = "folder, each file below it an input; or a CSV table with a column path, each row an input"
    one.add_argument("input", type=Path, metavar="INPUT", help=source)
    one.add_argument("--root", type=Path, metavar="DIR", help="where the table's paths begin; default: its folder")
    add_model_options(one)
    out = "folder of the answers, one CSV a shard; what is done there is not done again"
    one.add_argument("--out", type=Path, required=True, metavar="FOLDER", help=out)
    one.add_argument("--merge", type=Path, metavar="FILE", help="write the answers of all shards into one table, too")
    one.add_argument("--shard-size", type=int, default=SHARD_SIZE, metavar="N", help="inputs a shard; default: 200")
    one.add_argument("--executor", choices=EXECUTORS, default="local", help="default: %(default)s")
    one.add_argument("--address", metavar="ADDRESS", help="of the Dask scheduler, or of Ray's head node, or auto")
    one.add_argument("--workers", type=int, metavar="N", help="processes that predict, on this machine; default: 2")
    one.set_defaults(run=_predict_batch)


def _predict_batch(args: argparse.Namespace) -> None:
    check_batch(args)
    from tailwise.cli.batch.command import predict_batch

    predict_batch(args)


def check_batch(args: argparse.Namespace) -> None:
    """Raise UserError for options that are out of range or contradict each other; fills the default of --workers."""
    local = args.executor == "local"
    if local and args.address is not None:
        raise UserError("--address is of a cluster: give --executor dask or ray with it")
    if not local and args.address is None:
        raise UserError(f"--executor {args.executor} needs --address: of Dask's scheduler, or of Ray's head node")
    if not local and args.workers is not None:
        raise UserError("--workers is of this machine: a cluster has its own workers; leave one out")
    args.workers = WORKERS if args.workers is None else args.workers
    for name in ("workers", "shard_size"):
        if (value := getattr(args, name)) < 1:
            raise UserError(f"--{name.replace('_', '-')} must be at least 1, found {value}")
    if args.costs and args.decoding:
        raise UserError("--costs: decoded answers are of whole sequences: leave --costs or --decoding out")
