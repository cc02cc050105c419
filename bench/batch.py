"""`tailwise predict-batch` over tables of more and more rows: time and peak memory, which should not grow.

batch.py [--rows 1000 10000 100000] [--workers 1]

The rows name the same few small pictures, one of them broken, and the model is a small untrained net on 32 x 32 pixels,
so that what is measured is what the command itself costs a row.
"""

import argparse
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

import numpy as np
from PIL import Image

from child import cost
from measure import Figure, Table, markdown
from tailwise.cli.main import main as tailwise
from tailwise.core.files import read_json, write_csv
from tailwise.data.images.canvas import Canvas
from tailwise.engine.checkpoint.weights import write_tensors
from tailwise.models.image.classifier import ImageModel
from tailwise.models.image.small import Small
from tailwise.recipes.recipe import load_recipe

PICTURES, SIZE, CLASSES = 8, 32, ("one", "two", "three")
ROWS = (1_000, 10_000, 100_000)
MOST_GROWTH = 1.1


def write_model(file: Path) -> None:
    spec = {
        "recipe": "logos",
        "model": asdict(ImageModel(Small("small", width=4)).bare()),
        "heads": [{"name": "kind", "classes": list(CLASSES)}],
        "canvas": asdict(Canvas(SIZE, "#ffffff", "pad")),
    }
    model, _ = load_recipe("tailwise.recipes.logos").from_specification(spec)
    write_tensors(file, model.state_dict(), spec)


def write_pictures(folder: Path) -> list[str]:
    """Their names. The first is broken."""
    rng, names = np.random.default_rng(0), [f"{nth}.png" for nth in range(PICTURES)]
    for name in names[1:]:
        Image.fromarray(rng.integers(0, 256, (SIZE, SIZE, 3), np.uint8)).save(folder / name)
    (folder / names[0]).write_bytes(b"broken")
    return names


def measured(folder: Path, rows: int, names: list[str], workers: int) -> tuple[Figure, Figure]:
    """Seconds and MB of a process of its own; exits if a row lacks."""
    table, out = folder / f"{rows}.csv", folder / f"out-{rows}"
    write_csv(table, ["path"], ([names[row % len(names)]] for row in range(rows)))
    seconds, mb = cost(__file__, "--table", str(table), "--out", str(out), "--workers", str(workers))
    found = read_json(out / "summary.json")
    if (found["inputs"], found["failed"]) != (rows, -(-rows // PICTURES)):
        sys.exit(f"{out}: {found}")
    print(f"{rows:,} rows: {seconds:.1f} s, {mb:.0f} MB", file=sys.stderr)  # the next takes ten times as long
    return Figure(f"{rows:,} rows", [seconds], "s"), Figure(f"{rows:,} rows, peak", [mb], "MB")


def table_of(rows: list[int], workers: int) -> Table:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_model(folder / "model.safetensors")
        names = write_pictures(folder)
        found = [measured(folder, count, names, workers) for count in rows]
    peaks = [memory.median for _, memory in found]
    growth = Figure("peak of most / of fewest rows", [peaks[-1] / peaks[0]], most=MOST_GROWTH)
    note = f"Workers: {workers}. Imports, the list of inputs and the merged table included."
    return Table("Batch prediction", [figure for pair in found for figure in pair] + [growth], note)


def predict(table: Path, out: Path, workers: str) -> int:
    """What is measured."""
    weights, merged = table.parent / "model.safetensors", out.with_suffix(".all.csv")
    options = {"--weights": weights, "--out": out, "--workers": workers, "--merge": merged, "--device": "cpu"}
    return tailwise(["predict-batch", str(table), *(str(part) for pair in options.items() for part in pair)])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=ROWS, help="of each table")
    parser.add_argument("--workers", default="1", help="processes that predict")
    parser.add_argument("--table", type=Path, help="predict this table, in this process")
    parser.add_argument("--out", type=Path, help="with --table")
    args = parser.parse_args()
    if args.table is not None:
        sys.exit(predict(args.table, args.out, args.workers))
    print(markdown(table_of(sorted(args.rows), int(args.workers))))


if __name__ == "__main__":
    main()
