"""Weights files of small untrained models, one of each pipeline and variant, to be exported."""

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import nn

from tailwise.data.images.canvas import Canvas
from tailwise.data.video.decode.spread import Spread
from tailwise.engine.checkpoint.weights import write_tensors
from tailwise.models.action.fusion import Average, Concatenation, CrossAttention, OneStream
from tailwise.models.action.model import TwoStreams
from tailwise.models.frozen.efficientnet import EfficientNetLite0
from tailwise.models.frozen.motion import OwnMotion
from tailwise.models.frozen.streams import Streams
from tailwise.models.image.classifier import Ensemble, ImageModel
from tailwise.models.image.efficientnet import EfficientNetB1
from tailwise.models.image.lite import Lite0
from tailwise.models.image.small import Small
from tailwise.models.image.transformer import VisionTransformer
from tailwise.models.sequence.attention import Attention
from tailwise.models.sequence.lstm import Recurrence
from tailwise.models.sequence.positions import LearnedPositions, RelativePositions, Sinusoidal
from tailwise.models.sequence.projections import Projections
from tailwise.models.sequence.scales import Convolutions, Pyramid, Resolutions
from tailwise.models.sequence.tagger import SequenceModel
from tailwise.models.video.backbones import Video
from tailwise.models.video.regularisers import DropBlock
from tailwise.models.video.tiny import Tiny
from tailwise.models.video.variants import Dual, Optimized, Progressive, Simplified
from tailwise.models.weights import NoWeights
from tailwise.recipes.fouls.annotated.model import FoulModel, as_plain
from tailwise.recipes.recipe import load_recipe
from tailwise.recipes.sections.features.text import TEXT_FEATURES

WINDOW = {"centre": 9, "stride": 3, "frames": 4, "height": 16, "width": 24, "short": "refuse"}
FOUL_HEADS = [{"name": "action", "classes": ["a", "b", "c"]}, {"name": "severity", "classes": ["x", "y"]}]


def plain(value: Any) -> Any:
    """As a weights file holds it."""
    if isinstance(value, dict):
        return {name: plain(each) for name, each in value.items()}
    return [plain(each) for each in value] if isinstance(value, tuple | list) else value


def fouls(model: FoulModel, window: dict[str, Any] = WINDOW) -> dict[str, Any]:
    model_part = plain(as_plain(model))
    return {"recipe": "fouls", "model": model_part, "heads": FOUL_HEADS, "window": window, "seen": {"views": 4}}


def sections(model: SequenceModel) -> dict[str, Any]:
    width = len(TEXT_FEATURES)
    features = {"kind": "text", "names": list(TEXT_FEATURES), "mean": [0.25] * width, "std": [2.0] * width}
    heads = [{"name": "section", "classes": ["verse", "chorus", "bridge"]}]
    return {"recipe": "sections", "model": plain(asdict(model)), "heads": heads, "features": features, "seconds": None}


def logos(model: ImageModel, size: int = 32) -> dict[str, Any]:
    heads = [{"name": "kind", "classes": ["simple", "text", "gradient", "complex"]}]
    canvas = asdict(Canvas(size, "#ffffff", "pad"))
    return {"recipe": "logos", "model": plain(asdict(model.bare())), "heads": heads, "canvas": canvas}


def actions(fusion: Any, pool: str = "none", views: dict[str, Any] | None = None) -> dict[str, Any]:
    window = Spread(8, 32, 48)
    streams = Streams(EfficientNetLite0("efficientnet_lite0"), OwnMotion("own", "", 8), every=2)
    steps = [1, 1] if pool != "none" else [4, 2]
    return {
        "recipe": "actions",
        "streams": plain(asdict(streams.bare())),
        "model": plain(asdict(TwoStreams(fusion, width=16).bare())),
        "heads": [{"name": "action", "classes": ["left", "right", "up"]}],
        "window": plain(asdict(window)),
        "steps": steps,
        "pool": pool,
        "views": views,
    }


