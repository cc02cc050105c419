"""The reader of class folders, zips and tables: what it lists, and one line for each fault."""

import zipfile
from pathlib import Path

import pytest

from support.images.encoding import encoded, two_halves
from support.images.logos import logo, write_class, write_splits
from tailwise.core.errors import UserError
from tailwise.data.images import canvas
from tailwise.data.images.picture import PictureError
from tailwise.data.tables.partition import Split
from tailwise.recipes.logos.readers import images as module
from tailwise.recipes.logos.readers.images import ImageFiles
from tailwise.recipes.logos.readers.logo import Logo

DRAW = Split(0.2, 0.2, 1)


def packed(archive: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, content in files.items():
            opened.writestr(name, content)
    return archive


def refused(root: Path, reader: ImageFiles) -> str:
    with pytest.raises(UserError) as error:
        reader.logos(root)
    assert len(str(error.value).splitlines()) == 1
    return str(error.value)


def test_folders_of_splits_and_classes(tmp_path):
    logos = ImageFiles("images", groups="brand").logos(write_splits(tmp_path))
    assert len(logos) == 24 and [each.path for each in logos] == sorted(each.path for each in logos)
    path = "Train/text/brand2-1.svg"
    assert Logo(path, "brand2", path, "text", "train") in logos
    assert {each.split for each in logos} == {"train", "valid", "test"}


def test_folders_of_classes_with_drawn_splits(tmp_path):
    write_class(tmp_path / "a", range(3))
    write_class(tmp_path / "b" / "more", range(4, 6))
    logos = ImageFiles("images", split=DRAW).logos(tmp_path)
    assert [(each.kind, each.split, each.group == each.path) for each in logos] == [
        *[("a", "", True)] * 3,
        *[("b", "", True)] * 2,
    ]


@pytest.mark.parametrize("name", ["val", "VALIDATION", "Valid"])
def test_usual_names_of_the_validation_split(tmp_path, name):
    write_class(tmp_path / name / "a", range(2))
    assert {each.split for each in ImageFiles("images").logos(tmp_path)} == {"valid"}


@pytest.mark.parametrize("folder", ["", "logos/"])
def test_a_zip_of_folders_is_read_where_it_lies(tmp_path, folder):
    content = encoded(two_halves(), "PNG")
    packed(tmp_path / "all.zip", {f"{folder}Train/a/x-1.png": content, f"{folder}test/b/y-1.png": content})
    reader = ImageFiles("images", "all.zip", "brand")
    logos = reader.logos(tmp_path)
    assert [(each.group, each.kind, each.split) for each in logos] == [("x", "a", "train"), ("y", "b", "test")]
    assert reader.read(tmp_path, logos[0].path) == content
    assert [file.name for file in tmp_path.iterdir()] == ["all.zip"]


def test_files_that_are_no_pictures_are_left_out(tmp_path):
    write_splits(tmp_path)
    for name in ("notes.txt", ".hidden.png", ".cache/a.png", "Train/Thumbs.db"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    assert len(ImageFiles("images").logos(tmp_path)) == 24


def test_a_table_says_class_group_and_split(tmp_path):
    (tmp_path / "logos.csv").write_text(
        "path,class,group,split,size\nb.png,text,acme,Train,3\nx/a.svg,simple,,val,4\nc.png,text,acme,test,1\n"
    )
    assert ImageFiles("images", "logos.csv").logos(tmp_path) == [
        Logo("b.png", "acme", "b.png", "text", "train"),
        Logo("c.png", "acme", "c.png", "text", "test"),
        Logo("x/a.svg", "x/a.svg", "x/a.svg", "simple", "valid"),
    ]


def test_a_table_without_splits_has_them_drawn(tmp_path):
    (tmp_path / "logos.csv").write_text("class,path\ntext,acme-1.png\n")
    logos = ImageFiles("images", "logos.csv", "brand", DRAW).logos(tmp_path)
    assert logos == [Logo("acme-1.png", "acme", "acme-1.png", "text", "")]


@pytest.mark.parametrize(
    ("files", "split", "reason"),
    [
        ({"readme.txt": b"x"}, None, "no picture in it"),
        ({"a/1.svg": b"x"}, None, "below none of train, valid, test"),
        ({"train/a/1.svg": b"x"}, DRAW, "set data.reader.split to null"),
        ({"train/1.svg": b"x"}, None, "is in no folder of a class"),
        ({"1.svg": b"x"}, DRAW, "is in no folder of a class"),
        ({"actual/1.svg": b"x"}, DRAW, "'actual' is a reserved name"),
    ],
)
def test_folders_that_cannot_be_read_as_classes(tmp_path, files, split, reason):
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    assert reason in refused(tmp_path, ImageFiles("images", split=split))


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("../a/1.svg", "leads out of the zip"),
        ("/a/1.svg", "leads out of the zip"),
        ("a/../../1.svg", "leads out of the zip"),
        ("a/./1.svg", "is not a plain path"),
    ],
)
def test_a_zip_with_paths_that_lead_elsewhere_is_refused(tmp_path, name, reason):
    packed(tmp_path / "all.zip", {name: logo(1)})
    assert reason in refused(tmp_path, ImageFiles("images", "all.zip", split=DRAW))


