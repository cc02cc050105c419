"""A recipe outside the package: sequences, a head a position, a table of songs."""

import torch

RECIPE = """
from dataclasses import dataclass

import numpy as np

from tailwise.core.errors import UserError
from tailwise.recipes.prediction import Inputs, Sample
from tailwise.recipes.recipe import Recipe


@dataclass(frozen=True)
class Song:
    name: str
    notes: list


@dataclass(frozen=True)
class Spec:
    heads: tuple


class Tagger(Recipe):
    name = "songs"
    params = index = labels = config = build = None

    def find_inputs(self, args):
        rows = [line.split(",") for line in args.table.read_text().splitlines()]
        return Inputs([Song(name, [int(note) for note in notes.split()]) for name, notes in rows], sample_name="song")

    def from_specification(self, spec):
        from torch import nn

        from tailwise.core.heads import Head

        class Model(nn.Module):
            def __init__(self):
                super().__init__()
                self.scores = nn.Embedding(4, 3)

            def forward(self, notes):
                return {"tag": self.scores(notes)}

        return Model(), Spec((Head("tag", tuple(spec["classes"])),))

    def read_samples(self, inputs, spec, workers):
        for index, song in enumerate(inputs.samples):
            if song.notes:
                yield Sample(index, song.name, {"notes": np.array(song.notes)})


RECIPE = Tagger()
"""
SCORES = torch.tensor([[9.0, 0, 0], [0, 9, 0], [0, 0, 9], [1, 0, 0]])
