"""The sequence tagger with its loss learns what single positions do not reveal."""

import pytest
import torch
from test_sequence_tagger import HEADS, OPTIONS

from tailwise.core.batch import Batch
from tailwise.core.heads import IGNORE
from tailwise.losses.sequence.loss import SequenceLoss, sequence_loss

SONGS, SIZE, FEATURES = 48, 16, 6


def batch(seed):
    """The label of a position is shown by the first features of the next position, the last has none."""
    rng = torch.Generator().manual_seed(seed)
    features = torch.randn(SONGS, SIZE, FEATURES, generator=rng)
    length = torch.randint(8, SIZE + 1, (SONGS,), generator=rng)
    shown = features[..., :3].argmax(dim=-1)
    targets = torch.full((SONGS, SIZE), IGNORE)
    targets[:, :-1] = shown[:, 1:]
    targets[torch.arange(SIZE) >= length[:, None] - 1] = IGNORE
    upcoming = {"next": torch.full_like(targets, IGNORE), "until": torch.full_like(targets, IGNORE)}
    return Batch({"features": features, "length": length}, {"section": targets, **upcoming}, torch.arange(SONGS))


def accuracy(model, data):
    answers = model.eval()(**data.inputs)["section"].argmax(dim=-1)
    kept = data.targets["section"] != IGNORE
    return float((answers == data.targets["section"])[kept].float().mean())


@pytest.mark.parametrize(("name", "least"), [("plain", 0.85), ("crf", 0.85), ("all", 0.55)])
def test_it_learns_from_the_positions_around(name, least):
    torch.manual_seed(0)
    model, train, valid = OPTIONS[name].build(FEATURES, HEADS), batch(0), batch(1)
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-2)
    before = accuracy(model, valid)
    for _ in range(40):
        sums = sequence_loss(SequenceLoss(), model.train()(**train.inputs), train, {})
        optimizer.zero_grad()
        (sums["section"] / train.count("section")).backward()
        optimizer.step()
    assert before < 0.45 and accuracy(model, valid) > least