def test_a_zip_with_a_file_twice_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as opened, pytest.warns(UserWarning):
        opened.writestr("a/1.svg", b"x")
        opened.writestr("a/1.svg", b"y")
    assert "is there twice" in refused(tmp_path, ImageFiles("images", "all.zip", split=DRAW))


def test_a_zip_that_would_fill_a_disk_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "LARGEST_ZIP", 1000)
    packed(tmp_path / "all.zip", {"a/1.png": bytes(2000)})
    assert "would be 2000 bytes unpacked" in refused(tmp_path, ImageFiles("images", "all.zip", split=DRAW))


def test_a_member_that_would_fill_the_memory_is_not_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "LARGEST_FILE", 1000)
    packed(tmp_path / "all.zip", {"a/1.png": bytes(2000)})
    with pytest.raises(PictureError, match="too large: 2000 bytes"):
        ImageFiles("images", "all.zip", split=DRAW).read(tmp_path, "all.zip/a/1.png")
    assert canvas.LARGEST_FILE == 2**26


@pytest.mark.parametrize("content", [b"", b"PK", b"x" * 100])
def test_what_is_no_zip_is_refused(tmp_path, content):
    (tmp_path / "all.zip").write_bytes(content)
    assert "all.zip" in refused(tmp_path, ImageFiles("images", "all.zip"))


@pytest.mark.parametrize(
    ("text", "split", "reason"),
    [
        ("path,kind\na.png,text\n", DRAW, "has no column class; there are: path, kind"),
        ("class\ntext\n", DRAW, "has no column path"),
        ("path,class\na.png,text\n", None, "data.reader.split in params.yaml must say how to draw splits"),
        ("path,class,split\na.png,text,train\n", DRAW, "data.reader.split in params.yaml must be null"),
        ("path,class,split\na.png,text,dev\n", None, "line 2: split must be train, valid or test, found 'dev'"),
        ("path,class\n../a.png,text\n", DRAW, "line 2: path '../a.png' is outside the data root"),
        ("path,class\n,text\n", DRAW, "line 2: path is empty"),
        ("path,class\na.png,\n", DRAW, "line 2: '' cannot be a class"),
        ("path,class\na.png,sample\n", DRAW, "line 2: the class 'sample' is a reserved name"),
        ("path,class\na.png,text\n./a.png,text\n", DRAW, "line 3: 'a.png' is in line 2 too"),
        ("", DRAW, "is empty"),
    ],
)
def test_tables_that_cannot_be_used(tmp_path, text, split, reason):
    (tmp_path / "logos.csv").write_text(text)
    assert reason in refused(tmp_path, ImageFiles("images", "logos.csv", split=split))


def test_files_that_are_not_there(tmp_path):
    assert "no such file" in refused(tmp_path, ImageFiles("images", "all.zip"))
    assert "No such file" in refused(tmp_path, ImageFiles("images", "all.csv"))


@pytest.mark.parametrize("file", ["../all.zip", "/all.zip", "all.tar"])
def test_params_that_name_no_file_below_the_root(file):
    with pytest.raises(ValueError, match="outside the data root|file must be"):
        ImageFiles("images", file)
