"""List every labelled view of the raw data; all that is wrong with it is refused before anything is written."""

from collections.abc import Iterator
from pathlib import Path

from tailwise.core.files import write_json
from tailwise.core.params.config import read_params, section
from tailwise.core.params.runtime import Runtime
from tailwise.core.system.cores import decode_workers
from tailwise.data.tables.checks.source import Checked, read_source
from tailwise.data.tables.checks.summary import describe, summarize
from tailwise.data.tables.frame import write_table
from tailwise.data.video.decode.window import Window
from tailwise.data.video.store.forecast import forecast, lengths
from tailwise.data.video.store.store import Decode
from tailwise.recipes.fouls.source import Source


def main() -> None:
    params = read_params()
    data, out = read_source(section(params, "data", Source)), Path("data/index")
    print("\n".join(describe(data)))
    print("".join(losses(params, data)), end="")
    for split, rows in data.index.rows.items():
        write_table(out / f"{split}.csv", rows)
    write_json(out / "heads.json", data.index.heads)
    write_json(Path("reports/index.json"), summarize(data))


def losses(params: dict, data: Checked) -> Iterator[str]:
    """What the window would lose of each split, in lines that end."""
    window, how = section(params, "window", Window), section(params, "decode", Decode)
    there = dict.fromkeys(path for rows in data.index.rows.values() for path in rows.loc[rows["content"] != "", "path"])
    workers = decode_workers(section(params, "runtime", Runtime).decoders)
    found = lengths(Path(section(params, "data.root", str)), list(there), window, workers, how.timeout)
    for split, rows in data.index.rows.items():
        for line in forecast(rows, list(data.index.heads), found, window, how.short):
            yield f"{split}: {line}\n"


if __name__ == "__main__":
    main()
