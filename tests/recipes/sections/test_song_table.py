"""Songs as arrays and as tables of vectors."""

import json

import numpy as np
import pytest

from tailwise.core.errors import UserError
from tailwise.core.params.typed import convert
from tailwise.recipes.sections.readers.listing import DrawTest
from tailwise.recipes.sections.readers.table import Vectors

X = {"b": np.arange(6, dtype=np.float16).reshape(3, 2), "a": np.ones((2, 2), np.float32)}


def npz(folder, **arrays):
    given = {"x_b": X["b"], "y_b": np.array([0, -1, 1], np.int8), "x_a": X["a"], "y_a": np.array(["verse", "chorus"])}
    np.savez(folder / "songs.npz", **{name: array for name, array in (given | arrays).items() if array is not None})
    (folder / "names.json").write_text(json.dumps(["verse", "chorus"]))


def read(folder, file="songs.npz", **params):
    return list(Vectors("table", file, **{"names": "names.json"} | params).songs(folder))


def test_arrays_with_ids_and_names(tmp_path):
    npz(tmp_path)
    first, second = read(tmp_path)
    assert (first.name, first.group, first.path, first.split) == ("a", "a", "songs.npz", "")
    assert first.labels == ("verse", "chorus") and second.labels == ("verse", "", "chorus")
    assert second.vectors.dtype == np.float32 and second.vectors.tolist() == X["b"].tolist()


def test_songs_without_labels_and_ids_without_names(tmp_path):
    npz(tmp_path, y_b=None, y_a=np.array([2, 0]))
    first, second = read(tmp_path, names=None)
    assert first.labels == ("2", "0") and second.labels == ()


def test_a_table_of_songs_says_group_and_split(tmp_path):
    npz(tmp_path)
    (tmp_path / "songs.csv").write_text("id,key,split,title\nb,one song,Valid,B\n")
    (song,) = read(tmp_path, songs_file="songs.csv")
    assert (song.name, song.group, song.split) == ("b", "one song", "valid")


def songs_of_pairs(folder):
    """20 songs to train on, two of each group, and one to validate on."""
    np.savez(folder / "songs.npz", **{f"x_{n}": np.ones((2, 2)) for n in (*range(20), "v")})
    rows = "".join(f"{n},g{n // 2},train\n" for n in range(20))
    (folder / "songs.csv").write_text(f"song,group,split\n{rows}v,gv,valid\n")


def test_test_songs_are_drawn_by_group_from_training_songs(tmp_path):
    songs_of_pairs(tmp_path)
    draw = DrawTest(0.2, 1)
    drawn = {song.name: song for song in read(tmp_path, names=None, songs_file="songs.csv", draw_test=draw)}
    test = {song.group for song in drawn.values() if song.split == "test"}
    assert drawn["v"].split == "valid" and len(test) == 2
    assert sum(song.split == "test" for song in drawn.values()) == 4  # both songs of a group
    lines = (tmp_path / "songs.csv").read_text().splitlines()
    (tmp_path / "songs.csv").write_text("\n".join([lines[0], *reversed(lines[1:])]))
    again = {song.name: song.split for song in read(tmp_path, names=None, songs_file="songs.csv", draw_test=draw)}
    assert again == {name: song.split for name, song in drawn.items()}
    other = read(tmp_path, names=None, songs_file="songs.csv", draw_test=DrawTest(0.2, 2))
    assert {song.group for song in other if song.split == "test"} != test


def test_test_songs_of_the_table_stay(tmp_path):
    songs_of_pairs(tmp_path)
    text = (tmp_path / "songs.csv").read_text().replace("3,g1,train", "3,g1,test").replace("2,g1,train", "2,g1,test")
    (tmp_path / "songs.csv").write_text(text)
    songs = read(tmp_path, names=None, songs_file="songs.csv", draw_test=DrawTest(0.5, 1))
    assert sorted(song.name for song in songs if song.split == "test") == ["2", "3"]


def test_too_few_songs_to_draw_test_songs(tmp_path):
    songs_of_pairs(tmp_path)
    with pytest.raises(UserError, match="draw_test: too few training songs to draw test songs: 10 groups for"):
        read(tmp_path, names=None, songs_file="songs.csv", draw_test=DrawTest(0.01, 1))


def test_chroma_has_24_bins(tmp_path):
    npz(tmp_path, x_a=np.ones((2, 24)), x_b=None)
    (song,) = read(tmp_path, content="chroma", seconds=0.5)
    assert song.chroma.shape == (2, 24) and song.vectors is None and song.seconds == 0.5
    npz(tmp_path)
    with pytest.raises(UserError, match=r"song 'a': has the shape \(2, 2\): needs a row of 24 bins"):
        read(tmp_path, content="chroma", seconds=0.5)


