"""What the source of a vector logo says, and the class that follows."""

import pytest

from support.images.encoding import svg
from tailwise.data.images.picture import PictureError
from tailwise.recipes.logos.properties.source import SourceFacts, source_class, source_facts


def test_colours_shapes_strokes_and_gradients_are_counted():
    body = """<defs><linearGradient id="a"><stop stop-color="#123456"/></linearGradient></defs>
        <g fill="#F00"><path d="M0 0L1 1"/><circle r="3" style="fill: #00ff00; stroke:none"/></g>
        <rect fill="#f00" stroke="#0000FF"/><rect fill="url(#a)"/>"""
    assert source_facts(svg(body)) == SourceFacts(colours=3, shapes=4, strokes=1, gradients=1, aspect=2.0)


def test_a_file_that_is_no_vector():
    with pytest.raises(PictureError):
        source_facts(b"x")


@pytest.mark.parametrize(
    ("facts", "wordmark", "kind"),
    [
        (SourceFacts(1, 9, 0, 0, 4.0), True, "text"),
        (SourceFacts(5, 9, 0, 0, 4.0), True, "text"),
        (SourceFacts(1, 1, 0, 1, 4.0), True, ""),
        (SourceFacts(5, 9, 0, 1, 4.0), False, "gradient"),
        (SourceFacts(1, 2, 0, 0, 1.4), False, "simple"),
        (SourceFacts(0, 1, 0, 0, 0.2), False, "simple"),
        (SourceFacts(1, 2, 0, 0, 1.5), False, ""),
        (SourceFacts(1, 3, 0, 0, 1.0), False, ""),
        (SourceFacts(2, 2, 0, 0, 1.0), False, ""),
        (SourceFacts(3, 4, 0, 0, 1.0), False, "complex"),
        (SourceFacts(3, 3, 0, 0, 1.0), False, ""),
        (SourceFacts(3, 4, 0, 0, 3.0), False, ""),
    ],
)
def test_the_class_of_a_source(facts, wordmark, kind):
    assert source_class(facts, wordmark) == kind
