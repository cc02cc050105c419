from pathlib import Path

import pytest

from tailwise.core.errors import UserError
from tailwise.core.params.typed import convert
from tailwise.data.tables.partition import Split
from tailwise.recipes.sections.readers import lyrics
from tailwise.recipes.sections.readers.lyrics import Lyrics
from tailwise.recipes.sections.readers.song import Song

CLASSES = {"verse": ("verse", "bridge"), "chorus": ("chorus", "hook", "Refrain")}
DRAWN = Split(valid=0.2, test=0.2, seed=1)
READER = Lyrics("lyrics", CLASSES, "refuse", DRAWN)
SPLIT_READER = Lyrics("lyrics", CLASSES, "refuse", None)

FILE = """\
# artist: Ann Other
Title: A song

before any mark

[Verse 1: Ann]
first line

second line
[Chorus: x2]
(oh yeah)
la la
[Chorus]

[Guitar Solo]
played
(REFRAIN)
again
"""


def write(root: Path, **files: str | bytes) -> Path:
    for name, content in files.items():
        file = root / name.replace("__", "/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return root


def read(folder: Path, content: str | bytes, reader: Lyrics = READER) -> Song:
    (folder / "song.txt").write_bytes(content if isinstance(content, bytes) else content.encode())
    (song,) = reader.songs(folder)
    return song


def refusal(folder: Path, content: str | bytes, reader: Lyrics = READER) -> str:
    with pytest.raises(UserError) as caught:
        read(folder, content, reader)
    text = str(caught.value)
    assert "\n" not in text
    return text.removeprefix(f"{folder / 'song.txt'}: ")


def test_a_position_a_line_with_the_class_of_the_mark_above(tmp_path):
    song = read(tmp_path, FILE)
    assert song.lines == ("before any mark", "first line", "second line", "(oh yeah)", "la la", "played", "again")
    assert song.labels == ("", "verse", "verse", "chorus", "chorus", "", "chorus")
    assert (song.name, song.path, song.group, song.split) == ("song", "song.txt", "Ann Other", "")
    assert song.seconds is None and song.chroma is None and len(song) == 7


def test_line_ends_and_byte_order_mark_change_nothing(tmp_path):
    plain = read(tmp_path, FILE)
    for other in (FILE.replace("\n", "\r\n"), FILE.replace("\n", "\r"), "\ufeff" + FILE):
        song = read(tmp_path, other)
        assert (song.lines, song.labels, song.group) == (plain.lines, plain.labels, plain.group)


def test_a_song_without_marks_is_for_prediction(tmp_path):
    song = read(tmp_path, "one\n\ntwo\n")
    assert (song.lines, song.labels) == (("one", "two"), ())


def test_an_unknown_mark_can_be_ignored(tmp_path):
    song = read(tmp_path, "[Chorus]\na\n[Whatever]\nb\n", Lyrics("lyrics", CLASSES, "ignore", DRAWN))
    assert song.labels == ("chorus", "")


def test_a_name_of_the_params_is_known(tmp_path):
    reader = Lyrics("lyrics", {"verse": ("Strofa",), "chorus": ("Ritornello",)}, "refuse", DRAWN)
    assert read(tmp_path, "[STROFA 1]\na\n[Ritornello]\nb\n", reader).labels == ("verse", "chorus")


@pytest.mark.parametrize(
    "path, group, split",
    [
        ("Ann - One.txt", "Ann", ""),
        ("folder/Ann - One.txt", "Ann", ""),
        ("folder/one.txt", "folder", ""),
        ("artist/album/one.txt", "artist/album", ""),
        ("one.txt", "one", ""),
    ],
)
def test_group(tmp_path, path, group, split):
    write(tmp_path, **{path: "a"})
    (song,) = READER.songs(tmp_path)
    assert (song.group, song.split) == (group, split)


def test_folders_name_the_splits(tmp_path):
    write(tmp_path, **{"train/Ann - 1.txt": "a", "Valid/x/2.txt": "b", "test/3.txt": "c", "train/.hidden.txt": "d"})
    songs = list(SPLIT_READER.songs(tmp_path))
    assert [(song.name, song.group, song.split) for song in songs] == [
        ("Valid/x/2", "x", "valid"),
        ("test/3", "test/3", "test"),
        ("train/Ann - 1", "Ann", "train"),
    ]


def test_split_folders_and_drawn_splits_exclude_each_other(tmp_path):
    write(tmp_path, **{"train/1.txt": "a", "2.txt": "b"})
    with pytest.raises(UserError, match="2.txt: below none of train, valid, test: set reader.split to draw splits"):
        list(SPLIT_READER.songs(tmp_path))
    with pytest.raises(UserError, match="1.txt: the folder names its split: set reader.split to null"):
        list(READER.songs(tmp_path))


def test_a_file_to_predict(tmp_path):
    write(tmp_path, **{"Ann - New.txt": "[Chorus]\na"})
    song = SPLIT_READER.read_file(tmp_path / "Ann - New.txt")
    assert (song.name, song.group, song.labels) == ("Ann - New", "Ann", ("chorus",))


@pytest.mark.parametrize(
    "content, text",
    [
        (
            "a\n\n[Chrous 2]\nb",
            "line 3: unknown mark '[Chrous 2]': did you mean 'chorus'? Name it in reader.classes",
        ),
        ("[Zzzz]\nb", "line 1: unknown mark '[Zzzz]': Name it in reader.classes"),
        ("", "a song of no lines: add its lyrics, or remove the file"),
        ("Title: x\n\n[Chorus]\n \u200b\n", "a song of no lines: add its lyrics, or remove the file"),
        (b"good\nbad \xff\n", "line 2: not UTF-8: save it as UTF-8 text"),
        ("good\nbad\x07\n", "line 2: control character '\\x07': remove it"),
        ("x" * 1001, "line 1: 1001 characters; a line may have 1000"),
        ("x\n" * 2001, "2001 lines of lyrics; a song may have 2000"),
        ("x\n" * 2**19 + "x", "1048577 bytes; a song may have 1 MiB: is it lyrics?"),
    ],
)
def test_refusals(tmp_path, content, text):
    assert refusal(tmp_path, content) == text


def test_folders_that_hold_no_song(tmp_path):
    with pytest.raises(UserError, match=r"no \.txt file in it: put a song's lyrics in each"):
        list(READER.songs(tmp_path))
    with pytest.raises(UserError, match="missing: not a folder of lyrics"):
        list(READER.songs(tmp_path / "missing"))
    write(tmp_path, **{"a\tb.txt": "x"})
    with pytest.raises(UserError, match="its name has characters that cannot be printed: rename it"):
        list(READER.songs(tmp_path))


@pytest.mark.parametrize(
    "classes, text",
    [
        ({"verse": ["verse"]}, "classes must be two or more, found ['verse']"),
        ({"a|b": ["verse"], "c": []}, "'a|b' cannot be a class: use letters, digits, spaces, _ and -"),
        ({"a": ["Pre-Chorus"], "b": ["pre chorus"]}, "'Pre-Chorus' and 'pre chorus' are one mark: name it once"),
        ({"a": ["-"], "b": ["b"]}, "'-' names no mark: it has no letter"),
    ],
)
def test_classes_that_are_refused(classes, text):
    params = {"kind": "lyrics", "classes": classes, "unknown": "refuse", "split": None}
    with pytest.raises(UserError) as caught:
        convert(Lyrics, params, "data.reader")
    assert text in str(caught.value) and str(caught.value).startswith("data.reader: ")


def test_classes_keep_the_order_of_the_params():
    params = {"kind": "lyrics", "classes": {"z": ["verse"], "a": ["chorus"]}, "unknown": "ignore", "split": None}
    assert convert(Lyrics, params, "").heads == {"section": ("z", "a")}


def test_the_limit_of_lines_keeps_the_matrices_small():
    assert lyrics.MOST_LINES**2 * 8 <= 2**25
