"""What cutting the window out of every clip would lose, known before a frame is decoded."""

from collections.abc import Iterator
from pathlib import Path

from tailwise.core.params.config import section
from tailwise.core.params.runtime import Runtime
from tailwise.core.system.cores import decode_workers
from tailwise.data.tables.checks.source import Checked
from tailwise.data.video.decode.window import Window
from tailwise.data.video.store.forecast import forecast as forecast_split
from tailwise.data.video.store.forecast import lengths
from tailwise.data.video.store.store import Decode


def forecast(params: dict, data: Checked) -> Iterator[str]:
    """Lines, split by split, on the clips that are too short for the window."""
    window, decode = section(params, "window", Window), section(params, "decode", Decode)
    readable = (rows.loc[rows["content"] != "", "path"] for rows in data.index.rows.values())
    paths = dict.fromkeys(path for of_split in readable for path in of_split)
    workers = decode_workers(section(params, "runtime", Runtime).decoders)
    found = lengths(Path(section(params, "data.root", str)), list(paths), window, workers, decode.timeout)
    for split, rows in data.index.rows.items():
        for line in forecast_split(rows, list(data.index.heads), found, window, decode.short):
            yield f"{split}: {line}"
