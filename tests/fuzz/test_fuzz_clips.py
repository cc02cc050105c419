"""Hundreds of corrupted clips: none stops the stage, each has a reason, and intact clips stay."""

import pytest
from campaign import FILMED, film, run
from mutate import MUTATIONS, mutant

CLIPS = 320


@pytest.fixture(scope="module")
def outcome(tmp_path_factory):
    return run(tmp_path_factory.mktemp("fuzz"), CLIPS)


def test_the_stage_ends_well_and_without_a_traceback(outcome):
    assert outcome.status == 0, outcome.said
    assert "Traceback" not in outcome.said


def test_no_good_clip_is_lost_or_changed(outcome):
    assert outcome.lost == ()


def test_every_mutant_gives_frames_or_a_reason(outcome):
    assert outcome.unaccounted == ()
    assert len(outcome.decoded) + len(outcome.refused) == CLIPS


def test_every_mutant_comes_out_the_same_in_a_second_run(outcome):
    assert outcome.unsteady == ()


def test_nothing_hangs_or_crashes_and_memory_stays(outcome):
    """On these clips and decoders; a clip that did would cost itself alone, see test_store.py."""
    assert not outcome.count("decoder hangs") and not outcome.count("decoder crashed")
    assert outcome.mb < 1000


def test_each_kind_of_mutation_breaks_some_clips_and_leaves_others(outcome):
    kinds = dict(outcome.by_kind())
    assert kinds.keys() == {mutation.__name__ for mutation in MUTATIONS}
    for outcomes in kinds.values():
        assert 0 < outcomes["decoded"] < outcomes.total() == CLIPS / len(MUTATIONS)


def test_a_mutant_follows_from_its_number_and_the_seed(tmp_path):
    good = film(tmp_path)
    assert len(good) == len(FILMED) + 1
    made = [dict(mutant(number, good, seed) for number in range(64)) for seed in (0, 0, 1)]
    assert made[0] == made[1] and not set(made[0].items()) & set(made[2].items())
    changed = [content not in good.values() for content in made[0].values()]
    assert sum(changed) >= 0.9 * len(changed)
