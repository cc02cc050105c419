"""PyTorch Lightning for comparison: the same model, batches, optimizer and clipping."""

import logging
import warnings

import torch
from torch import nn
from torch.utils.data import DataLoader

from setting import Setting, loss_of, optimizer_of
from tailwise.core.batch import Batch

try:
    import lightning
except ModuleNotFoundError:
    lightning = None

NAME = "Lightning"


def absent() -> str:
    """Why Lightning cannot be measured, "" if it can."""
    return "" if lightning else "PyTorch Lightning is not installed (requirements-bench.txt): measured without it."


def epoch(model: nn.Module, setting: Setting) -> list[float]:
    """One epoch of Lightning's Trainer without extras; returns the loss of each step."""
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", module="lightning")
    trainer = lightning.Trainer(
        accelerator="cpu",
        max_epochs=1,
        gradient_clip_val=setting.phase.clip,
        num_sanity_val_steps=0,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    module = _module(model, setting)
    trainer.fit(module, *(DataLoader(batches, batch_size=None) for batches in (setting.train, setting.valid)))
    return torch.stack(module.losses).tolist()


def _module(model: nn.Module, setting: Setting):
    """The model as a LightningModule, defined here because Lightning may be missing."""

    class Fouls(lightning.LightningModule):
        def __init__(self):
            super().__init__()
            self.model, self.losses = model, []

        def training_step(self, batch: Batch, _) -> torch.Tensor:
            loss = loss_of(self.model, batch)
            self.losses.append(loss.detach())
            return loss

        def validation_step(self, batch: Batch, _) -> None:
            {name: logits.argmax(dim=1) for name, logits in self.model(**batch.inputs).items()}

        def configure_optimizers(self) -> torch.optim.Optimizer:
            return optimizer_of(self.model, setting.phase)

    return Fouls()
