"""Predicted songs as text, JSON, JAMS and .lab: against files written by hand."""

import json

import numpy as np
import pytest

from tailwise.core.heads import IGNORE, Head
from tailwise.metrics.predictions import Predictions
from tailwise.recipes.prediction import Prediction
from tailwise.recipes.sections.inputs import SongInputs
from tailwise.recipes.sections.outputs import as_jams, as_json, as_lab, as_text, sections

HEAD = Head("section", ("verse", "pre-chorus"))
SURE = [0.9, 0.95, 0.85, 0.6, 0.7]
"""Of the classes 0, 0, 1, 1, 0."""
IDS = [0, 0, 1, 1, 0]
LINES = ["first line", "second", "歌を歌う", "la\tla", "last"]


def predicted(name="song", lines=()) -> Prediction:
    rows = np.array([[sure, 1 - sure] if label == 0 else [1 - sure, sure] for label, sure in zip(IDS, SURE)])
    unknown, names = np.full(5, IGNORE), [name] * 5
    found = Predictions(HEAD, names, [""] * 5, unknown, np.array(IDS), rows, np.arange(5))
    return Prediction(name, lines, [found])


def inputs(seconds=None) -> SongInputs:
    return SongInputs([None], "source", "song", form="text", seconds=seconds)


def test_lyrics_have_marks_above_and_confidences_in_a_column():
    """A character of two columns moves nothing."""
    assert as_text([predicted(lines=LINES)], inputs()) == (
        "[Verse]       0.93\n"
        "first line    0.90\n"
        "second        0.95\n"
        "\n"
        "[Pre-Chorus]  0.72\n"
        "歌を歌う      0.85\n"
        "la la         0.60\n"
        "\n"
        "[Verse]       0.70\n"
        "last          0.70\n"
    )


def test_several_songs_are_named():
    text = as_text([predicted("a", LINES), predicted("b\x1b[31m", LINES)], inputs())
    assert text.startswith("a\n\n[Verse]") and "\n\nb\n\n[Verse]" in text


def test_without_lyrics_a_line_a_section_with_times_or_positions():
    assert as_text([predicted()], inputs(seconds=30.25)).splitlines()[:2] == [
        "  0:00.0    1:00.5  verse       0.93",
        "  1:00.5    2:01.0  pre-chorus  0.72",
    ]
    assert as_text([predicted()], inputs()).splitlines()[1] == "       2         4  pre-chorus  0.72"


def test_control_characters_are_shown_and_not_sent_to_the_terminal():
    text = as_text([predicted(lines=["a\x07b", "\x1b[2Jc", "d\u202ee", "f", "g"])], inputs())
    assert "a\\u0007b" in text and "\x1b" not in text and "\u202e" not in text


def test_json_has_sections_with_their_lines():
    found = json.loads(as_json([predicted(lines=LINES)], inputs()))
    assert found["unit"] == "line" and found["songs"][0]["name"] == "song"
    second = found["songs"][0]["sections"][1]
    assert (second["start"], second["end"], second["label"]) == (2, 4, "pre-chorus")
    assert second["confidence"] == pytest.approx(0.725)
    assert second["lines"] == [{"text": "歌を歌う", "confidence": 0.85}, {"text": "la\tla", "confidence": 0.6}]


def test_json_of_audio_has_seconds_and_a_confidence_each_position():
    found = json.loads(as_json([predicted()], inputs(seconds=0.5)))
    assert found["unit"] == "second"
    (first, *_) = found["songs"][0]["sections"]
    assert (first["start"], first["end"], first["confidences"]) == (0, 1, [0.9, 0.95])


def test_jams_tiles_the_song_in_segment_open():
    found = json.loads(as_jams([predicted()], inputs(seconds=0.5)))
    (annotation,) = found["annotations"]
    assert annotation["namespace"] == "segment_open" and annotation["sandbox"] == {"unit": "second"}
    assert [(row["time"], row["duration"], row["value"]) for row in annotation["data"]] == [
        (0, 1, "verse"),
        (1, 1, "pre-chorus"),
        (2, 0.5, "verse"),
    ]
    assert annotation["duration"] == found["file_metadata"]["duration"] == 2.5
    assert {"curator", "annotator", "version", "corpus", "annotation_tools", "data_source"} <= {
        *annotation["annotation_metadata"]
    }


def test_lab_has_three_fields_a_row():
    assert as_lab([predicted()], inputs(seconds=0.1)) == "0\t0.2\tverse\n0.2\t0.4\tpre-chorus\n0.4\t0.5\tverse\n"
    assert as_lab([predicted(lines=LINES)], inputs()) == "0\t2\tverse\n2\t4\tpre-chorus\n4\t5\tverse\n"


def test_sections_have_the_mean_confidence_of_their_class():
    assert [section.confidence for section in sections(predicted())] == pytest.approx([0.925, 0.725, 0.7])
