"""What the tokens of a split are of, see tokens.py. Does not import torch."""

from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Literal

from tailwise.core.errors import UserError
from tailwise.core.files import read_json, write_json
from tailwise.core.params.typed import convert
from tailwise.data.video.views import Views

FILE = "tokens.json"


@dataclass(frozen=True)
class Facts:
    """What a split's tokens are of.

    streams: {name: a digest of what computes it}; steps, dims: {name: tokens of a clip, and their width}
    flipped: for each pass whether its clips are mirrored; the first pass is plain
    pool: what is kept of a clip's tokens: all of them (none), their mean or max
    root: folder of the raw clips; cut: which frames of a clip, see `decode_clip`
    looks: which of these frames the streams were given, and which part of them; None: all
    views: of a clip whose answers are averaged; 1: the first pass alone is evaluated
    """

    streams: dict[str, str]
    steps: dict[str, int]
    dims: dict[str, int]
    flipped: tuple[bool, ...]
    pool: Literal["none", "mean", "max"]
    root: str
    cut: dict[str, int]
    looks: Views | None = None
    views: int = 1


def write_facts(folder: Path, facts: Facts) -> None:
    """What is as by default is left out."""
    defaults = {field.name: field.default for field in fields(Facts)}
    write_json(folder / FILE, {name: value for name, value in asdict(facts).items() if value != defaults[name]})


def read_facts(folder: Path) -> Facts:
    """UserError for a folder without tokens."""
    file = folder / FILE
    try:
        return convert(Facts, read_json(file), "")
    except (OSError, ValueError, UserError) as error:
        raise UserError(f"{file}: not of a folder of features: {error}; run the stage features") from error
