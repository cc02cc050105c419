"""Pictures of any size become squares of one size over a background."""

import pytest
from PIL import Image

from support.images.encoding import BLUE, RECT, RED, encoded, svg, two_halves
from tailwise.data.images.canvas import Canvas, over, read_picture
from tailwise.data.images.picture import PictureError

WHITE = (255, 255, 255)


@pytest.mark.parametrize("fit", ["pad", "crop", "stretch"])
@pytest.mark.parametrize("content", [encoded(two_halves(40, 10), "PNG"), svg(RECT)])
def test_every_picture_becomes_a_square(content, fit):
    square, _ = Canvas(32, "#ffffff", fit).read(content)
    assert (square.size, square.mode) == ((32, 32), "RGB")


@pytest.mark.parametrize(("fit", "top"), [("pad", WHITE), ("crop", BLUE), ("stretch", BLUE)])
def test_what_is_around_the_picture(fit, top):
    square, _ = Canvas(32, "#ffffff", fit).read(encoded(two_halves(40, 10), "PNG"))
    assert square.getpixel((2, 1)) == top and square.getpixel((2, 16)) == BLUE and square.getpixel((30, 16)) == RED


def test_cropping_keeps_the_middle():
    image = Image.new("RGB", (60, 20), RED)
    image.paste(BLUE, (20, 0, 40, 20))
    square = Canvas(32, "#ffffff", "crop").draw(image)
    assert square.getcolors() == [(32 * 32, BLUE)]


def test_transparent_parts_show_the_background():
    image = Image.new("RGBA", (20, 20), (*RED, 0))
    image.paste((*BLUE, 255), (0, 0, 10, 20))
    image.putpixel((19, 19), (0, 0, 0, 128))
    found = over(image, (0, 255, 0))
    assert found.getpixel((2, 2)) == BLUE and found.getpixel((15, 2)) == (0, 255, 0)
    assert found.getpixel((19, 19)) == (0, 127, 0)


@pytest.mark.parametrize("fill", ["#ffffff", "none"])
def test_what_cannot_be_told_from_the_background_is_refused(fill):
    content = svg(f'<rect width="100" height="50" fill="{fill}"/>')
    with pytest.raises(PictureError, match="blank"):
        Canvas(32, "#ffffff", "pad").read(content)


def test_a_picture_of_one_colour_without_transparency_is_a_picture():
    assert Canvas(32, "#ffffff", "pad").read(encoded(Image.new("RGB", (20, 20), WHITE), "PNG"))


@pytest.mark.parametrize("head", ["", "\n ", "<!-- logo -->", '<?xml version="1.0"?>'])
def test_the_content_tells_the_format(head):
    assert read_picture(head.encode() + svg(RECT) if "?" not in head else head.encode() + svg(RECT), 32).form == "SVG"
    assert read_picture(encoded(two_halves(), "PNG"), 32).form == "PNG"


def test_an_empty_file_is_refused():
    with pytest.raises(PictureError, match="empty"):
        read_picture(b"", 32)


@pytest.mark.parametrize(
    ("size", "background", "reason"), [(4, "#ffffff", "size"), (2000, "#ffffff", "size"), (64, "white", "background")]
)
def test_a_canvas_that_cannot_be_is_refused(size, background, reason):
    with pytest.raises(ValueError, match=reason):
        Canvas(size, background, "pad")
