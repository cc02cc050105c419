"""A line of lyrics as characters and words that repetition is measured on: no case, no punctuation."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from unicodedata import normalize

import numpy as np

LONGEST = 64
"""Characters of a line that are compared: the bits of the integer that holds a row of the comparison."""
APOSTROPHES = re.compile("['’‘`´]")
NO_WORD = re.compile(r"[\W_]+")


@dataclass(frozen=True, eq=False)
class Tokens:
    """T lines. texts: words joined by a space; words: of each line; codes: (T, LONGEST) int32, -1 behind the end."""

    texts: list[str]
    words: list[list[str]]
    codes: np.ndarray

    @property
    def characters(self) -> np.ndarray:
        """(T,) characters of each text, also those that are not compared."""
        return np.array([len(text) for text in self.texts])

    @property
    def counts(self) -> np.ndarray:
        """(T,) words of each line."""
        return np.array([len(words) for words in self.words])


def tokenize(lines: Sequence[str]) -> Tokens:
    """Words are runs of letters and digits of any alphabet; an apostrophe joins: ``Don't`` is ``dont``."""
    texts = [plain(line) for line in lines]
    return Tokens(texts, [text.split() for text in texts], _codes(texts))


def plain(line: str) -> str:
    """
    >>> plain("(Don't go,  don't GO!)")
    'dont go dont go'
    """
    return NO_WORD.sub(" ", APOSTROPHES.sub("", normalize("NFKC", line).casefold())).strip()


def identify(items: Sequence[object]) -> np.ndarray:
    """(T,) numbers, equal where the items are equal; None is equal to nothing and gets -1."""
    known: dict[object, int] = {}
    return np.array([-1 if item is None else known.setdefault(item, len(known)) for item in items], np.int32)


def _codes(texts: Sequence[str]) -> np.ndarray:
    codes = np.full((len(texts), LONGEST), -1, np.int32)
    for row, text in zip(codes, texts):
        points = np.frombuffer(text[:LONGEST].encode("utf-32-le"), np.int32)
        row[: len(points)] = points
    return codes
