"""Which revisions are seeds of one row, and what a row is called."""

from support.compare.made import revision
from tailwise.compare.rows import differing, make_rows


def labels(*revisions, **options):
    return [(row.label, list(row.of_seed)) for row in make_rows(revisions, **options)]


def test_revisions_of_the_same_params_are_seeds_of_one_row():
    rows = labels(
        revision("one", 3), revision("wide", 1, {"rate": 2}), revision("two", 1), revision("wider", 2, {"rate": 2})
    )
    assert rows == [("one and 1 more", [1, 3]), ("rate=2", [1, 2])]


def test_a_row_is_named_by_all_that_differs_from_the_first():
    first = {"model.kind": "a", "model.drop": 0.1, "rate": 1e-5, "mix": None}
    other = {"model.kind": "b", "rate": 1e-5, "mix": True, "heads": ["x", "y"]}
    assert differing(other, first) == {"model.kind": "b", "mix": True, "heads": ["x", "y"], "model.drop": "absent"}
    named = labels(revision("main", params=first), revision("other", params=other))
    assert named[1][0] == "model.kind=b, mix=true, heads=['x', 'y'], model.drop=absent"


def test_other_code_is_another_row_unless_it_may_be_the_same():
    two = revision("main", sources={"src": "1"}), revision("branch", 2, sources={"src": "2"})
    assert labels(*two) == [("main", [1]), ("code of branch", [2])]
    assert labels(*two, by_code=False) == [("main and 1 more", [1, 2])]


def test_the_same_run_counts_once_and_another_result_of_the_same_seed_is_another_row():
    same, other = revision("again"), revision("elsewhere", recall=(0.1, 0.2))
    assert labels(revision("main"), same) == [("main", [1])]
    assert labels(revision("main"), same, other) == [("main", [1]), ("elsewhere", [1])]


def test_a_row_may_have_a_name_of_its_own_and_no_two_have_the_same():
    three = revision("x-1"), revision("x-2", params={"rate": 2}), revision("x-3", params={"rate": 3})
    assert [name for name, _ in labels(*three, labels={"x-1": "slow", "x-2": "fast", "x-3": "fast"})] == [
        "slow",
        "fast (x-2)",
        "fast (x-3)",
    ]


def test_a_long_value_is_shortened():
    assert len(labels(revision("main"), revision("long", params={"rate": "x" * 500}))[1][0]) < 80
