"""The logos pipeline: the engine against a bare loop, the model with linear layers of 8 bits, and reading of vectors.

Run after the pipeline, in its folder pipelines/logos, with dvc repro. Times are processor seconds, which other work on
the machine changes little.
"""

import copy
import io
import resource
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import nn

from bare import against_bare, setting_of, start_alone
from measure import Figure, Table, markdown
from tailwise.core.files import read_csv
from tailwise.core.params.config import read_params, section, sections
from tailwise.data.images.canvas import Canvas
from tailwise.data.images.dataset import Images
from tailwise.engine.checkpoint.weights import read_weights
from tailwise.engine.evaluate.inputs import read_heads
from tailwise.recipes.logos.predict import from_specification
from tailwise.recipes.logos.prepare import Prepare
from tailwise.recipes.logos.source import Source
from tailwise.recipes.logos.task import Config, build

FOLDER = Path("pipelines/logos")
NAME, WEIGHTS = "phase1", "data/models/selected.safetensors"
VECTORS = 2000
"""SVG files that are drawn."""
BATCH = 200
MOST_SECONDS = 5.0
"""Of an image, as the targets of the pipeline have it."""


def of_engine(params: dict, repeats: int) -> Table:
    """Without dropout, and with cross entropy alone, as the bare loop has it."""
    training, config = start_alone(params), sections(params, Config)
    model = replace(config.model, dropout=0.0, uncertainty=False)
    config = replace(config, model=model, loss=replace(config.loss, uncertainty=0.0, prior=0.0))
    prepared, heads = FOLDER / "data/prepared", read_heads(FOLDER / "data/index/heads.json")
    task = build(config, heads, prepared / "train", prepared / "valid", training.seed)
    setting = setting_of(task, params, training, NAME)
    title = f"One epoch of {len(task.samples)} logos without augmentation and dropout, one thread"
    return against_bare(setting, title, repeats)


def trained() -> tuple[nn.Module, Images]:
    """The model of the last phase, and the validation images."""
    tensors, spec = read_weights(FOLDER / WEIGHTS)
    model, read = from_specification(spec)
    model.load_state_dict(tensors)
    return model.eval(), Images(FOLDER / "data/prepared/valid", read.heads)


def quantised(model: nn.Module) -> nn.Module:
    """A copy whose linear layers have weights of 8 bits, and activations as they come.

    Source: https://docs.pytorch.org/ao/stable/api_reference/generated/torchao.quantization.Int8DynamicActivationInt8WeightConfig.html
    """
    from torchao.quantization import Int8DynamicActivationInt8WeightConfig, quantize_

    found = copy.deepcopy(model)
    quantize_(found, Int8DynamicActivationInt8WeightConfig())
    return found


@torch.no_grad()
def recall_of(model: nn.Module, images: Images) -> float:
    """Macro recall on the validation images."""
    (head,) = [head.name for head in images.heads]
    labels = images.labels(head)
    batches = [list(range(at, min(at + BATCH, len(images)))) for at in range(0, len(images), BATCH)]
    every = [model(**images.collate([images[i] for i in batch]).inputs)[head].argmax(dim=1) for batch in batches]
    right = torch.cat(every).numpy() == labels
    return float(np.mean([right[labels == kind].mean() for kind in np.unique(labels)]))


@torch.no_grad()
def seconds_each(model: nn.Module, images: Images, repeats: int) -> list[float]:
    """Of one image at a time, medians of 50."""
    one = images.collate([images[0]]).inputs

    def once() -> float:
        started = time.process_time()
        model(**one)
        return time.process_time() - started

    return [float(np.median([once() for _ in range(50)])) for _ in range(repeats)]


def size_mb(model: nn.Module) -> float:
    content = io.BytesIO()
    torch.save(model.state_dict(), content)
    return len(content.getvalue()) / 1e6


def of_quantised(repeats: int) -> Table:
    model, images = trained()
    figures = []
    for name, made in {"32 bits": model, "linear layers of 8 bits": quantised(model)}.items():
        figures += [
            Figure(f"macro recall, {name}", [recall_of(made, images)]),
            Figure(f"size, {name}", [size_mb(made)], "MB"),
            Figure(f"one image, {name}", seconds_each(made, images, repeats), "s", most=MOST_SECONDS),
        ]
    share = sum(of.weight.numel() for of in model.modules() if isinstance(of, nn.Linear))
    share /= sum(of.numel() for of in model.parameters())
    return Table("Dynamic quantisation, one thread", figures, f"{share:.0%} of the parameters are of linear layers.")


def of_vectors(params: dict) -> Table:
    """Drawing SVG files to squares, and the memory that this process needs more after the second half of them."""
    canvas, source = section(params, "prepare", Prepare).canvas, section(params, "data", Source)
    rows = [row for split in ("train", "valid", "test") for row in read_csv(FOLDER / f"data/index/{split}.csv")]
    paths = [FOLDER / source.root / row["path"] for row in rows][:VECTORS]
    contents, peaks, seconds = [path.read_bytes() for path in paths], [], []
    for half in (contents[: len(contents) // 2], contents[len(contents) // 2 :]):
        started = time.process_time()
        draw_all(canvas, half)
        seconds.append((time.process_time() - started) / len(half))
        peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6)
    figures = [
        Figure("one file", seconds, "s"),
        Figure("peak of the second half to the first", [peaks[1] / peaks[0]], most=1.05),
    ]
    return Table(f"{len(paths)} SVG files drawn to {canvas.size} x {canvas.size} pixels", figures)


def draw_all(canvas: Canvas, contents: list[bytes]) -> None:
    for content in contents:
        canvas.read(content)


def tables(repeats: int = 9) -> list[Table]:
    if not (FOLDER / WEIGHTS).is_file():
        note = f"Not measured: {FOLDER / WEIGHTS} is absent; run the pipeline in {FOLDER} first, with dvc repro."
        return [Table("Logos", [], note)]
    params = read_params(FOLDER / "params.yaml")
    found = [of_engine(params, repeats), of_vectors(params)]
    try:
        return [*found, of_quantised(repeats)]
    except ModuleNotFoundError as error:
        return [
            *found,
            Table("Dynamic quantisation", [], f"Not measured: {error.name} is absent; make bench installs it."),
        ]


if __name__ == "__main__":
    print("\n".join(map(markdown, tables())))
