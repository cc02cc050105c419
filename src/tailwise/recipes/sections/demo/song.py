"""Sings a song: the lines of its sections, from its forms and habits."""

from dataclasses import dataclass, field

import numpy as np

from tailwise.recipes.sections.demo.grammar import Form, Habits, draw_forms, draw_habits, draw_order, draw_size
from tailwise.recipes.sections.demo.words import RHYMES, Voice, change_line, draw_line, draw_voice

CRIES = 0.05
"""Odds of an interjection in a line of any section but the chorus."""


@dataclass(frozen=True)
class Section:
    """What was sung: the name of the section and its lines."""

    name: str
    lines: tuple[str, ...]


@dataclass
class Singer:
    """Remembers what a song repeats. sung: {section: lines as first sung}; times: {section: how often it was}"""

    rng: np.random.Generator
    voice: Voice
    forms: dict[str, Form]
    habits: Habits
    sung: dict[str, list[str]] = field(default_factory=dict)
    times: dict[str, int] = field(default_factory=dict)

    def sing(self, name: str) -> Section:
        lines = self._repeated(name) if name in self.sung and self._repeats(name) else self._new(name)
        self.sung.setdefault(name, lines)
        self.times[name] = self.times.get(name, 0) + 1
        return Section(name, tuple(lines))

    def _repeats(self, name: str) -> bool:
        strophic = name == "verse" and self.habits.strophic and self.times[name] >= 2
        return name == "chorus" or strophic or (name == "pre-chorus" and self.habits.pre_chorus_repeats)

    def _new(self, name: str) -> list[str]:
        """New words in the section's form: each time with rhymes of its own, now and then a longer or shorter line."""
        form, start = self.forms[name], int(self.rng.integers(RHYMES))
        cry = self.habits.cries if name == "chorus" else CRIES
        lines = [
            draw_line(self.rng, self.voice, words + self._longer(), start + rhyme, cry)
            for words, rhyme in zip(form.words, form.rhymes)
        ]
        if name == "chorus" and self.habits.hook:
            lines[len(lines) // 2] = lines[0]
        if name == "verse" and self.habits.refrain:
            lines[-1] = self.sung.get("verse", lines)[-1]
        return lines

    def _longer(self) -> int:
        """Words more than the form has."""
        return int(self.rng.choice((-1, 0, 1), p=(0.15, 0.7, 0.15)))

    def _repeated(self, name: str) -> list[str]:
        """The lines as first sung, with small changes."""
        new, habits, rng = self._new(name), self.habits, self.rng
        return [
            other if rng.random() < habits.new_lines else change_line(rng, self.voice, line, habits.change)
            for line, other in zip(self.sung[name], new)
        ]


def draw_song(rng: np.random.Generator, words: list[str]) -> list[Section]:
    """The sections of a song as they are sung. words: of all songs"""
    size = draw_size(rng)
    singer = Singer(rng, draw_voice(rng, words), draw_forms(rng, size), draw_habits(rng))
    return [singer.sing(name) for name in draw_order(rng, size)]
