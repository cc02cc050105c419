"""Cut the window out of every clip into the clip store. Arguments: the data root."""

import os
import sys
from pathlib import Path

from tailwise.core.config import read_params, section
from tailwise.core.files import read_csv, write_json
from tailwise.core.runtime import Runtime
from tailwise.data.decode.store import build_store
from tailwise.data.decode.window import Window


def main() -> None:
    root, params = Path(sys.argv[1]), read_params()
    window, workers = section(params, "window", Window), section(params, "runtime", Runtime).decoders
    cache = Path(os.environ.get("DVC_ROOT", ".")) / ".cache" / "clips"
    quality = {}
    for split in ("train", "valid", "test"):
        rows = read_csv(Path(f"data/index/{split}.csv"))
        faults, shards = build_store(root, rows, window, Path(f"data/clips/{split}"), cache, workers)
        quality[split] = {"clips": len(rows), "faulty": faults}
        print(f"{split}: {len(rows)} clips in {shards['shards']} shards, {shards['decoded']} of them decoded now")
        for clip, reason in faults.items():
            print(f"  left out: {clip}: {reason}")
    write_json(Path("reports/quality.json"), quality)


if __name__ == "__main__":
    main()
