"""Every kind of picture file is read right, or refused with its reason."""

import struct

import numpy as np
import pytest
from PIL import Image

from support.images.encoding import BLUE, RED, chunk, encoded, png, two_halves
from tailwise.data.images.picture import PictureError
from tailwise.data.images.raster import ANIMATED, read_raster

LEFT, RIGHT = (0, 5), (19, 5)


def close(found, expected, atol=6):
    return np.allclose(found, expected, atol=atol)


@pytest.mark.parametrize(("form", "mode"), [("PNG", "RGB"), ("PNG", "P"), ("GIF", "P"), ("JPEG", "RGB")])
def test_colours_of_a_file_are_read(form, mode):
    picture = read_raster(encoded(two_halves().convert(mode), form))
    assert (picture.form, picture.pixels.mode, picture.pixels.size, picture.notes) == (form, "RGB", (20, 10), ())
    assert close(picture.pixels.getpixel(LEFT), BLUE) and close(picture.pixels.getpixel(RIGHT), RED)


def test_colours_of_a_webp_file_are_read():
    picture = read_raster(encoded(two_halves(), "WEBP", lossless=True))
    assert picture.pixels.getpixel(LEFT) == BLUE and picture.pixels.getpixel(RIGHT) == RED


def test_cmyk_is_converted():
    picture = read_raster(encoded(two_halves().convert("CMYK"), "JPEG", quality=100))
    assert close(picture.pixels.getpixel(LEFT), BLUE) and close(picture.pixels.getpixel(RIGHT), RED)


@pytest.mark.parametrize(("orientation", "first"), [(1, BLUE), (3, RED), (6, BLUE), (8, RED)])
@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_a_picture_is_turned_as_its_exif_data_say(form, orientation, first):
    """Its left half comes first, from above or from the left, or last."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    pixels = read_raster(encoded(two_halves(), form, exif=exif)).pixels
    assert pixels.size == ((10, 20) if orientation in (6, 8) else (20, 10))
    assert close(pixels.getpixel((1, 1)), first, 12)


def test_sixteen_bits_keep_their_upper_eight():
    values = (np.arange(200).reshape(10, 20) * 300).astype(np.uint16)
    picture = read_raster(encoded(Image.fromarray(values), "PNG"))
    np.testing.assert_array_equal(np.asarray(picture.pixels)[..., 0], values >> 8)


def test_a_transparent_value_of_sixteen_bits_is_transparent():
    values = (np.arange(200).reshape(10, 20) * 300).astype(np.uint16)
    alpha = np.asarray(read_raster(encoded(Image.fromarray(values), "PNG", transparency=300)).pixels)[..., 3]
    np.testing.assert_array_equal(alpha == 0, values == 300)


def test_a_transparent_colour_of_sixteen_bits_is_transparent():
    colour = struct.pack(">3H", 300, 600, 65535)
    picture = read_raster(png(10, 10, 16, 2, (b"\0" + colour * 10) * 10, chunk(b"tRNS", colour)))
    assert picture.pixels.getpixel((3, 3)) == (1, 2, 255, 0)


@pytest.mark.parametrize(("mode", "transparency"), [("P", 0), ("1", 0), ("RGB", BLUE)])
def test_a_transparent_colour_is_transparent(mode, transparency):
    image = two_halves().convert(mode)
    picture = read_raster(encoded(image, "PNG", transparency=transparency if mode != "P" else image.getpixel(LEFT)))
    assert picture.pixels.mode == "RGBA" and {alpha for _, alpha in picture.pixels.getchannel("A").getcolors()} == {
        0,
        255,
    }


@pytest.mark.parametrize("form", ["GIF", "WEBP", "PNG"])
def test_the_first_frame_of_an_animated_file_is_read_and_said(form):
    files = encoded(two_halves(), form, save_all=True, append_images=[two_halves().rotate(180)])
    picture = read_raster(files)
    assert picture.notes == (ANIMATED,) and close(picture.pixels.getpixel(LEFT), BLUE)


@pytest.mark.parametrize("side", [10_000, 20_000])
def test_a_bomb_is_refused_from_its_header(side):
    """The file has a few bytes of pixels: a reader that began to decode would say that it is truncated."""
    with pytest.raises(PictureError, match="too large"):
        read_raster(png(side, side, 8, 0, b"\0" * 100))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"hello", "unknown format"),
        (encoded(two_halves(), "BMP"), "unknown format"),
        (encoded(two_halves(), "PNG")[:-30], "broken"),
        (encoded(two_halves(), "JPEG")[:-30], "broken"),
        (encoded(two_halves(), "GIF")[:-10], "broken"),
        (encoded(two_halves(), "WEBP")[:-10], "broken"),
        (encoded(two_halves(1, 1), "PNG"), "too small: 1x1"),
        (png(2000, 10, 8, 0, b"\0"), "too narrow"),
        (png(10, 10, 8, 0, b"\0"), "broken"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_with_its_reason(content, reason):
    with pytest.raises(PictureError, match=reason):
        read_raster(content)


@pytest.mark.parametrize("form", ["PNG", "JPEG", "GIF", "WEBP"])
def test_a_damaged_file_is_read_or_refused(form):
    """Whatever bytes are wrong, no other error leaves the reader."""
    rng, whole = np.random.default_rng(1), encoded(two_halves(), form)
    for _ in range(150):
        content = bytearray(whole)
        for place in rng.integers(len(whole), size=4):
            content[place] = rng.integers(256)
        try:
            read_raster(bytes(content))
        except PictureError as error:
            assert str(error)
