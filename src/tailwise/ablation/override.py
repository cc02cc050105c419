"""Changes of params by dotted path, as rows of an ablation and methods of the study name them."""

import copy
from collections.abc import Sequence
from typing import Any

from tailwise.core.errors import UserError


def override(params: dict[str, Any], path: str, value: Any, phases: Sequence[str]) -> None:
    """Set a dotted path; ``phases.`` stands for each phase. Raises UserError for a path through a plain value."""
    first, *rest = path.split(".")
    for start in phases if first == "phases" else (first,):
        *folders, last = (start, *rest)
        place: Any = params
        for name in folders:
            place = place.setdefault(name, {})
            if not isinstance(place, dict):
                raise UserError(f"{path}: {name} is no section")
        place[last] = copy.deepcopy(value)
