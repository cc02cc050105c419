"""List every labelled view of the raw data; all that is wrong with it is refused before anything is written."""

from pathlib import Path

from tailwise.core.config import read_params, section
from tailwise.core.files import write_csv, write_json
from tailwise.data.index.source import Source, read_source
from tailwise.data.index.summary import describe, summarize


def main() -> None:
    data, out = read_source(section(read_params(), "data", Source)), Path("data/index")
    print("\n".join(describe(data)))
    for split, rows in data.index.rows.items():
        write_csv(out / f"{split}.csv", rows[0], (row.values() for row in rows))
    write_json(out / "heads.json", data.index.heads)
    write_json(Path("reports/index.json"), summarize(data))


if __name__ == "__main__":
    main()
