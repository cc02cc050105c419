"""Predicted songs as text with marks, as JSON, as JAMS and as a table of segments (.lab)."""

import json
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any, cast

from tailwise.core.errors import escape
from tailwise.core.files import rounded
from tailwise.recipes.prediction import Inputs, Prediction
from tailwise.recipes.sections.inputs import SongInputs

WIDEST = 72
"""Columns of a line of lyrics; a longer one pushes its confidence to the right."""
JAMS_VERSION = "0.3.4"
"""Of the schema, https://jams.readthedocs.io"""


@dataclass(frozen=True)
class Section:
    """Positions start to end - 1, all of one class. confidence: mean probability of the class"""

    label: str
    start: int
    end: int
    confidence: float


def sections(one: Prediction) -> list[Section]:
    """The sections of a song, by the first head."""
    found = one.heads[0]
    sure = confidences(one)
    made = []
    for label, run in groupby(range(len(found)), key=lambda position: int(found.predicted[position])):
        positions = list(run)
        start, end = positions[0], positions[-1] + 1
        made.append(Section(found.head.classes[label], start, end, sum(sure[start:end]) / (end - start)))
    return made


def confidences(one: Prediction) -> list[float]:
    """(T,) probability of the predicted class of each position."""
    found = one.heads[0]
    return [float(row[label]) for row, label in zip(found.known_probabilities, found.predicted)]


def unit(one: Prediction, inputs: Inputs) -> str:
    """What positions and times are counted in: line, second or position."""
    seconds = cast(SongInputs, inputs).seconds
    return "line" if one.parts else "position" if seconds is None else "second"


def as_text(predictions: list[Prediction], inputs: Inputs) -> str:
    """Each song with a mark above each section, lines with their confidence; without lyrics a line a section."""
    blocks = []
    for one in predictions:
        rows = list(_lines_of_lyrics(one) if one.parts else _lines_of_times(one, inputs))
        wide = min(max(columns(text) for text, _ in rows), WIDEST)
        body = [text if sure is None else f"{padded(text, wide)}  {sure:.2f}" for text, sure in rows]
        blocks.append("\n".join([escape(one.name), "", *body] if len(predictions) > 1 else body))
    return "\n\n".join(blocks) + "\n"


def _lines_of_lyrics(one: Prediction) -> Iterator[tuple[str, float | None]]:
    sure = confidences(one)
    for section in sections(one):
        if section.start:
            yield "", None
        yield f"[{escape(section.label).title()}]", section.confidence
        for position in range(section.start, section.end):
            yield escape(" ".join(one.parts[position].split())), sure[position]


def _lines_of_times(one: Prediction, inputs: Inputs) -> Iterator[tuple[str, float | None]]:
    for section in sections(one):
        start, end = (_place(position, cast(SongInputs, inputs).seconds) for position in (section.start, section.end))
        yield f"{start:>8}  {end:>8}  {escape(section.label)}", section.confidence


def _place(position: int, seconds: float | None) -> str:
    if seconds is None:
        return str(position)
    minutes, rest = divmod(round(position * seconds, 3), 60)
    return f"{minutes:.0f}:{rest:04.1f}"


def columns(text: str) -> int:
    """Columns of a terminal: East Asian characters have two, marks that combine with the last one none."""
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def padded(text: str, width: int) -> str:
    return text + " " * max(0, width - columns(text))


def as_json(predictions: list[Prediction], inputs: Inputs) -> str:
    """{"unit", "songs": [{"name", "sections": [{"start", "end", "label", "confidence", "lines"}]}]}

    start, end: in the unit, from 0, the end not included; lines: {"text", "confidence"} of each; instead of them
    confidences, of each position, where there are no lyrics
    """
    songs = [{"name": one.name, "sections": list(_sections_json(one, inputs))} for one in predictions]
    return _json({"unit": unit(predictions[0], inputs), "songs": songs})


def _sections_json(one: Prediction, inputs: Inputs) -> Iterator[dict[str, Any]]:
    sure = confidences(one)
    for section, (start, end) in zip(sections(one), _times(one, inputs)):
        inside = slice(section.start, section.end)
        each: dict[str, Any] = {"confidences": sure[inside]}
        if one.parts:
            lines = zip(one.parts[inside], sure[inside])
            each = {"lines": [{"text": text, "confidence": confidence} for text, confidence in lines]}
        yield {"start": start, "end": end, "label": section.label, "confidence": section.confidence, **each}


def _times(one: Prediction, inputs: Inputs) -> list[tuple[float, float]]:
    """(start, end) of each section: seconds, or positions where their length is unknown."""
    step = cast(SongInputs, inputs).seconds
    found = sections(one)
    if step is None:
        return [(section.start, section.end) for section in found]
    return [(round(section.start * step, 6), round(section.end * step, 6)) for section in found]


def as_jams(predictions: list[Prediction], inputs: Inputs) -> str:
    """One song in the namespace segment_open; times are positions where the model knows no seconds."""
    (one,) = predictions
    times = _times(one, inputs)
    data = [
        {"time": start, "duration": end - start, "value": section.label, "confidence": section.confidence}
        for section, (start, end) in zip(sections(one), times)
    ]
    annotation = {
        "annotation_metadata": _annotation_metadata(),
        "namespace": "segment_open",
        "data": data,
        "sandbox": {"unit": unit(one, inputs)},
        "time": 0,
        "duration": times[-1][1],
    }
    return _json({"annotations": [annotation], "file_metadata": _file_metadata(one, times[-1][1]), "sandbox": {}})


def _annotation_metadata() -> dict[str, Any]:
    empty = dict.fromkeys(("version", "corpus", "annotation_rules", "validation"), "")
    return {
        "curator": {"name": "", "email": ""},
        "annotator": {},
        "annotation_tools": "tailwise",
        "data_source": "program",
        **empty,
    }


def _file_metadata(one: Prediction, duration: float) -> dict[str, Any]:
    texts = {"title": one.name, "artist": "", "release": ""}
    return {**texts, "duration": duration, "identifiers": {}, "jams_version": JAMS_VERSION}


def as_lab(predictions: list[Prediction], inputs: Inputs) -> str:
    """One song, a section a row: start, end and label between tabs; positions where the model knows no seconds."""
    (one,) = predictions
    rows = zip(_times(one, inputs), sections(one))
    return "".join(f"{start:.10g}\t{end:.10g}\t{_label(section)}\n" for (start, end), section in rows)


def _label(section: Section) -> str:
    """In one field of one line."""
    return escape(" ".join(section.label.split()))


def _json(value: Any) -> str:
    return json.dumps(rounded(value), ensure_ascii=False, indent=1) + "\n"


FORMATS = {"text": as_text, "json": as_json, "jams": as_jams, "lab": as_lab}
"""What the recipe adds to csv; its text replaces the shared one."""
