"""What SoccerNet-MVFoul's annotations say of a view, as ids: live or replay, replay speed, camera type."""

from bisect import bisect_left
from collections.abc import Callable, Mapping
from typing import Literal

MetadataName = Literal["replay", "speed", "camera"]

UNKNOWN = 0
"""Id of what is not known, in each of them."""
SPEEDS = (1.0, 1.5, 2.0, 3.0)
"""Upper ends of the ranges of the replay speed, which is a factor: 2.0 is half as fast; the last range is open."""
CAMERAS = (
    *("Main camera center", "Main camera left", "Main camera right", "Main behind the goal", "Spider camera"),
    *("Close-up player or field referee", "Close-up side staff", "Close-up corner", "Close-up behind the goal"),
    *("Inside the goal", "Goal line technology camera", "Public"),
)
"""The camera types of SoccerNet-v2, https://arxiv.org/abs/2011.13367; all others have one id in common."""


def replay_id(row: Mapping[str, str]) -> int:
    """1 live, 2 replay. Clip 0 is the live one: the annotations have no field for it."""
    return 1 + (int(row["view"]) > 0) if row["view"] else UNKNOWN


def speed_id(row: Mapping[str, str]) -> int:
    """1 for real time, then one for each range of slow motion."""
    return 1 + bisect_left(SPEEDS, float(row["replay_speed"])) if row["replay_speed"] else UNKNOWN


def camera_id(row: Mapping[str, str]) -> int:
    if not row["camera"]:
        return UNKNOWN
    return 1 + (CAMERAS.index(row["camera"]) if row["camera"] in CAMERAS else len(CAMERAS))


METADATA: dict[str, tuple[int, Callable[[Mapping[str, str]], int]]] = {
    "replay": (3, replay_id),
    "speed": (2 + len(SPEEDS), speed_id),
    "camera": (2 + len(CAMERAS), camera_id),
}
"""{name: (number of ids, id of a view)}. A view is a row with the index's columns view, replay_speed and camera."""


NOTHING = {"view": "", "replay_speed": "", "camera": ""}
"""A view of which nothing is known."""


def metadata_ids(row: Mapping[str, str], names: tuple[str, ...]) -> list[int]:
    """Ids (K,) of a view. Raises KeyError for a column that is missing, ValueError for a cell that is no number."""
    return [METADATA[name][1](row) for name in names]
