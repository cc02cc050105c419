import random

import numpy as np
import pytest

from tailwise.recipes.sections.features import repetition
from tailwise.recipes.sections.features.similarity import (
    beginning_similarity,
    edit_similarity,
    ending_similarity,
    shape_similarity,
    word_similarity,
)
from tailwise.recipes.sections.features.tokens import LONGEST, tokenize

ALL = (edit_similarity, word_similarity, ending_similarity, beginning_similarity, shape_similarity)


def common(a: str, b: str) -> int:
    """The textbook's table of the longest common subsequence."""
    row = [0] * (len(b) + 1)
    for x in a:
        above = row
        row = [0]
        for j, y in enumerate(b):
            row.append(above[j] + 1 if x == y else max(row[j], above[j + 1]))
    return row[-1]


def random_lines(count: int, longest: int) -> list[str]:
    rng = random.Random(count)
    return ["".join(rng.choices("abcd é", k=rng.randrange(longest))) for _ in range(count)]


@pytest.mark.parametrize("count, longest", [(1, 9), (40, 30), (70, 100)])
def test_edit_similarity_equals_the_table(count, longest):
    tokens = tokenize(random_lines(count, longest))
    texts = [text[:LONGEST] for text in tokens.texts]
    expected = [[2 * common(a, b) / (len(a) + len(b)) if a and b else 0 for b in texts] for a in texts]
    np.fill_diagonal(expected := np.array(expected, float), 1)
    np.testing.assert_allclose(edit_similarity(tokens), expected, atol=1e-6)


@pytest.mark.parametrize("measure", ALL)
def test_matrices_are_symmetric_within_0_and_1_with_1_on_the_diagonal(measure):
    matrix = measure(tokenize([*random_lines(50, 80), "", "!"]))
    np.testing.assert_allclose(matrix, matrix.T, atol=1e-6)
    assert matrix.min() >= 0 and matrix.max() <= 1 and (np.diagonal(matrix) == 1).all() and matrix.dtype == np.float32


@pytest.mark.parametrize("measure", ALL)
def test_lines_without_a_letter_are_like_no_other(measure):
    matrix = measure(tokenize(["...", "a b c", "!!"]))
    assert (matrix == np.eye(3)).all()


def test_word_similarity_by_hand():
    matrix = word_similarity(tokenize(["my love", "my love", "my heart", "love my"]))
    np.testing.assert_allclose(matrix[0], [1, 1, 1 / 3, 2 / 3], atol=1e-6)


def test_endings_and_beginnings_by_hand():
    tokens = tokenize(["i see the light", "i see a fight", "we see it all night"])
    np.testing.assert_allclose(ending_similarity(tokens)[0], [1, 1, 1], atol=1e-6)
    np.testing.assert_allclose(beginning_similarity(tokens)[0], [1, 2 / 3, 0], atol=1e-6)


def test_blocks_are_found_elsewhere():
    matrix = np.eye(8)
    matrix[0, 4] = matrix[1, 5] = matrix[4, 0] = matrix[5, 1] = 1
    np.testing.assert_allclose(repetition.block_ahead(matrix, 2), [1, 0.5, 0, 0, 1, 0.5, 0, 0])
    np.testing.assert_allclose(repetition.block_behind(matrix, 2), [0, 0.5, 1, 0.5, 0, 0.5, 1, 0.5][:8], atol=1)
    assert repetition.block_behind(matrix, 2)[[2, 6]].tolist() == [1, 1]


def test_novelty_is_highest_where_one_kind_gives_way_to_another():
    kinds = np.repeat([0, 1], 6)
    matrix = (kinds[:, None] == kinds).astype(float)
    for width in (2, 4):
        found = repetition.novelty(matrix, width)
        assert found.argmax() == 6 and found[6] == pytest.approx(1) and found[0] == 0
        np.testing.assert_allclose(found[[4 - width // 2, 8 + width // 2]], 0, atol=0.5)


def test_repeats_are_counted_by_their_logarithm():
    matrix = np.ones((4, 4))
    np.testing.assert_allclose(repetition.repeats(matrix), np.log(4) / np.log(9))
    assert (repetition.nearest_repeat(matrix) == 1).all()
    assert (repetition.nearest_repeat(np.eye(4)) == 0).all()
