"""Embeddings of a task's samples, computed once and kept as files: what a phase that trains the heads alone reads."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch
from torch import nn

from tailwise.core.batch import Batch
from tailwise.core.errors import UserError
from tailwise.core.files import write_bytes
from tailwise.core.stage.progress import Progress
from tailwise.core.tensors import digest
from tailwise.engine.batches.loading import load_batches
from tailwise.engine.batches.memory import catch_oom, catch_oom_in_all
from tailwise.engine.batches.order import augment_keys, chunks
from tailwise.engine.checkpoint.recovery import Recovery
from tailwise.engine.checkpoint.weights import read_tensors, write_tensors
from tailwise.engine.contract.passes import Passes
from tailwise.engine.contract.run import Run
from tailwise.engine.contract.task import Samples, Task

FILE = "features.safetensors"
"""In a folder with the manifest of the split: "features", (rows of the manifest, passes, ...), float32."""
SEEDS = "features"
"""Stands for the phase's name in the keys of augmentation."""


@dataclass(frozen=True)
class Extraction:
    """task: with the weights to use; embedder: the part of its model that embeds, see `Recipe.embedder`"""

    task: Task
    embedder: nn.Module
    run: Run
    recovery: Recovery

    def training(self, passes: Passes) -> torch.Tensor:
        """(rows, 1 + passes, ...): every pass over the training samples."""
        strengths = [0.0, *[passes.augment] * passes.passes]
        return torch.stack([self._one_pass("train", *each) for each in enumerate(strengths)], dim=1)

    def validation(self) -> torch.Tensor:
        """(rows, 1, ...): the plain pass over the validation samples, as an evaluation has them."""
        return self._one_pass("valid", 0, None).unsqueeze(1)

    def _one_pass(self, split: str, number: int, strength: float | None) -> torch.Tensor:
        """(rows, ...); what an interrupted run has computed is read."""
        samples = self.task.valid if strength is None else self.task.samples
        lists = chunks(range(len(samples)), self.run.training.micro_batch)
        files = [self.recovery.folder / f"{split}-{number}-{place:06}.safetensors" for place in range(len(lists))]
        missing = [each for each, file in zip(lists, files) if not file.exists()]
        found = self._embeddings(samples, missing, number, strength)
        with Progress(f"features of {split}, pass {number}", len(samples), "samples") as progress:
            for some, file in zip(lists, files):
                if not file.exists():
                    write_tensors(file, {"rows": next(found)}, {})
                progress.advance(len(some))
        return torch.cat([read_tensors(file)[0]["rows"] for file in files])

    @torch.no_grad()
    def _embeddings(
        self, samples: Samples, lists: list[list[int]], number: int, strength: float | None
    ) -> Iterator[torch.Tensor]:
        self.embedder.to(self.run.device).eval()
        for batch in load_batches(samples, lists, self.run.workers, self.run.events):
            embed = partial(self._embed, number=number, strength=strength)
            found = catch_oom(partial(embed, batch))
            if found is None:  # one sample at a time
                single = [samples.collate([samples[i]]) for i in batch.index.tolist()]
                found = torch.cat([catch_oom_in_all(partial(embed, one), self.run) for one in single])
            yield found

    def _embed(self, batch: Batch, number: int, strength: float | None) -> torch.Tensor:
        batch = batch.to(self.run.device)
        if strength is not None:
            keys = augment_keys(self.run.training.seed, SEEDS, number, batch.index.cpu().numpy())
            batch = self.task.prepare(batch, strength, keys)
        with self.run.autocast():
            rows = self.embedder(**batch.inputs).float().cpu()
        if not torch.isfinite(rows).all():
            raise UserError("the embeddings are not finite: train the weights again with a lower lr")
        return rows


def write_features(folder: Path, split: Path, embeddings: torch.Tensor, embedder: nn.Module) -> None:
    """Write the embeddings of a split, with its tables and a digest of what computed them."""
    for table in sorted([*split.glob("*.csv"), *split.glob("*.json")]):
        write_bytes(folder / table.name, table.read_bytes())
    write_tensors(folder / FILE, {"features": embeddings}, {"origin": digest(embedder.state_dict())})


def read_features(folder: Path) -> tuple[torch.Tensor, str]:
    """(embeddings, digest of the embedder's tensors) of a folder that `write_features` wrote; UserError for others."""
    tensors, facts = read_tensors(folder / FILE)
    if "features" not in tensors or "origin" not in facts:
        raise UserError(f"{folder / FILE}: not a file of features")
    return tensors["features"], facts["origin"]
