import random

import numpy as np
import pytest

from tailwise.recipes.sections.features.text import TEXT_FEATURES, _features, text_features

LINES = (
    "I walk alone tonight",
    "Down a road of no return",
    "You were the only light",
    "And I never seem to learn",
    "Oh, sing it again, sing it loud!",
    "We are louder than the crowd",
    "Another morning, another train",
    "Nothing left of you but rain",
    "Oh, sing it again, sing it loud!",
    "We are louder than the crowd",
)


def of(name: str, lines=LINES) -> np.ndarray:
    return text_features(lines)[:, TEXT_FEATURES.index(name)]


def test_sixty_names_each_of_a_column():
    assert len(TEXT_FEATURES) == len(set(TEXT_FEATURES)) == 60
    assert set(_features(LINES)) == set(TEXT_FEATURES)


@pytest.mark.parametrize(
    "lines", [LINES, LINES[:1], LINES[:2], ("...",), ("...", "!!", "?"), ("愛してる", "愛してる", "空")]
)
def test_shape_type_and_range(lines):
    features = text_features(lines)
    assert features.shape == (len(lines), 60) and features.dtype == np.float32
    assert np.isfinite(features).all() and np.abs(features).max() <= 1


def test_random_songs_stay_in_range():
    rng = random.Random(0)
    for length in (1, 2, 3, 5, 17, 60):
        lines = ["".join(rng.choices("ab cö!(x'3 ", k=rng.randrange(90))) for _ in range(length)]
        assert np.abs(text_features(lines)).max() <= 1


def test_they_are_the_same_each_time():
    assert text_features(LINES).tobytes() == text_features(list(LINES)).tobytes()


def test_case_and_punctuation_change_nothing_but_the_exclamation():
    written = [line.upper().replace(" ", "  ") + " ..." for line in LINES]
    changed = TEXT_FEATURES.index("word_exclamation")
    np.testing.assert_array_equal(
        np.delete(text_features(written), changed, 1), np.delete(text_features(LINES), changed, 1)
    )


def test_a_repeated_line_has_similarity_one():
    for name in ("edit_best", "words_best", "ending_best", "beginning_best"):
        np.testing.assert_allclose(of(name)[[4, 5, 8, 9]], 1, atol=1e-6)
        assert of(name)[1] < 1


def test_first_and_last_occurrence():
    assert of("edit_before")[4] < 0.75 and of("edit_before")[8] == 1
    assert of("edit_after")[4] == 1 and of("edit_after")[8] < 0.75


def test_runs_say_where_a_repeat_begins_and_ends():
    one, two = np.log1p([1, 2]) / np.log1p(16)
    np.testing.assert_allclose(of("edit_run_ahead"), [0, 0, 0, 0, two, one, 0, 0, two, one], atol=1e-6)
    np.testing.assert_allclose(of("edit_run_behind"), [0, 0, 0, 0, one, two, 0, 0, one, two], atol=1e-6)


def test_a_rhyme_is_seen_across_lines():
    assert of("ending_best", ("some light", "no rhyme", "the night"))[0] == 1
    assert of("ending_best", ("some light", "no rhyme", "the day"))[0] == 0


def test_position_measures():
    np.testing.assert_allclose(of("position_start"), np.arange(10) / 9, atol=1e-6)
    np.testing.assert_allclose(of("position_end_lines"), (9 - np.arange(10)) / 32, atol=1e-6)


def test_word_measures():
    lines = ("Oh la la, yeah!", "I want you", "my words are mine", "go go go away")
    np.testing.assert_allclose(of("word_interjections", lines), [1, 0, 0, 0])
    np.testing.assert_allclose(of("word_first_person", lines), [0, 1 / 3, 0.5, 0], atol=1e-6)
    np.testing.assert_allclose(of("word_second_person", lines), [0, 1 / 3, 0, 0], atol=1e-6)
    np.testing.assert_allclose(of("word_repeated", lines), [0.25, 0, 0, 0.5])
    np.testing.assert_allclose(of("word_exclamation", lines), [1, 0, 0, 0])
