"""Which answers can be averaged, and their average."""

from dataclasses import replace

import numpy as np
import pytest

from support.ensembles import HEAD, pool_of, told
from tailwise.core.errors import UserError
from tailwise.core.heads import IGNORE, Head
from tailwise.ensemble.pool import make_pool

TARGETS = [0, 1, 2, 0]
FIRST = told([[0.8, 0.1, 0.1], [0.2, 0.6, 0.2], [0.3, 0.3, 0.4], [0.4, 0.5, 0.1]], TARGETS)
SECOND = told([[0.5, 0.4, 0.1], [0.1, 0.8, 0.1], [0.0, 0.1, 0.9], [0.6, 0.3, 0.1]], TARGETS)


def test_probabilities_are_averaged_with_the_weights():
    pool = pool_of(one=FIRST, other=SECOND)
    (found,) = pool.average(np.array([3, 1]))
    np.testing.assert_allclose(found, (3 * FIRST.probabilities + SECOND.probabilities) / 4)
    assert (pool.average(np.array([0, 2]))[0] == SECOND.probabilities).all(), "one member alone is that member"
    assert pool.heads[0].answers(found).predicted.tolist() == found.argmax(axis=1).tolist()


def test_a_label_that_is_absent_has_no_row():
    targets = np.array([0, IGNORE, 2, 0])
    pool = pool_of(one=replace(FIRST, targets=targets), other=replace(SECOND, targets=targets))
    assert pool.heads[0].probabilities.shape == (2, 3, 3)


def test_rows_are_taken_by_group():
    pool = pool_of(one=FIRST, other=SECOND)
    assert pool.groups.tolist() == ["g0", "g1"]
    assert pool.take(pool.within({"g1"})).heads[0].targets.tolist() == [2, 0]


DECODED = replace(SECOND, predicted=np.array([0, 1, 2, 1]))
OTHER = replace(SECOND, head=Head("tag", ("a", "b", "d")))


@pytest.mark.parametrize(
    ("second", "said"),
    [
        (OTHER, "second: has other classes of tag than first: leave one of them out"),
        (replace(SECOND, head=Head("mark", HEAD.classes)), "second: predicts mark, but first tag: leave one of them"),
        (SECOND.take(np.array([1, 0, 2, 3])), "second: its answers of tag are of other validation samples or labels"),
        (SECOND.take(np.array([0, 1, 2])), "second: its answers of tag are of other validation samples or labels"),
        (replace(SECOND, targets=np.array([0, 1, 2, 1])), "second: its answers of tag are of other validation samples"),
        (replace(SECOND, groups=["g"] * 4), "second: its answers of tag are of other validation samples or labels"),
        (replace(SECOND, probabilities=None), "second: its answers of tag have no probabilities to average: run its"),
        (replace(SECOND, tau=1.0), "second: its probabilities of tag are adjusted, those of a weights file are not: "),
        (DECODED, "second: its answers of tag are decoded, and no decoding was fitted to an average: with --undecoded"),
    ],
)
def test_what_cannot_be_averaged_is_refused_in_a_line(second, said):
    with pytest.raises(UserError) as error:
        make_pool({"first": {"tag": FIRST}, "second": {second.head.name: second}})
    assert str(error.value).startswith(said) and "\n" not in str(error.value)


def test_decoded_answers_become_the_most_probable_ones_when_asked_to():
    pool = make_pool({"first": {"tag": FIRST}, "second": {"tag": DECODED}}, undecoded=True)
    of_second = pool.heads[0].answers(pool.member(1)[0])
    assert of_second.predicted.tolist() == SECOND.predicted.tolist() != DECODED.predicted.tolist()


def test_a_tie_that_rounding_made_is_not_taken_for_decoding():
    tied = told([[0.333333, 0.333333, 0.333334]] * 4, TARGETS, predicted=np.array([0, 1, 2, 0]))
    assert len(make_pool({"first": {"tag": FIRST}, "second": {"tag": tied}}).members) == 2


def test_one_member_is_no_ensemble():
    with pytest.raises(UserError, match="two members or more"):
        make_pool({"first": {"tag": FIRST}})
