"""Compare the model's variants with `dual` on the demo, with one held-out seed: ``make variants``.

Quality is of the validation split. Time is that of a bare step, forward and backward, on a batch of 4 views a sample,
all variants in turn: with a backbone as small as the default one a difference shows.
"""

from functools import partial

import numpy as np
import torch

from experiments import run_experiment
from measure import Table, interleave, markdown, seconds
from setting import HEADS
from tailwise.core.params.config import read_params, section
from tailwise.recipes.fouls.annotated.model import FoulModel

VARIANTS = ("dual", "simplified", "progressive", "optimized")
LEVELS = {
    "phase1.train.trainable": '["backbone.*","fusion.level1.*"]',
    "phase2.train.trainable": '["backbone.*","fusion.level1.*","fusion.level2.*"]',
}
SEED = 11


def build(kind: str) -> torch.nn.Module:
    params = read_params()
    params["model"]["variant"]["kind"] = kind
    window = params["window"]
    torch.manual_seed(0)
    return section(params, "model", FoulModel).build(HEADS, (window["frames"], window["height"], window["width"]))


def step(model: torch.nn.Module, clips: torch.Tensor, mask: torch.Tensor) -> None:
    torch.stack([logits.sum() for logits in model(clips, mask).values()]).sum().backward()


def show_times(repeats: int = 15) -> None:
    params = read_params()
    window, samples = params["window"], params["training"]["batch_size"]
    torch.set_num_threads(params["training"]["threads"])
    shape = (samples, 4, window["frames"], window["height"], window["width"], 3)
    clips = torch.from_numpy(np.random.default_rng(0).integers(0, 256, shape, np.uint8))
    mask = torch.ones(shape[:2], dtype=torch.bool)
    models = {kind: build(kind) for kind in VARIANTS}
    works = {f"{kind}, {size(model):,} parameters": partial(step, model, clips, mask) for kind, model in models.items()}
    print(markdown(Table("A step of training", seconds(interleave(works, repeats)))))


def size(model: torch.nn.Module) -> int:
    return sum(parameter.numel() for parameter in model.parameters())


def show_quality(kind: str) -> None:
    settings = {"model.variant.kind": kind, "training.seed": SEED, **(LEVELS if kind == "progressive" else {})}
    found = run_experiment(f"variant-{kind}", settings)
    of_heads = [
        f"{head} " + " ".join(f"{of[name]:.3f}" for name in ("macro_recall", "macro_f1", "min_recall", "loss"))
        for head, of in found.items()
        if isinstance(of, dict) and "macro_recall" in of
    ]
    print(f"  {kind:<13}{'   '.join(of_heads)}", flush=True)


def main() -> None:
    show_times()
    print("\nMacro recall, macro F1, lowest recall, loss on validation")
    for kind in VARIANTS:
        show_quality(kind)


if __name__ == "__main__":
    main()