TINY, SMALL_LSTM = Tiny("tiny", width=8), Recurrence(hidden=8, layers=1)
VIT = VisionTransformer("vit", width=16, depth=1, heads=2, dropout=0.0)
EVERYTHING = SequenceModel(
    Recurrence(hidden=8, layers=1),
    Projections((8,)),
    RelativePositions("relative", 4),
    Convolutions(dilations=(1,)),
    Resolutions((2, 3)),
    Pyramid(),
    Attention(2),
    auxiliary=("next",),
)
REGULARISED = Tiny("tiny", 8, residual=True, drop_block=DropBlock(0.3, 2), stochastic_depth=0.5)
R3D = Video("r3d_18", NoWeights("none"), False, False)

MODELS: dict[str, dict[str, Any]] = {
    "fouls": fouls(FoulModel(Simplified(0.0, "simplified"), TINY)),
    "fouls-progressive": fouls(FoulModel(Progressive(0.0, "progressive"), TINY, metadata=("replay", "camera"))),
    "fouls-optimized": fouls(FoulModel(Optimized(0.0, "optimized"), Tiny("tiny", 8, "differences", True, "batch"))),
    "fouls-dual": fouls(FoulModel(Dual(0.0, "dual"), TINY)),
    "fouls-regularised": fouls(FoulModel(Simplified(0.5, "simplified"), REGULARISED, head_dropout={"action": 0.9})),
    "fouls-r3d": fouls(FoulModel(Simplified(0.0, "simplified"), R3D)),
    "sections": sections(SequenceModel(SMALL_LSTM)),
    "sections-everything": sections(EVERYTHING),
    "sections-sinusoidal": sections(SequenceModel(SMALL_LSTM, positions=Sinusoidal("sinusoidal"))),
    "sections-learned": sections(SequenceModel(SMALL_LSTM, positions=LearnedPositions("learned", 8))),
    "sections-chain": sections(SequenceModel(Recurrence(hidden=8, layers=2), crf=True)),
    "logos": logos(ImageModel(VIT)),
    "logos-small": logos(ImageModel(Small("small", width=4))),
    "logos-ensemble": logos(ImageModel(Ensemble("ensemble", (VIT, Small("small", width=4))), fallbacks=())),
    "logos-lite0": logos(ImageModel(Lite0("lite0"), fallbacks=()), 64),
    "logos-b1": logos(ImageModel(EfficientNetB1("efficientnet_b1"), fallbacks=()), 64),
    "actions": actions(CrossAttention("cross_attention", heads=2)),
    "actions-concatenation": actions(Concatenation("concatenation"), pool="mean"),
    "actions-average": actions(Average("average"), pool="max"),
    "actions-motion": actions(OneStream("one_stream", "motion")),
}
"""{name: specification}"""


def made(name: str) -> tuple[nn.Module, Any]:
    """The model, with noise on all parameters, as many begin at 0; and its parsed specification.

    The noise of a layer falls with its number of inputs, so that the outputs of a deep net stay of usual size.
    """
    spec = MODELS[name]
    torch.manual_seed(1)
    model, read = load_recipe(f"tailwise.recipes.{spec['recipe']}").from_specification(spec)
    with torch.no_grad():
        for parameter in model.parameters():
            inputs = parameter[0].numel() if parameter.ndim > 1 else 25
            parameter += 0.5 / inputs**0.5 * torch.randn_like(parameter)
    return model.eval(), read


def write_weights(path: Path, name: str) -> Path:
    """The weights file of `made`."""
    write_tensors(path, made(name)[0].state_dict(), MODELS[name])
    return path


def differing(one: Path, other: Path) -> Iterator[str]:
    """Names of the files of two folders that are not equal."""
    names = {file.name for folder in (one, other) for file in folder.iterdir()}
    for name in sorted(names):
        files = [folder / name for folder in (one, other)]
        if not all(file.is_file() for file in files) or files[0].read_bytes() != files[1].read_bytes():
            yield name
