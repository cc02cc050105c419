"""The sections pipeline: the engine against a bare loop on the same batches, padding, and very many songs.

Run alone, `python3 bench/sections.py --songs 10000` measures index, prepare and an epoch on that many made-up songs of
400 positions of 60 numbers, and the peak memory against a tenth of them; six minutes. The features of lyrics, which
take longer than all of these, are measured on LYRICS songs. Times are processor seconds, which other work on the
machine changes little.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np

from bare import against_bare, setting_of, start_alone
from measure import Figure, Table, markdown
from tailwise.core.params.config import read_params, section, sections
from tailwise.engine.batches.buckets import training_order
from tailwise.engine.batches.order import chunks
from tailwise.engine.contract.run import Training
from tailwise.engine.contract.task import Task
from tailwise.engine.evaluate.inputs import read_heads
from tailwise.models.sequence.tagger import SequenceModel
from tailwise.recipes.sections.task import Config, build

FOLDER = Path("pipelines/sections")
NAME, HEAD = "phase2", "section"
MANY = Path(__file__).with_name("many_songs.py")
LYRICS = 300
LEAST_SHARE, MOST_PADDING, MOST_GROWTH = 0.9, 0.15, 1.1


def without_dropout(model: SequenceModel) -> SequenceModel:
    """So that the same step has the same loss in both loops."""
    recurrence, projections = replace(model.recurrence, dropout=0.0), replace(model.projections, dropout=0.0)
    return replace(model, recurrence=recurrence, projections=projections, dropout=0.0)


def task_of(params: dict, prepared: Path, heads_file: Path, seed: int) -> Task:
    """Without dropout."""
    config = sections(params, Config)
    config = replace(config, model=without_dropout(config.model))
    return build(config, read_heads(heads_file), prepared / "train", prepared / "valid", seed)


def of_engine(params: dict, prepared: Path, heads_file: Path, repeats: int) -> Table:
    training = start_alone(params)
    setting = setting_of(task_of(params, prepared, heads_file, training.seed), params, training, NAME)
    count = len(setting.task.samples)
    return against_bare(setting, f"One epoch of {count} songs without noise and dropout, one thread", repeats)


def padding(lengths: np.ndarray, order: np.ndarray, batch: int) -> float:
    """Share of the positions of an epoch's batches that are padding. lengths: (N,); order: (S,)"""
    steps = [lengths[step] for step in chunks(order, batch)]
    return 1 - sum(int(step.sum()) for step in steps) / sum(int(step.max()) * len(step) for step in steps)


def of_padding(params: dict, prepared: Path, heads_file: Path, epochs: int = 10, many: int = 10_000) -> Table:
    """Padding of batches by length and of random ones, of the pipeline's songs and of `many` with their lengths."""
    training = section(params, "training", Training)
    task = build(sections(params, Config), read_heads(heads_file), prepared / "train", prepared / "valid", 1)
    lengths, batch = np.array(task.lengths), training.batch_size
    drawn = np.random.default_rng(training.seed).choice(lengths, many)

    def shares(of: np.ndarray, known: np.ndarray | None) -> list[float]:
        positions = [(training.seed, NAME, epoch) for epoch in range(epochs)]
        return [padding(of, training_order(range(len(of)), known, batch, at), batch) for at in positions]

    figures = [
        Figure(f"{many} songs with these lengths, by length", shares(drawn, drawn), most=MOST_PADDING),
        Figure("by length", shares(lengths, lengths)),
        Figure("sorted, the longest first: the least", [padding(lengths, np.argsort(-lengths), batch)]),
        Figure("random", shares(lengths, None)),
    ]
    spread = f"{lengths.min()} to {lengths.max()} positions"
    note = "Padding is what a batch's longest song leaves of the others: few songs of very different length have more."
    return Table(f"Share of padding, {len(lengths)} songs of {spread}, batches of {batch}", figures, note)


def of_child(part: str, folder: str, songs: int) -> tuple[float, float]:
    """Processor seconds and peak memory in 10^6 bytes, of a process of its own; exits if it fails."""
    command = [sys.executable, str(MANY), part, folder, str(songs)]
    made = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if made.returncode:
        sys.exit(f"sections: {part} of {songs} songs failed")
    seconds, mb = json.loads(made.stdout.splitlines()[-1])
    return seconds, mb


def of_many(songs: int, least: int) -> Table:
    """Index, features and an epoch of made-up songs, each part in a process of its own, of both numbers of songs."""
    found: dict[str, dict[int, tuple[float, float]]] = {"index": {}, "prepare": {}, "epoch": {}}
    for count in (least, songs):
        with tempfile.TemporaryDirectory() as folder:
            for part, of_part in found.items():
                of_part[count] = of_child(part, folder, count)
                print(f"{part}, {count} songs: {of_part[count][0]:.1f} s, {of_part[count][1]:.0f} MB", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        seconds, mb = of_child("lyrics", folder, LYRICS)
    figures = [Figure(f"features of lyrics, {LYRICS} songs", [seconds], "s")]
    figures += [Figure(f"features of lyrics, {LYRICS} songs, peak", [mb], "MB")]
    for part, of_part in found.items():
        figures += [Figure(f"{part}, {count} songs", [of_part[count][0]], "s") for count in of_part]
        figures += [Figure(f"{part}, {count} songs, peak", [of_part[count][1]], "MB") for count in of_part]
        growth = of_part[songs][1] / of_part[least][1]
        figures.append(Figure(f"{part}, growth of the peak", [growth], most=MOST_GROWTH))
    note = "Processor seconds, imports and the making of the songs included. The peak has all memory of the process."
    return Table(f"Made-up songs of 400 positions, {least} and {songs}", figures, note)


def tables(repeats: int = 9) -> list[Table]:
    prepared, heads_file = FOLDER / "data/prepared", FOLDER / "data/index/heads.json"
    if not (prepared / "train" / "manifest.csv").is_file():
        note = f"Not measured: {prepared} is absent; run the pipeline in {FOLDER} first, with dvc repro."
        return [Table("Training on songs", [], note)]
    params = read_params(FOLDER / "params.yaml")
    return [of_engine(params, prepared, heads_file, repeats), of_padding(params, prepared, heads_file)]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--songs", type=int, help="made-up songs, instead of the pipeline's own")
    parser.add_argument("--least", type=int, help="songs that their memory is compared with; a tenth of them")
    given = parser.parse_args()
    if given.songs:
        print(markdown(of_many(given.songs, given.least or given.songs // 10)))
    else:
        print("\n".join(map(markdown, tables())))
