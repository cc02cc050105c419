"""Where the model looked, as the report shows it."""

import base64
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from support.sections.songs import HEAD
from tailwise.core.batch import Batch
from tailwise.models.sequence.attention import Attention
from tailwise.models.sequence.scales import Pyramid, Resolutions
from tailwise.models.sequence.tagger import SequenceModel
from tailwise.recipes.sections.report.explain import attention_of

WIDTH = 5
CPU = torch.device("cpu")


class Songs:
    """Two songs of 7 and 200 positions."""

    names = ("short", "long")
    lengths = (7, 200)
    features, seconds = SimpleNamespace(names=("a",) * WIDTH), None

    def __getitem__(self, i: int) -> int:
        return i

    def collate(self, items: list[int]) -> Batch:
        (length,) = (self.lengths[i] for i in items)
        features = torch.randn(1, length, WIDTH, generator=torch.Generator().manual_seed(1))
        return Batch({"features": features, "length": torch.tensor([length])}, {}, torch.tensor(items))


def task(**parts) -> Any:
    torch.manual_seed(0)
    return SimpleNamespace(valid=Songs(), model=SequenceModel(**parts).build(WIDTH, (HEAD,)).eval())


@pytest.mark.parametrize(("name", "side"), [("short", 7), ("long", 64)])
def test_attention_is_a_small_matrix(name, side):
    found = attention_of(task(attention=Attention()), name, CPU)["attention"]
    values = np.frombuffer(base64.b64decode(found["bytes"]), np.uint8)
    assert found["side"] == side and len(values) == side * side and values.max() == 255 and values.std() > 0


@pytest.mark.parametrize("join", ["concatenate", "attention"])
@pytest.mark.parametrize(("name", "columns"), [("short", 7), ("long", 64)])
def test_coarse_scales_and_parts_have_a_map_of_what_they_gave(name, columns, join):
    found = attention_of(task(resolutions=Resolutions((2, 4), join=join), pyramid=Pyramid((1, 2))), name, CPU)
    assert found["scales"]["rows"] == ["each position", "2 positions", "4 positions"]
    assert found["pyramid"]["rows"] == ["the position", "the song", "1/2 of the song"]
    for of in found.values():
        values = np.frombuffer(base64.b64decode(of["bytes"]), np.uint8).reshape(3, -1) / 255 * of["most"]
        assert of["columns"] == columns == values.shape[1] and 0 < of["most"] <= 1
        np.testing.assert_allclose(values.sum(axis=0), 1, atol=0.01)


def test_the_map_of_scales_follows_the_model():
    """Coarse scales that are switched off have a weight of 0."""
    made = task(resolutions=Resolutions((2,), join="concatenate"))
    before = attention_of(made, "short", CPU)["scales"]
    with torch.no_grad():
        made.model.resolutions.join.weight.zero_()
    after = attention_of(made, "short", CPU)["scales"]
    assert before != after and base64.b64decode(after["bytes"]) == bytes([255] * 7 + [0] * 7) and after["most"] == 1


def test_a_model_without_attention_explains_nothing():
    assert attention_of(task(), "short", CPU) == {}
