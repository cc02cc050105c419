"""What is done to a training batch of fouls on the device: views dropped, clips augmented."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import torch

from tailwise.core.batch import Batch
from tailwise.core.errors import UserError
from tailwise.core.heads import Head
from tailwise.data.video.augment.clips import Allowed, augment_clips
from tailwise.data.video.augment.draws import draw
from tailwise.data.video.augment.ranges import Augment, Labels
from tailwise.data.video.augment.views import kept_views

Ids = Mapping[str, list[int]]
"""{head: class ids}"""


def preparation(augment: Augment, heads: tuple[Head, ...], margin: int) -> Callable[..., Batch]:
    """`Task.prepare` for clips with `margin` more frames on either side.

    Raises UserError where the section `augment` names a head or a class that is not there.
    """
    reversible, one_sided = (class_ids(augment, name, heads) for name in ("reversible", "one_sided"))

    def prepare(batch: Batch, strength: float | np.ndarray, keys: np.ndarray) -> Batch:
        clips, present = batch.inputs["clips"], batch.inputs["mask"].cpu().numpy()
        strength = np.broadcast_to(strength, len(batch))
        draws = draw(keys, clips.shape[1], clips.shape[2] - 2 * margin, augment)
        if "views" in draws:
            present = kept_views(present, draws["views"][..., 0], augment.drop_views * strength)
        reverse = named(batch.targets, reversible, every=True)
        allowed = Allowed(strength, ~named(batch.targets, one_sided, every=False), reverse)
        changed = augment_clips(clips, present, draws, augment, allowed, margin)
        mask = torch.from_numpy(present).to(clips.device) if "views" in draws else batch.inputs["mask"]
        return replace(batch, inputs={**batch.inputs, "clips": changed, "mask": mask})

    return prepare


def class_ids(augment: Augment, name: str, heads: tuple[Head, ...]) -> Ids:
    """The classes that a field of `augment` names, as ids."""
    labels: Labels = getattr(augment, name)
    known = {head.name: head.classes for head in heads}
    for head, classes in labels.items():
        if head not in known:
            raise UserError(f"augment.{name}.{head}: there is no such head; there are {', '.join(known)}")
        if absent := [label for label in classes if label not in known[head]]:
            raise UserError(f"augment.{name}.{head}: no class {absent[0]!r}; there are {', '.join(known[head])}")
    return {head: [known[head].index(label) for label in classes] for head, classes in labels.items()}


def named(targets: dict[str, torch.Tensor], ids: Ids, every: bool) -> np.ndarray:
    """Whether a sample's class is among those named, in every head that is named or in any, (B,) bool."""
    found = [np.isin(targets[head].cpu().numpy(), of_head) for head, of_head in ids.items()]
    samples = len(next(iter(targets.values())))
    return (np.logical_and if every else np.logical_or).reduce([np.full(samples, every), *found])
