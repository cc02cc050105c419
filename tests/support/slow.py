"""A few cases of a parametrized test in `make test`, the others in `make test-slow`."""

from collections.abc import Iterable

import pytest


def slow_but(cases: Iterable, *quick) -> list:
    """All cases, marked slow but for those in `quick`; raises ValueError for one of these that is no case."""
    cases = list(cases)
    if unknown := [case for case in quick if case not in cases]:
        raise ValueError(f"no such case: {unknown}")
    return [case if case in quick else _slow(case) for case in cases]


def _slow(case):
    values = case if isinstance(case, tuple) else (case,)
    return pytest.param(*values, marks=pytest.mark.slow)
