"""Exported files of torch, opened again to compare them with the trained model."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Sequence

import torch

from tailwise.core.errors import UserError
from tailwise.export.graph.exportable import as_tensors, for_export
from tailwise.export.graph.families import Arrays


def open_torch(content: bytes, form: str, outputs: Sequence[str]) -> Callable[[Arrays], Arrays]:
    """form: torchscript or torch-export; content: what this process has exported, never a user's file"""
    file = io.BytesIO(content)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch calls torch.jit deprecated
        call = torch.jit.load(file) if form == "torchscript" else torch.export.load(file).module()

    def run(batch: Arrays) -> Arrays:
        try:
            with for_export():
                found = call(*as_tensors(batch).values())
        except RuntimeError as error:
            raise UserError(f"{form} of this model takes inputs of one size alone: try another --to") from error
        return {name: value.detach().numpy() for name, value in zip(outputs, found)}

    return run
