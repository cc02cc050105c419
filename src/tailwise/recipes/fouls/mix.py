"""Fouls mixed with each other: each view with one of the partner's, labels of every head alike."""

from dataclasses import replace

import numpy as np
import torch

from tailwise.core.batch import Batch, Mix
from tailwise.data.augment.streams import rectangles
from tailwise.data.video.augment.clips import put_back
from tailwise.data.video.augment.mix import blended, partner_views, pasted
from tailwise.engine.contract.mixing import Mixing, Mixup, draw_mix


def mix_fouls(batch: Batch, how: Mixing, keys: np.ndarray) -> Batch:
    """`Task.mix`: a prepared batch with its clips mixed, and who was mixed with whom."""
    clips, present, drawn = batch.inputs["clips"], batch.inputs["mask"].cpu().numpy(), draw_mix(keys, how.alpha)
    share, foul, device = drawn.share, present.nonzero()[0], clips.device
    own, other = (
        clips.flatten(0, 1).index_select(0, torch.from_numpy(places).to(device))
        for places in (present.flatten().nonzero()[0], partner_views(present, drawn.partner))
    )
    if isinstance(how, Mixup):
        mixed = blended(own, other, torch.from_numpy(share[foul].astype(np.float32)).to(device))
    else:
        inside = rectangles(np.sqrt(1 - share)[:, None].repeat(2, axis=1), drawn.place, clips.shape[3:5])
        share = 1 - inside.mean(axis=(1, 2))
        mixed = pasted(own, other, torch.from_numpy(inside[foul]).to(device))
    inputs = {**batch.inputs, "clips": put_back([*mixed], present)}
    who = torch.from_numpy(drawn.partner).to(device), torch.from_numpy(share.astype(np.float32)).to(device)
    return replace(batch, inputs=inputs, mix=Mix(*who))
