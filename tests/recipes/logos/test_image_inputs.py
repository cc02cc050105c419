"""Which images `tailwise predict` finds, its one line for what it cannot use, and what it reads of them."""

import argparse

import pytest
from PIL import Image

from support.logos.pictures import HEAD, SIZE
from tailwise.core.errors import UserError
from tailwise.data.images.canvas import Canvas
from tailwise.models.image.classifier import ImageModel
from tailwise.recipes.logos.inputs import find_inputs
from tailwise.recipes.logos.predict import read_samples
from tailwise.recipes.logos.stored.specification import Specification

SPEC = Specification("logos", ImageModel(), (HEAD,), Canvas(SIZE, "#ffffff", "pad"))


def arguments(*paths, table=None, folder=None, root=None):
    return argparse.Namespace(paths=list(paths), table=table, folder=folder, root=root)


@pytest.fixture
def red(tmp_path):
    Image.new("RGB", (40, 20), "#ff0000").save(tmp_path / "red.png")
    return tmp_path / "red.png"


def test_a_file_keeps_its_name_as_typed(red):
    inputs = find_inputs(arguments(red))
    assert [each.name for each in inputs.samples] == [str(red)] and inputs.named and inputs.form == "text"


def test_a_folder_gives_its_images_by_name(tmp_path, red):
    (tmp_path / "b").mkdir()
    (tmp_path / "b/a.SVG").write_text("<svg/>")
    (tmp_path / ".hidden.png").write_bytes(b"")
    (tmp_path / "notes.txt").write_text("no image")
    for given in (arguments(tmp_path), arguments(folder=tmp_path)):
        assert [each.name for each in find_inputs(given).samples] == ["b/a.SVG", "red.png"]


def test_what_cannot_be_used_is_one_line_that_names_it(tmp_path, red):
    (tmp_path / "empty").mkdir()
    (tmp_path / "a.txt").write_text("")
    for wrong, said in [
        (arguments(tmp_path / "none.png"), "none.png: absent"),
        (arguments(tmp_path / "a.txt"), "a.txt: names of images end in .png"),
        (arguments(tmp_path / "empty"), "empty: no image below it"),
        (arguments(red, red), "red.png: is given twice"),
        (arguments(red, table=tmp_path / "t.csv"), "--table and --root are not used"),
        (arguments(), "give either files of images"),
        (arguments(folder=red), "red.png: is not a folder"),
    ]:
        with pytest.raises(UserError) as error:
            find_inputs(wrong)
        assert said in str(error.value) and "\n" not in str(error.value)


def test_an_image_is_read_as_the_model_was_trained(red):
    """Twice as wide as high: padded above and below with the background."""
    (sample,) = read_samples(find_inputs(arguments(red)), SPEC)
    image = sample.inputs["image"]
    assert image.shape == (3, SIZE, SIZE) and image.dtype == "uint8"
    assert image[:, 0, 0].tolist() == [255, 255, 255] and image[:, SIZE // 2, SIZE // 2].tolist() == [255, 0, 0]


def test_a_broken_image_is_an_error_if_it_was_typed_and_left_out_of_a_folder(tmp_path, red, capsys):
    (tmp_path / "broken.png").write_bytes(red.read_bytes()[:40])
    with pytest.raises(UserError, match="broken.png: cannot be used"):
        list(read_samples(find_inputs(arguments(tmp_path / "broken.png")), SPEC))
    assert [sample.name for sample in read_samples(find_inputs(arguments(tmp_path)), SPEC)] == ["red.png"]
    assert "left out: " in (said := capsys.readouterr().err) and "broken.png" in said
