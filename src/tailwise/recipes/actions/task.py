"""The actions pipeline as the engine sees it: one head on the tokens of two frozen streams."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import torch

from tailwise.core.batch import Batch, Mix
from tailwise.core.errors import UserError
from tailwise.core.heads import Head
from tailwise.data.augment.streams import uniform
from tailwise.data.video.store.facts import Facts
from tailwise.data.video.store.tokens import Tokens, choose_pass
from tailwise.engine.checkpoint.weights import as_json
from tailwise.engine.contract.metric import Select
from tailwise.engine.contract.mixing import Mixing, Mixup, draw_mix
from tailwise.engine.contract.task import Task
from tailwise.losses.classification import classification_loss
from tailwise.models.action.model import TwoStreams
from tailwise.models.frozen.streams import NAMES, Streams
from tailwise.recipes.actions.clips.figures import metrics
from tailwise.recipes.actions.clips.mirror import Swaps, swaps_of, with_swapped

PASS_STREAM = 31
"""What is added to a sample's key to draw its pass."""


@dataclass(frozen=True)
class Config:
    """The sections of params.yaml that define the task."""

    streams: Streams
    model: TwoStreams


def build(
    config: Config, heads: tuple[Head, ...], train: Path | None, valid: Path, seed: int, pretrained: bool = False
) -> Task:
    """The task on two splits of features.

    Weights are initialized from `seed`; `pretrained` loads the streams', which features are checked against.
    """
    torch.manual_seed(seed)
    validation, samples = Tokens(valid, heads), Tokens(train, heads, all_passes=True) if train else None
    facts = validation.facts
    if samples and samples.facts.streams != facts.streams:
        raise UserError(f"{train} and {valid}: features of different streams: run the stage features again")
    model = config.model.build(config.streams, heads, steps_of(facts), facts.pool)
    model.expect(facts.streams, str(valid))
    if pretrained:
        config.streams.pretrain(model.streams)

    def fallback() -> Task:
        simpler = config.model.fallback()
        assert simpler is not None
        return build(replace(config, model=simpler), heads, train, valid, seed, pretrained=True)

    return Task(
        heads=heads,
        model=model,
        spec=specification(config, heads, facts),
        train=samples,
        valid=validation,
        prepare=preparation(samples.facts.flipped if samples else facts.flipped, swaps_of(heads)),
        loss=classification_loss,
        mix=mix_tokens,
        metrics=metrics(heads),
        select=Select(tuple(head.name for head in heads), "macro_recall"),
        fallback=fallback if config.model.fallback() else None,
    )


def steps_of(facts: Facts) -> tuple[int, int]:
    """Tokens of a clip in each stream, in the order of `NAMES`."""
    semantic, motion = (facts.steps[name] for name in NAMES)
    return semantic, motion


def as_stored(config: Config, spec: dict) -> Config:
    """The config with the fallback model that a weights file is of; UserError if no fallback is that model."""
    model = config.model
    while as_json({"model": asdict(model.bare())}) != as_json({"model": spec.get("model")}):
        if (simpler := model.fallback()) is None:
            raise UserError("the weights are of a fallback of another model than the section model has")
        model = simpler
    return replace(config, model=model)


def preparation(flipped: tuple[bool, ...], swaps: Swaps) -> Callable[..., Batch]:
    """`Task.prepare`: one pass of each sample, an augmented one by chance `strength`, with the labels of that pass."""

    def prepare(batch: Batch, strength: float | np.ndarray, keys: np.ndarray) -> Batch:
        drawn = uniform(keys, (2,), PASS_STREAM)
        augmented = 1 + np.floor(drawn[:, 1] * (len(flipped) - 1)).astype(np.int64)
        chosen = np.where((drawn[:, 0] < strength) & (len(flipped) > 1), augmented, 0)
        mirrored = np.array(flipped)[chosen]
        device = batch.index.device
        tokens = {name: batch.inputs[name] for name in NAMES}
        of_pass = choose_pass(tokens, torch.from_numpy(chosen).to(tokens[NAMES[0]].device))
        changed = replace(batch, inputs={**batch.inputs, **of_pass})
        return with_swapped(changed, swaps, torch.from_numpy(mirrored).to(device))

    return prepare


def mix_tokens(batch: Batch, how: Mixing, keys: np.ndarray) -> Batch:
    """`Task.mix`: the tokens of two samples blended. UserError for cutmix, as tokens have no area."""
    if not isinstance(how, Mixup):
        raise UserError(f"mix {{kind: {how.kind}}}: tokens of clips have no area: use mixup")
    drawn = draw_mix(keys, how.alpha)
    device = batch.inputs[NAMES[0]].device
    partner = torch.from_numpy(drawn.partner).to(device)
    share = torch.from_numpy(drawn.share.astype(np.float32)).to(device)
    blend = share.view(-1, 1, 1)
    mixed = {name: blend * batch.inputs[name] + (1 - blend) * batch.inputs[name][partner] for name in NAMES}
    return replace(batch, inputs={**batch.inputs, **mixed}, mix=Mix(partner, share))


def specification(config: Config, heads: tuple[Head, ...], facts: Facts) -> dict:
    """What `recipes.actions.predict.specification.Specification` reads."""
    return {
        "recipe": "actions",
        "streams": asdict(config.streams.bare()),
        "model": asdict(config.model.bare()),
        "heads": [{"name": head.name, "classes": list(head.classes)} for head in heads],
        "window": facts.cut,
        "steps": [facts.steps[name] for name in NAMES],
        "pool": facts.pool,
        "views": asdict(facts.looks) if facts.looks else None,
    }
