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
from tailwise.models.sequence.tagger import SequenceModel
from tailwise.recipes.sections.report.explain import attention_of

WIDTH = 5


class Songs:
    """Two songs of 7 and 200 positions."""

    names = ("short", "long")
    lengths = (7, 200)

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
    found = attention_of(task(attention=Attention()), name, torch.device("cpu"))["attention"]
    values = np.frombuffer(base64.b64decode(found["bytes"]), np.uint8)
    assert found["side"] == side and len(values) == side * side and values.max() == 255 and values.std() > 0


def test_a_model_without_attention_explains_nothing():
    assert attention_of(task(), "short", torch.device("cpu")) == {}
