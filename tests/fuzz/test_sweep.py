"""The window's frames are those of a decode from frame 0, however key frames are placed and listed; ``make fuzz`` tries
all cases, here is each eighth, every orientation, and what is like the official clips.
"""

import pytest
import sweep

LIKE = [f"{gop}, {b_frames}, clip.mp4" for gop in ("few", "every 40") for b_frames in sweep.B_FRAMES]
CASES = [
    case
    for number, case in enumerate(sweep.cases())
    if number % 8 == 0 or case.turned != (0, False) or case.name in LIKE
]


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sweep")
    return [sweep.run(case, folder) for case in CASES]


def test_no_window_has_other_frames_or_another_orientation(outcomes):
    assert not [(outcome.case.name, outcome.wrong) for outcome in outcomes if outcome.wrong]


def test_no_sound_clip_is_refused(outcomes):
    assert not [(outcome.case.name, outcome.refused) for outcome in outcomes if outcome.refused]


def test_bare_decord_would_be_wrong_on_some_of_them(outcomes):
    """Or the sweep could find nothing."""
    assert sum(outcome.bare for outcome in outcomes) > 20


def test_clips_like_the_official_ones_are_decoded_by_decord(outcomes):
    like = [each for each in outcomes if each.like_official]
    assert len(like) >= len(LIKE) and all(each.decord == each.windows for each in like)
