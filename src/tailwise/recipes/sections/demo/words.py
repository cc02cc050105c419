"""Lines of made-up words that rhyme, with the small words of English between them."""

from dataclasses import dataclass

import numpy as np

ONSETS = (*"bcdfghjklmnprstvw", "br", "dr", "fl", "gl", "sh")
NUCLEI = ("a", "e", "i", "o", "u", "ea", "ai", "ou")
CODAS = ("", "", "l", "m", "n", "r", "s", "t", "nd", "st")
SMALL = (
    *("the", "a", "and", "in", "on", "of", "to", "for", "with", "from", "it", "is", "was", "all", "this", "that"),
    *("I", "my", "me", "you", "your", "we", "I'm", "don't", "when", "where", "like", "so", "but", "down", "up", "now"),
)
CRIES = ("oh", "yeah", "hey", "ooh", "la la", "na na", "whoa")
ENDS = (*[""] * 25, *[","] * 5, "!", "?")
SHARE_OF_SMALL = 0.5
LEXICON, VOICE, RHYMES = 900, 70, 12
"""Words of all songs; of one song; families of rhymes of one song."""


@dataclass(frozen=True, eq=False)
class Voice:
    """The words of one song, their cumulative odds, and its rhymes, as endings of words."""

    words: tuple[str, ...]
    cumulative: np.ndarray
    rhymes: tuple[str, ...]


def lexicon(seed: int) -> list[str]:
    """Different words of one to three syllables."""
    rng = np.random.default_rng([seed, 0])
    words: dict[str, None] = {}
    while len(words) < LEXICON:
        words["".join(syllable(rng) for _ in range(rng.choice((1, 2, 3), p=(0.4, 0.45, 0.15))))] = None
    return list(words)


def syllable(rng: np.random.Generator) -> str:
    return pick(rng, ONSETS) + rime(rng)


def rime(rng: np.random.Generator) -> str:
    """What rhymes of a syllable."""
    return pick(rng, NUCLEI) + pick(rng, CODAS)


def draw_voice(rng: np.random.Generator, words: list[str]) -> Voice:
    """A song's words, the n-th with odds 1 / (n + 3)."""
    odds = (1 / (np.arange(VOICE) + 3.0)).cumsum()
    rhymes = tuple(pick(rng, NUCLEI) + pick(rng, CODAS[2:]) for _ in range(RHYMES))
    return Voice(tuple(words[i] for i in rng.permutation(len(words))[:VOICE]), odds / odds[-1], rhymes)


def draw_line(rng: np.random.Generator, voice: Voice, words: int, rhyme: int, cry: float) -> str:
    """A line of so many words. rhyme: the family that its last word is of; cry: probability of an interjection"""
    inner = [draw_word(rng, voice) for _ in range(max(words, 2) - 1)]
    last = pick(rng, ONSETS) + voice.rhymes[rhyme % len(voice.rhymes)]
    line = " ".join([*inner, last])
    if rng.random() < cry:
        line = f"{line}, {pick(rng, CRIES)}" if rng.random() < 0.7 else f"{pick(rng, CRIES)}, {line}"
    return _capital(line) + pick(rng, ENDS)


def draw_word(rng: np.random.Generator, voice: Voice) -> str:
    return (
        pick(rng, SMALL)
        if rng.random() < SHARE_OF_SMALL
        else voice.words[np.searchsorted(voice.cumulative, rng.random())]
    )


def change_line(rng: np.random.Generator, voice: Voice, line: str, share: float) -> str:
    """The line with a share of its words drawn anew, but for the last, which rhymes."""
    *words, last = line.split(" ")
    return _capital(" ".join([*(draw_word(rng, voice) if rng.random() < share else word for word in words), last]))


def pick(rng: np.random.Generator, items: tuple[str, ...]) -> str:
    return items[rng.integers(len(items))]


def _capital(line: str) -> str:
    return line[0].upper() + line[1:]
