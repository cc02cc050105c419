"""Cut the window out of every clip into the clip store: decode_clips.py FOLDER. Only training needs the margin."""

import os
import sys
from dataclasses import replace
from pathlib import Path

from tailwise.core.files import read_json, write_json
from tailwise.core.params.config import read_params, section
from tailwise.core.params.runtime import Runtime
from tailwise.core.stage.folders import pipeline_folder
from tailwise.data.tables.manifest import read_index
from tailwise.data.video.decode.window import Window
from tailwise.data.video.store.forecast import skewed
from tailwise.data.video.store.quality import check_faulty, quality
from tailwise.data.video.store.store import Decode, build_store


def main() -> None:
    params = read_params()
    root = Path(section(params, "data.root", str))
    window, how = section(params, "window", Window), section(params, "decode", Decode)
    workers = section(params, "runtime", Runtime).decoding
    cache = Path(os.environ.get("DVC_ROOT", ".")) / ".cache" / "clips"
    splits, heads = {}, list(read_json(Path("data/index/heads.json")))
    for split in ("train", "valid", "test"):
        rows = read_index(Path(f"data/index/{split}.csv"), heads)
        kept = window if split == "train" else replace(window, margin=0)
        store = build_store(root, rows, kept, Path(sys.argv[1]) / split, cache, how, workers)
        splits[split] = quality(rows, store)
        print(f"{split}: {len(rows)} clips in {store.shards} shards, {store.decoded} of them decoded now")
        for paths in splits[split]["duplicates"]:
            print(f"  the same content: {', '.join(paths)}")
        for clip, reason in store.faults.items():
            print(f"  left out: {clip}: {reason}")
        for sample in store.dropped:
            print(f"  dropped: {sample}: no usable view")
        for line in skewed(rows, heads, set(store.faults)):
            print(f"  {line}")
    check_faulty(splits, how, pipeline_folder() / ".logs" / "faults.csv")
    write_json(Path("reports/quality.json"), splits)


if __name__ == "__main__":
    main()
