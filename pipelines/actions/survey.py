"""Statistics of the raw clips of every split, before any is decoded: survey.py REPORT."""

import sys
from pathlib import Path

from tailwise.core.files import read_json, write_json
from tailwise.core.params.config import read_params, section
from tailwise.core.params.runtime import Runtime
from tailwise.core.system.cores import decode_workers
from tailwise.data.tables.manifest import read_index
from tailwise.data.video.store.survey import lines_of, survey

TIMEOUT_S = 60.0
"""What one clip may take."""


def main() -> None:
    params = read_params()
    root, heads = Path(section(params, "data.root", str)), list(read_json(Path("data/index/heads.json")))
    workers = decode_workers(section(params, "runtime", Runtime).decoders)
    found = {}
    for split in ("train", "valid", "test"):
        rows = read_index(Path(f"data/index/{split}.csv"), heads)
        found[split] = survey(root, rows, heads, workers, TIMEOUT_S)
        print("\n".join(lines_of(split, found[split])))
    write_json(Path(sys.argv[1]), found)


if __name__ == "__main__":
    main()