def test_labels_are_merged_by_a_table(tmp_path):
    npz(tmp_path)
    first, second = read(tmp_path, classes={"sung": ("verse",)}, unlabelled=("chorus",))
    assert first.labels == ("sung", "") and second.labels == ("sung", "", "")
    with pytest.raises(
        UserError, match="song 'a': the label 'chorus' is in no class of data.reader.classes: add it to"
    ):
        read(tmp_path, classes={"sung": ("verse",)})


CSV = "song,group,split,label,low,high\nb,g,train,verse,1,2\na,h,test,,5,6\nb,g,train,chorus,3,4e0\n"


def test_a_table_with_a_row_a_position(tmp_path):
    (tmp_path / "songs.csv").write_text(CSV)
    first, second = read(tmp_path, "songs.csv")
    assert (second.name, second.group, second.split, second.labels) == ("b", "g", "train", ("verse", "chorus"))
    assert second.vectors.tolist() == [[1, 2], [3, 4]] and first.labels == ("",)
    (tmp_path / "one.csv").write_text("song,low\nx,1\nx,2\n")
    alone = Vectors("table", "songs.csv").read_file(tmp_path / "one.csv")
    assert alone.labels == () and alone.vectors.tolist() == [[1], [2]] and alone.group == "x"
    with pytest.raises(UserError, match=r"songs.csv: has 2 songs: give a file of one"):
        Vectors("table", "songs.csv").read_file(tmp_path / "songs.csv")


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"y_a": np.array([0, 7])}, "song 'a': the label id 7 has no name: data.reader.names lists 2"),
        ({"y_a": np.array([0.5, 1])}, "song 'a': its labels must be names or ids, found float64"),
        ({"y_a": np.array([[0, 1]])}, r"song 'a': its labels have the shape \(1, 2\)"),
        ({"x_a": np.ones(2)}, r"song 'a': has the shape \(2,\)"),
        ({"x_a": np.array([["a"], ["b"]])}, "song 'a': must be an array of numbers, found <U1"),
        ({"x_a": np.array([[None]])}, "songs.npz: cannot be read as an npz file of plain arrays: Object arrays"),
    ],
)
def test_arrays_that_are_refused(tmp_path, arrays, message):
    npz(tmp_path, **arrays)
    with pytest.raises(UserError, match=message) as error:
        read(tmp_path)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name,low\na,1\n", "needs a column song and columns of features; there are: name, low"),
        ("song,label\na,verse\n", "needs a column song and columns of features"),
        ("song,low\na,1\na,x\n", "line 3: low must be a number, found 'x'"),
        ("song,low,high\na,1,2\na,1\n", "line 3: 2 fields where the header has 3"),
        (
            "song,group,low\na,g,1\na,h,2\n",
            "line 3: song 'a' has group 'h' here and 'g' in line 2; its rows must agree",
        ),
    ],
)
def test_tables_that_are_refused(tmp_path, text, message):
    (tmp_path / "songs.csv").write_text(text)
    with pytest.raises(UserError, match=message):
        read(tmp_path, "songs.csv", names=None)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("title\nb\n", "has no column song or id; there are: title"),
        ("id\nb\nb\n", "line 3: the song 'b' is listed twice"),
        ("id,key\nb,\n", "line 2: the song 'b' has no key"),
        ("id\nb\nz\n", "songs.npz: has no song 'z', which songs.csv lists"),
    ],
)
def test_lists_of_songs_that_are_refused(tmp_path, text, message):
    npz(tmp_path)
    (tmp_path / "songs.csv").write_text(text)
    with pytest.raises(UserError, match=message):
        read(tmp_path, songs_file="songs.csv")


def test_files_that_are_no_data(tmp_path):
    (tmp_path / "songs.npz").write_bytes(b"no zip")
    with pytest.raises(UserError, match=r"songs.npz: cannot be read as an npz file"):
        read(tmp_path, names=None)
    npz(tmp_path)
    (tmp_path / "names.json").write_text('{"verse": 0}')
    with pytest.raises(UserError, match=r"names.json: must be a list of label names"):
        read(tmp_path)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"content": "chroma"}, "content: chroma needs seconds"),
        ({"seconds": 0.0}, "seconds must be above 0"),
        ({"classes": {"a": ["x"], "b": ["x"]}}, "the label 'x' is in a and in b"),
        ({"classes": {"a": []}}, "classes.a: needs a name, and one label or more"),
        ({"classes": {"a": ["x"]}, "unlabelled": ["x"]}, "the label 'x' is in unlabelled and in a"),
        ({"names": "../names.json"}, "outside the data root"),
        ({"draw_test": {"share": 0.1, "seed": 1}}, "draw_test draws from the training songs of songs_file"),
        ({"songs_file": "a.csv", "draw_test": {"share": 1.0, "seed": 1}}, "share must be above 0 and below 1"),
    ],
)
def test_params_that_are_refused(params, message):
    with pytest.raises(UserError, match=message):
        convert(Vectors, {"kind": "table", "file": "songs.npz", **params}, "data.reader")
