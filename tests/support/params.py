"""Params with some values changed."""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any


def with_values(params: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of `params` with the values of these dotted keys."""
    changed = deepcopy(dict(params))
    for path, value in values.items():
        *parents, last = path.split(".")
        place = changed
        for key in parents:
            place = place[key]
        place[last] = value
    return changed
