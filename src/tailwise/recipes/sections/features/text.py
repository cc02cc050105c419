"""The features of a line of lyrics: repetition, position, length and words. They depend on the song alone.

No dictionary, no language model, nothing to download: English is known only by its interjections and pronouns.
"""

from collections.abc import Sequence

import numpy as np

from tailwise.recipes.sections.features import repetition, similarity, words
from tailwise.recipes.sections.features.tokens import Tokens, tokenize

BLOCK = 4
"""Lines of a block that is looked for elsewhere."""
WIDTHS = (2, 4, 8)
"""Lines on either side of a boundary."""
FAR = 8
MATRICES = {
    "edit": similarity.edit_similarity,
    "words": similarity.word_similarity,
    "ending": similarity.ending_similarity,
    "beginning": similarity.beginning_similarity,
}
OF_MATRIX = ("best", "top", "repeats", "ahead", "behind", *(f"novelty_{width}" for width in WIDTHS))
OF_REPEATS = ("run_behind", "run_ahead", "run", "nearest", "before", "after", "neighbour", "far")
TEXT_FEATURES: tuple[str, ...] = (
    *(f"{matrix}_{name}" for matrix in MATRICES for name in OF_MATRIX),
    *(f"edit_{name}" for name in OF_REPEATS),
    *("shape_ahead", "shape_behind"),
    *(f"position_{name}" for name in ("start", "end", "start_lines", "end_lines", "song_lines")),
    *(f"length_{name}" for name in ("words", "characters", "song", "before", "after")),
    *(f"word_{name}" for name in ("repeated", "vowels", "interjections", "first_person", "second_person")),
    *(f"word_{name}" for name in ("exclamation", "shared", "beside")),
)
"""What is measured, and how."""


def text_features(lines: Sequence[str]) -> np.ndarray:
    """(T, 60) float32 within [-1, 1], in the order of TEXT_FEATURES. lines: T, one or more."""
    columns = _features(lines)
    return np.stack([columns[name] for name in TEXT_FEATURES], axis=1).astype(np.float32)


def _features(lines: Sequence[str]) -> dict[str, np.ndarray]:
    tokens = tokenize(lines)
    matrices = {name: measure(tokens) for name, measure in MATRICES.items()}
    columns = {f"{name}_{key}": column for name in MATRICES for key, column in _of_matrix(matrices[name]).items()}
    columns |= {f"edit_{key}": column for key, column in _of_repeats(matrices["edit"]).items()}
    columns |= {f"shape_{key}": column for key, column in _of_shape(tokens).items()}
    columns |= {f"position_{key}": column for key, column in words.position_measures(len(lines)).items()}
    columns |= {f"length_{key}": column for key, column in words.length_measures(tokens).items()}
    columns |= {f"word_{key}": column for key, column in words.line_measures(tokens, lines).items()}
    return columns | {f"word_{key}": column for key, column in words.shared_measures(tokens).items()}


def _of_matrix(matrix: np.ndarray) -> dict[str, np.ndarray]:
    return {
        "best": repetition.best_elsewhere(matrix),
        "top": repetition.mean_of_top(matrix),
        "repeats": repetition.repeats(matrix),
        "ahead": repetition.block_ahead(matrix, BLOCK),
        "behind": repetition.block_behind(matrix, BLOCK),
        **{f"novelty_{width}": repetition.novelty(matrix, width) for width in WIDTHS},
    }


def _of_repeats(matrix: np.ndarray) -> dict[str, np.ndarray]:
    behind, ahead = repetition.runs(matrix)
    return {
        "run_behind": behind,
        "run_ahead": ahead,
        "run": np.maximum(behind, ahead),
        "nearest": repetition.nearest_repeat(matrix),
        "before": repetition.best_before(matrix),
        "after": repetition.best_after(matrix),
        "neighbour": repetition.neighbour(matrix),
        "far": repetition.far_repeats(matrix, FAR),
    }


def _of_shape(tokens: Tokens) -> dict[str, np.ndarray]:
    matrix = similarity.shape_similarity(tokens)
    return {"ahead": repetition.block_ahead(matrix, BLOCK), "behind": repetition.block_behind(matrix, BLOCK)}
