"""What a folder of answers was begun with: another model, list of inputs or option may not go on in it."""

import argparse
import fcntl
import hashlib
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tailwise.cli.batch.listing import Listing
from tailwise.core.errors import UserError
from tailwise.core.files import read_json, regular, write_json
from tailwise.core.params.typed import is_section

MANIFEST, LOCK, VERSION = "batch.json", ".lock", 1
SHARDS = "shard-*.csv"
MEANING = {
    "inputs": "inputs (INPUT)",
    "root": "place of the inputs",
    "shard_size": "--shard-size",
    "model": "model (--weights or --model)",
    "recipe": "--recipe",
    "calibration": "--calibration",
    "decoding": "--decoding",
    "costs": "--costs",
    "device": "--device",
}
"""{key of the manifest: what the user gives}"""


def model_file(args: argparse.Namespace) -> Path:
    """The file whose content pins the model: the weights; the list of an ensemble's, or the card, which have hashes."""
    if args.model is None:
        return args.weights
    from tailwise.export.run.folder import CARD

    return args.model / CARD


def hash_file(path: Path) -> str:
    """SHA-256 of a file's content. Raises UserError for what is no file, OSError for what cannot be read."""
    with open(regular(path), "rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def describe(args: argparse.Namespace, root: Path, listing: Listing, recipe: str) -> dict[str, Any]:
    """The manifest: all that decides the answers, but for the content of the inputs. recipe: its name"""
    files = {name: getattr(args, name) for name in ("calibration", "decoding", "costs")}
    return {
        "version": VERSION,
        "inputs": {"count": listing.count, "sha256": listing.sha256},
        "root": str(root.absolute()),
        "shard_size": args.shard_size,
        "model": hash_file(model_file(args)),
        "recipe": recipe,
        **{name: None if file is None else hash_file(file) for name, file in files.items()},
        "device": args.device,
    }


def begin(out: Path, wanted: Mapping[str, Any]) -> None:
    """Write the manifest of a new folder, or raise UserError that names what differs from the one that is there."""
    file = out / MANIFEST
    if not file.exists():
        if next(out.glob(SHARDS), None) is not None:
            raise UserError(f"{out}: has shards, but no {MANIFEST}: give another --out")
        write_json(file, wanted)
        return
    found = read_json(file)
    if not is_section(found) or found.get("version") != VERSION:
        raise UserError(f"{file}: is of another version of tailwise: give another --out")
    others = [name for key, name in MEANING.items() if found.get(key) != wanted[key]]
    if others:
        raise UserError(f"{out}: was begun with another {', '.join(others)}: give the same, or another --out")


@contextmanager
def hold(out: Path) -> Generator[None]:
    """The folder, made where it is not there, for this process alone; UserError where another one fills it."""
    if out.exists() and not out.is_dir():
        raise UserError(f"--out {out}: is no folder; give another")
    out.mkdir(parents=True, exist_ok=True)
    with open(out / LOCK, "a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise UserError(f"{out}: another process fills it: wait for its end") from error
        yield
