"""Measures of a line's words and length, and of its place in the song: (T,) each, in [0, 1] or [-1, 1]."""

from collections import Counter
from collections.abc import Collection, Sequence

import numpy as np

from tailwise.recipes.sections.features.repetition import log_share
from tailwise.recipes.sections.features.tokens import Tokens

INTERJECTIONS = frozenset(
    (
        *("oh", "ooh", "oooh", "ohh", "ah", "aah", "ahh", "uh", "huh", "hey", "ay", "aye", "yeah", "yea", "yeh", "yo"),
        *("na", "nah", "la", "da", "doo", "dee", "woah", "whoa", "wo", "mm", "mmm", "hmm", "ha"),
    )
)
FIRST_PERSON = frozenset(
    ("i", "im", "ive", "ill", "id", "me", "my", "mine", "myself", "we", "weve", "us", "our", "ours")
)
SECOND_PERSON = frozenset(("you", "youre", "youve", "youll", "youd", "your", "yours", "yourself", "u", "ya"))
VOWELS = frozenset("aeiouyäöüáéíóúàèìòùâêîôûãõåæøœëï")
MOST_WORDS, MOST_CHARACTERS, MOST_LINES, CAPPED_LINES = 16, 80, 200, 32


def position_measures(length: int) -> dict[str, np.ndarray]:
    """Place from the start and the end, relative, and in lines up to CAPPED_LINES; and the song's length."""
    here = np.arange(length)
    return {
        "start": here / max(length - 1, 1),
        "end": (length - 1 - here) / max(length - 1, 1),
        "start_lines": np.minimum(here / CAPPED_LINES, 1),
        "end_lines": np.minimum((length - 1 - here) / CAPPED_LINES, 1),
        "song_lines": np.broadcast_to(log_share(np.array(length), MOST_LINES), length),
    }


def length_measures(tokens: Tokens) -> dict[str, np.ndarray]:
    """Words and characters; and characters against the song's mean line and the lines beside."""
    characters = tokens.characters.astype(float)
    before, after = np.roll(characters, 1), np.roll(characters, -1)
    before[:1], after[-1:] = characters[:1], characters[-1:]
    return {
        "words": np.minimum(tokens.counts / MOST_WORDS, 1),
        "characters": np.minimum(characters / MOST_CHARACTERS, 1),
        "song": contrast(characters, np.full(len(characters), characters.mean())),
        "before": contrast(characters, before),
        "after": contrast(characters, after),
    }


def contrast(value: np.ndarray, other: np.ndarray) -> np.ndarray:
    """(a - b) / (a + b), 0 where both are 0."""
    total = value + other
    return np.divide(value - other, total, out=np.zeros(len(value)), where=total > 0)


def line_measures(tokens: Tokens, lines: Sequence[str]) -> dict[str, np.ndarray]:
    """Measures of a line's words that need no other line. lines: as written, for their punctuation"""
    return {
        "repeated": _each(tokens, lambda words: 1 - len(set(words)) / len(words)),
        "vowels": np.array([_share(text.replace(" ", ""), VOWELS) for text in tokens.texts]),
        "interjections": _each(tokens, lambda words: _share(words, INTERJECTIONS)),
        "first_person": _each(tokens, lambda words: _share(words, FIRST_PERSON)),
        "second_person": _each(tokens, lambda words: _share(words, SECOND_PERSON)),
        "exclamation": np.array([float(any(mark in line for mark in "!?¡¿！？")) for line in lines]),
    }


def shared_measures(tokens: Tokens) -> dict[str, np.ndarray]:
    """Shares of a line's words that stand in other lines of the song, and in the two lines beside."""
    sets = [set(words) for words in tokens.words]
    count = Counter(word for words in sets for word in words)
    empty: set[str] = set()
    beside = [before | after for before, after in zip([empty, *sets], [*sets[1:], empty])]
    return {
        "shared": _each(tokens, lambda words: sum(count[word] > 1 for word in words) / len(words)),
        "beside": np.array([_share(words, others) for words, others in zip(tokens.words, beside)]),
    }


def _each(tokens: Tokens, measure) -> np.ndarray:
    """The measure of each line, 0 for a line without words."""
    return np.array([measure(words) if words else 0.0 for words in tokens.words])


def _share(items: Sequence[str], known: Collection[str]) -> float:
    return sum(item in known for item in items) / len(items) if items else 0.0
