"""Self-similarity matrices of the lines of a song: (T, T) float32 in [0, 1], symmetric, 1 on the diagonal.

Lines without a letter or digit are like no other line. What is compared of a line is in `tokens.py`.
"""

from collections.abc import Sequence

import numpy as np

from tailwise.recipes.sections.features.tokens import LONGEST, Tokens, identify

AT_ONCE = 32
"""Lines that are compared with all others at a time."""
SUFFIXES = (2, 3, 4)
"""Letters at the end of a line that may be equal, for its rhyme."""
PREFIXES = (1, 2, 3)
"""Words at the beginning of a line that may be equal."""


def edit_similarity(tokens: Tokens) -> np.ndarray:
    """1 - insertions and deletions / characters, that is 2 LCS(a, b) / (len a + len b), of the first 64 characters.

    Each pair of different lines once, a bit a character.
    """
    each, places = np.unique(tokens.codes, axis=0, return_inverse=True)
    lengths = (each >= 0).sum(axis=1)
    order = np.argsort(lengths, kind="stable")
    common = np.zeros((len(each), len(each)), np.uint8)
    common[np.ix_(order, order)] = _common_subsequences(each[order], lengths[order])
    total = lengths[:, None] + lengths
    similar = np.divide(2.0 * common, total, out=np.zeros(total.shape), where=total > 0)
    places = places.reshape(-1)
    return _with_diagonal(similar[places[:, None], places])


def _common_subsequences(codes: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """(U, U) lengths of the longest common subsequences of lines that are sorted by length.

    codes: (U, LONGEST), -1 behind the end
    Some lines at a time, so that what is worked on stays in the processor's cache.
    """
    masks, letters = _masks(codes)
    found = np.zeros((len(codes), len(codes)), np.uint8)
    for start in range(0, len(codes), AT_ONCE):
        end = min(start + AT_ONCE, len(codes))
        part = _against(masks[:, start:], letters[start:end, : lengths[end - 1]])
        found[start:end, start:], found[start:, start:end] = part, part.T
    return found


def _masks(codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(letters, U) uint64, bit i set where the line has the letter at i; and (U, LONGEST) numbers of the letters."""
    alphabet, letters = np.unique(codes, return_inverse=True)
    letters = letters.reshape(codes.shape)
    masks = np.zeros((len(alphabet), len(codes)), np.uint64)
    for bit in range(LONGEST):
        masks[letters[:, bit], np.arange(len(codes))] |= np.uint64(1 << bit)
    masks[alphabet < 0] = 0  # what stands behind the end of a line matches nothing
    return masks, letters


def _against(masks: np.ndarray, letters: np.ndarray) -> np.ndarray:
    """(N, U) lengths of common subsequences of N lines, by their letters, with U lines, by their masks.

    Source: Hyyrö, Bit-parallel LCS-length computation revisited, 2004.
    """
    rows = np.full((len(letters), masks.shape[1]), ~np.uint64(0))
    matched = np.empty_like(rows)
    for column in letters.T:
        np.take(masks, column, axis=0, out=matched, mode="clip")
        matched &= rows
        rest = rows - matched
        rows += matched
        rows |= rest
    return np.bitwise_count(~rows)


def word_similarity(tokens: Tokens) -> np.ndarray:
    """Cosine of the counts of words and of pairs of neighbouring words."""
    grams = [[*words, *zip(words, words[1:])] for words in tokens.words]
    ids = identify([gram for line in grams for gram in line])
    lines = np.repeat(np.arange(len(grams)), [len(line) for line in grams])
    counts = np.zeros((len(grams), ids.max(initial=0) + 1), np.float32)
    np.add.at(counts, (lines, ids), 1)
    norms = np.linalg.norm(counts, axis=1, keepdims=True)
    unit = np.divide(counts, norms, out=counts, where=norms > 0)
    return _with_diagonal(np.clip(unit @ unit.T, 0, 1))


def ending_similarity(tokens: Tokens) -> np.ndarray:
    """Rhyme: the share of SUFFIXES that two lines have in common, spaces left out."""
    letters = [text.replace(" ", "") for text in tokens.texts]
    return _share_of_equal([[text[-n:] if len(text) >= n else None for text in letters] for n in SUFFIXES])


def beginning_similarity(tokens: Tokens) -> np.ndarray:
    """The share of PREFIXES that two lines have in common."""
    return _share_of_equal([[tuple(w[:n]) if len(w) >= n else None for w in tokens.words] for n in PREFIXES])


def shape_similarity(tokens: Tokens) -> np.ndarray:
    """Lines of one length: the shorter's characters by the longer's."""
    lengths = tokens.characters
    longer = np.maximum(lengths[:, None], lengths)
    return _with_diagonal(np.divide(np.minimum(lengths[:, None], lengths), longer, where=longer > 0, out=longer * 0.0))


def _share_of_equal(parts: Sequence[Sequence[object]]) -> np.ndarray:
    ids = [identify(items) for items in parts]
    return _with_diagonal(np.mean([(a[:, None] == a) & (a >= 0) for a in ids], axis=0))


def _with_diagonal(matrix: np.ndarray) -> np.ndarray:
    made = matrix.astype(np.float32)
    np.fill_diagonal(made, 1)
    return made
