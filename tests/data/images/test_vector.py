"""SVG files are rasterised the same everywhere, and never read anything but themselves."""

import base64
import hashlib

import pytest

from support.images.encoding import BLUE, RECT, RED, encoded, png, svg, two_halves
from tailwise.data.images.picture import PictureError
from tailwise.data.images.vector import DEEPEST, read_vector

USES = "".join(f'<g id="u{n}">{f"""<use xlink:href="#u{n - 1}"/>""" * 10}</g>' for n in range(1, 9))
ENTITIES = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12))


def test_the_longer_side_has_the_pixels_asked_for():
    picture = read_vector(svg(RECT), 64)
    assert (picture.pixels.size, picture.pixels.mode, picture.form) == ((64, 32), "RGBA", "SVG")
    assert picture.pixels.getpixel((10, 10)) == (*RED, 255) and (picture.width, picture.height) == (100, 50)


def test_the_shorter_side_has_the_pixels_asked_for():
    assert read_vector(svg(RECT), 64, longer=False).pixels.size == (128, 64)
    assert read_vector(svg(RECT, 'viewBox="0 0 600 10"'), 16, longer=False).pixels.size == (128, 3)


def test_what_is_not_drawn_is_transparent():
    assert read_vector(svg('<rect width="50" height="50"/>'), 64).pixels.getpixel((60, 10))[3] == 0


def test_the_same_pixels_as_when_this_was_written():
    """Of curves, a gradient and a stroke: another release of resvg, or another machine, must not change them."""
    body = """<defs><linearGradient id="g"><stop stop-color="#102030"/><stop offset="1" stop-color="#f0a0c0"/>
        </linearGradient></defs><circle cx="30" cy="25" r="20" fill="url(#g)"/>
        <path d="M50 40C60 0 80 50 95 10" fill="none" stroke="#123456" stroke-width="4"/>"""
    pixels = read_vector(svg(body), 64).pixels.tobytes()
    assert hashlib.sha256(pixels).hexdigest()[:16] == "20c6cfeb1cbf8378"


@pytest.mark.parametrize(
    ("attributes", "size"),
    [
        ('viewBox="0 0 30 20"', (30, 20)),
        ('viewBox="0 0 30 20" width="90" height="30"', (90, 30)),
        ('viewBox="0,0,30,20" width="100%" height="100%"', (30, 20)),
        ('width="30mm" height="1.5e1mm"', (30, 15)),
        ("", (100, 100)),
    ],
)
def test_the_size_is_that_of_the_file(attributes, size):
    picture = read_vector(svg(RECT, attributes), 60)
    assert (picture.width, picture.height) == size
    assert attributes == "" or abs(picture.pixels.height - 60 * size[1] / size[0]) <= 1


def test_size_of_zero_is_refused():
    with pytest.raises(PictureError, match="too small"):
        read_vector(svg(RECT, 'width="0" height="10"'), 64)


def test_a_picture_within_is_drawn_if_it_is_there_as_data():
    data = base64.b64encode(encoded(two_halves(100, 50), "PNG")).decode()
    pixels = read_vector(svg(f'<image width="100" height="50" href="data:image/png;base64,{data}"/>'), 100).pixels
    assert pixels.getpixel((10, 10)) == (*BLUE, 255)


@pytest.mark.parametrize("link", ["/etc/passwd", "file:///tmp/a.png", "a.png", "https://example.org/a.png"])
@pytest.mark.parametrize("name", ["href", "xlink:href"])
def test_no_other_file_is_read(link, name):
    with pytest.raises(PictureError, match="needs other files"):
        read_vector(svg(f'<image width="100" height="50" {name}="{link}"/>'), 64)


def bomb() -> str:
    return base64.b64encode(png(20_000, 20_000, 8, 0, b"\0" * 100)).decode()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"<svg", "broken"),
        (b"<!DOCTYPE html><html><body></body></html>", "root element is html"),
        (svg(RECT + "<text>a</text>"), "needs fonts"),
        (svg(RECT, 'viewBox="0 0 1 1000000"'), "too narrow"),
        (svg(f'<defs><g id="u0">{RECT}</g>{USES}</defs><use xlink:href="#u8"/>'), "too large"),
        (f"<!DOCTYPE svg [<!ENTITY a0 'a'>{ENTITIES}]>".encode() + svg("<desc>&a11;</desc>"), "broken"),
        (svg("<g>" * DEEPEST + RECT + "</g>" * DEEPEST), "too deep"),
        (svg("<g>" * 100_000 + RECT + "</g>" * 100_000), "too deep"),
        (svg(f'<image href="data:image/png;base64,{bomb()}"/>'), "too large"),
        (svg('<image href="data:image/svg+xml,%3Csvg/%3E"/>'), "needs other files"),
        (b'<?xml version="1.0" encoding="nonsense"?>' + svg(RECT), "broken"),
        (b"\xff\xfe<\x00", "broken"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_with_its_reason(content, reason):
    with pytest.raises(PictureError, match=reason):
        read_vector(content, 64)


def test_an_element_that_names_itself_is_not_drawn():
    assert read_vector(svg('<g id="a"><use href="#a"/></g>' + RECT), 64).pixels.getpixel((10, 10)) == (*RED, 255)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_encodings_of_text(encoding):
    content = (svg(RECT).decode() + "<!-- ä -->").encode(encoding)
    assert read_vector(content, 64).pixels.getpixel((10, 10)) == (*RED, 255)
