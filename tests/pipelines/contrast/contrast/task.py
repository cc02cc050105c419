"""The contrastive task: two noisy views of each vector, drawn anew in every epoch."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from contrast.vectors import SIZE, Demo
from torch import nn

from tailwise.core.batch import Batch, Outputs
from tailwise.core.files import read_csv
from tailwise.core.params.runtime import Runtime
from tailwise.engine.contract.metric import Select
from tailwise.engine.contract.run import Stability, Training
from tailwise.engine.contract.task import Task
from tailwise.recipes.phases import PlainPhase

TEMPERATURE = 0.1


@dataclass(frozen=True)
class Model:
    dim: int


@dataclass(frozen=True)
class Params:
    demo: Demo
    phase1: PlainPhase
    model: Model
    training: Training
    stability: Stability
    runtime: Runtime


@dataclass(frozen=True)
class Config:
    model: Model


class Encoder(nn.Module):
    """views (B, 2, 2 * SIZE) to {"contrast": embeddings (B, 2, dim)}."""

    def __init__(self, dim: int):
        super().__init__()
        self.embed = nn.Linear(2 * SIZE, dim)

    def forward(self, views: torch.Tensor) -> Outputs:
        return {"contrast": F.normalize(self.embed(views), dim=-1)}


class Vectors:
    """A split; what it gives are two views whose noise follows from the sample's index."""

    def __init__(self, folder: Path):
        rows = read_csv(folder / "manifest.csv")
        self.names = [row["sample"] for row in rows]
        self._values = np.array([row["values"].split() for row in rows], np.float32)

    def __len__(self) -> int:
        return len(self.names)

    def __getitem__(self, i: int) -> int:
        return i

    def collate(self, items: list[int]) -> Batch:
        vectors, index = torch.from_numpy(self._values[items]), torch.tensor(items)
        return Batch({"views": two_views(vectors, index[:, None].numpy())}, {}, index)

    def groups(self) -> Sequence[str]:
        return self.names


def two_views(vectors: torch.Tensor, keys: np.ndarray) -> torch.Tensor:
    """(B, SIZE) to (B, 2, 2 * SIZE): each view has noise of its own that follows from keys (B, K)."""
    noise = np.stack([np.random.default_rng([int(word) for word in key]).normal(size=(2, SIZE)) for key in keys])
    return torch.cat([vectors[:, None].expand(-1, 2, -1), 2 * torch.from_numpy(noise).float()], dim=-1)


def prepare(batch: Batch, strength: float, keys: np.ndarray) -> Batch:
    views = two_views(batch.inputs["views"][:, 0, :SIZE].cpu(), keys).to(batch.index.device)
    return Batch({"views": views}, {}, batch.index)


def similarities(outputs: Outputs) -> torch.Tensor:
    """(B, B): cosine of each first view with each second one."""
    first, second = outputs["contrast"].unbind(dim=1)
    return first @ second.T


def loss(outputs: Outputs, batch: Batch, boost: None) -> dict[str, torch.Tensor]:
    """InfoNCE summed over the samples. Source: https://arxiv.org/abs/1807.03748, eq. 4"""
    pairs = torch.arange(len(batch), device=batch.index.device)
    return {"contrast": F.cross_entropy(similarities(outputs) / TEMPERATURE, pairs, reduction="sum")}


class Retrieval:
    """Share of the samples whose second view is the nearest in its batch to their first."""

    def part(self, outputs: Outputs, batch: Batch) -> np.ndarray:
        nearest = similarities(outputs).argmax(dim=1).cpu()
        return np.array([float((nearest == torch.arange(len(batch))).sum()), float(len(batch))])

    def value(self, total: np.ndarray) -> float | None:
        return float(total[0] / total[1]) if len(total) else None


def build(config: Config, train: Path | None, valid: Path, seed: int) -> Task:
    torch.manual_seed(seed)
    return Task(
        heads=(),
        model=Encoder(config.model.dim),
        spec={"recipe": "contrast", "model": asdict(config.model)},
        train=Vectors(train) if train else None,
        valid=Vectors(valid),
        prepare=prepare,
        loss=loss,
        metrics={"retrieval": Retrieval()},
        select=Select("retrieval"),
    )
