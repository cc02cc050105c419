"""Figures by dotted name."""

import pytest

from tailwise.core.errors import UserError
from tailwise.metrics.dotted import check_known, dotted

FIGURES = {"section": {"macro_f1": 0.5, "recall": {"verse": None, "chorus": 1}, "note": "text"}, "score": 2.5}


def test_every_number_has_a_name():
    assert dotted(FIGURES) == {
        "section.macro_f1": 0.5,
        "section.recall.verse": None,
        "section.recall.chorus": 1,
        "score": 2.5,
    }


def test_an_unknown_name_is_refused_with_the_known_ones():
    known = dotted(FIGURES)
    check_known("limits", ["score", "section.recall.verse"], known)
    with pytest.raises(UserError) as refused:
        check_known("limits", ["score", "section.f1"], known)
    said = (
        "limits: the pipeline has no figure 'section.f1'; did you mean section.macro_f1? It has section.macro_f1, sect"
    )
    assert str(refused.value).startswith(said) and "\n" not in str(refused.value)
    with pytest.raises(UserError, match="it has none"):
        check_known("limits", ["x"], {})
