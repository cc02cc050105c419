"""Section annotations in files: ``.lab``, the text files of SALAMI, and JAMS, to intervals.

Sources: https://github.com/DDMAL/salami-data-public, https://jams.readthedocs.io
"""

import json
import math
import re
from pathlib import Path
from typing import Any

from tailwise.core.errors import UserError
from tailwise.data.tables.spelling import quote
from tailwise.recipes.sections.readers.windows import Interval

NAMESPACES = ("segment_salami_function", "segment_open", "segment_tut", "segment_salami_upper", "segment_salami_lower")
"""Of JAMS, the first that a file has."""
LETTER = re.compile(r"[A-Za-z]'*")
END = "end"


def annotated(file: Path) -> Path | None:
    """The ``.lab`` file beside a recording, if there is one."""
    beside = file.with_suffix(".lab")
    return beside if beside.is_file() else None


def read_intervals(file: Path) -> list[Interval]:
    """The sections of a ``.lab`` file (start, end, label) or of a text file (start, label), in order.

    In a text file of SALAMI letters and instruments beside the names of sections are left out, and a line without a
    name goes on with the section above. Labels are in lower case. UserError names file and line for anything else.
    """
    rows = [(number, line.split("\t") if "\t" in line else line.split()) for number, line in _lines(file)]
    if file.suffix == ".lab":
        found = [_interval(file, number, cells) for number, cells in rows]
    else:
        found = _closed([(_time(file, number, cells[0]), " ".join(cells[1:])) for number, cells in rows])
    return checked(found, str(file))


def _lines(file: Path) -> list[tuple[int, str]]:
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{file}: cannot be read as UTF-8: {error}") from error
    return [(number, line.strip()) for number, line in enumerate(text.splitlines(), start=1) if line.strip()]


def _interval(file: Path, number: int, cells: list[str]) -> Interval:
    if len(cells) < 3:
        raise UserError(f"{file}: line {number}: must be start, end and label, found {quote(' '.join(cells))}")
    return Interval(_time(file, number, cells[0]), _time(file, number, cells[1]), " ".join(cells[2:]).strip().lower())


def _time(file: Path, number: int, cell: str) -> float:
    try:
        found = float(cell)
    except ValueError:
        found = math.nan
    if not 0 <= found < 1e6:
        raise UserError(f"{file}: line {number}: must begin with a time in seconds, found {quote(cell)}")
    return found


def _closed(marks: list[tuple[float, str]]) -> list[Interval]:
    """Intervals from the sections' starts; the last mark ends the song."""
    named = [(start, name) for start, text in marks if (name := section_name(text))]
    ends = [*(start for start, _ in named[1:]), marks[-1][0]] if named else []
    return [Interval(start, end, name) for (start, name), end in zip(named, ends) if name != END and end > start]


def section_name(text: str) -> str:
    """The name of the section in a line of SALAMI's text files, "" if there is none.

    >>> section_name("A, a, Verse, (vocal"), section_name("b, (guitar)"), section_name("Pre-Chorus")
    ('verse', '', 'pre-chorus')
    """
    words = [word.strip() for word in text.split(",")]
    names = [word for word in words if word and not LETTER.fullmatch(word) and not re.search(r"^\(|\)$", word)]
    return names[0].lower() if names else ""


def read_jams(file: Path) -> tuple[dict[str, Any], list[list[Interval]]]:
    """The metadata of a JAMS file, and the sections as each annotator has them; UserError for anything else."""
    try:
        found = json.loads(file.read_text(encoding="utf8"))
        every = [entry for entry in found["annotations"] if entry.get("namespace") in NAMESPACES]
        first = min((entry["namespace"] for entry in every), key=NAMESPACES.index, default="")
        parts = [_observations(entry["data"]) for entry in every if entry["namespace"] == first]
        metadata = dict(found.get("file_metadata") or {})
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UserError(f"{file}: is no JAMS file: {type(error).__name__}: {error}") from error
    if not parts:
        raise UserError(f"{file}: has no annotation of sections: one of {', '.join(NAMESPACES)}")
    return metadata, [checked(part, str(file)) for part in parts]


def _observations(data: Any) -> list[Interval]:
    """A list of observations, or the same as lists by field."""
    if isinstance(data, dict):
        data = [dict(zip(data, values)) for values in zip(*data.values())]
    rows = [(float(entry["time"]), float(entry["duration"]), str(entry["value"])) for entry in data]
    return [Interval(start, start + length, label.strip().lower()) for start, length, label in rows]


def checked(intervals: list[Interval], where: str) -> list[Interval]:
    """The intervals; UserError if there are none, or one begins before another's end."""
    if not intervals:
        raise UserError(f"{where}: has no section with a start and an end")
    for before, after in zip(intervals, intervals[1:]):
        if not before.start < before.end <= after.start + 1e-3:
            raise UserError(f"{where}: the section at {before.start:g} s must end after it begins and before the next")
    return intervals
