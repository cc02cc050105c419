"""A user's clips, as a table or a folder: refusals and warnings."""

import os
from pathlib import Path

import pytest

from tailwise.core.errors import UserError
from tailwise.recipes.fouls.predict.fouls import Foul
from tailwise.recipes.fouls.predict.own import MOST_LINES, read_folder, read_table


@pytest.fixture
def table(folder):
    """Writes labels.csv beside the clips a.mp4, b.mp4 and in/c.mov, and reads it."""
    (folder / "in").mkdir()
    for name in ("a.mp4", "b.mp4", "in/c.mov"):
        (folder / name).write_bytes(b"clip")

    def run(text: str, root: Path | None = None):
        (folder / "labels.csv").write_text(text, encoding="utf8")
        return read_table(Path("labels.csv"), root)

    return run


def test_a_row_is_a_sample_and_the_order_is_the_table_s(table):
    samples, notes = table("sample,path,outcome\nkick 2,b.mp4,goal\nkick 1,./in/c.mov,\n")
    assert samples == [Foul("kick 2", Path(), ("b.mp4",)), Foul("kick 1", Path(), ("in/c.mov",))] and notes == ()


def test_rows_of_a_sample_are_its_views(table):
    samples, _ = table("view,sample,path\nleft,x,b.mp4\nleft,y,in/c.mov\nright,x,a.mp4\n")
    assert [(one.name, one.clips) for one in samples] == [("x", ("b.mp4", "a.mp4")), ("y", ("in/c.mov",))]


def test_paths_begin_at_the_root_that_is_given(table, folder):
    samples, _ = table("sample,path\nx,c.mov\n", Path("in"))
    assert samples == [Foul("x", Path("in"), ("c.mov",))]


def test_a_clip_in_two_samples_is_reported(table):
    assert table("sample,path\nx,a.mp4\ny,./a.mp4\n")[1] == ("the clip a.mp4 is in the samples x and y",)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("sample,clip\nx,a.mp4\n", "labels.csv: has no column path; there are: sample, clip"),
        ("path\na.mp4\n", "labels.csv: has no column sample; there are: path"),
        ("sample,path\nx,a.mp4\n,b.mp4\n", "labels.csv: line 3: sample is empty"),
        ("sample,path\nx,\n", "labels.csv: line 2: path is empty"),
        ("sample,path,view\nx,a.mp4,\n", "labels.csv: line 2: view is empty"),
        ("sample,path\nx,../a.mp4\n", "labels.csv: line 2: path '../a.mp4' is outside the data root"),
        ("sample,path\nx,/etc/passwd\n", "labels.csv: line 2: path '/etc/passwd' is outside the data root"),
        ("sample,path\nx,a.mp4\nx,b.mp4\n", "labels.csv: line 3: sample 'x' is in line 2 too; add a column view"),
        ("sample,path,view\nx,a.mp4,1\nx,b.mp4,1\n", "line 3: view '1' of sample 'x' is in line 2 too$"),
        ("sample,path,view\nx,a.mp4,1\nx,./a.mp4,2\n", "line 3: sample 'x' has the clip a.mp4 twice"),
        ("sample,path\nx,no.mp4\ny,none.mp4\n", "labels.csv: none of its clips is there, as no.mp4; see --root"),
        ("sample,path\n" + "x,a.mp4\n" * MOST_LINES, "at most 32 MiB and 200000 lines are read; give it in parts"),
        ("sample,path\nx," + "a" * 2**25, "at most 32 MiB and 200000 lines"),
        ("", "labels.csv: is empty"),
    ],
)
def test_an_invalid_table_is_refused(table, text, said):
    with pytest.raises(UserError, match=said) as refused:
        table(text)
    assert "params.yaml" not in str(refused.value)


def test_a_table_that_is_no_file_is_refused(folder):
    os.mkfifo("labels.csv")
    with pytest.raises(UserError, match="labels.csv: is a pipe, not a file"):
        read_table(Path("labels.csv"), None)
    with pytest.raises(FileNotFoundError):
        read_table(Path("none.csv"), None)


def test_every_clip_below_a_folder_is_a_sample_by_name(folder):
    for name in ("b.MP4", "a.mkv", "deep/er/c.webm", "deep/notes.txt", ".hidden/d.mp4", "deep/._c.webm"):
        (folder / "own" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "own" / name).write_bytes(b"clip")
    samples, notes = read_folder(Path("own"))
    assert [one.name for one in samples] == ["a.mkv", "b.MP4", "deep/er/c.webm"]
    assert all(one.root == Path("own") and one.clips == (one.name,) for one in samples)
    assert notes == ("left out, as its name is no clip's: deep/notes.txt",)


def test_a_folder_without_a_clip_is_refused(folder):
    (folder / "own").mkdir()
    (folder / "own/a.txt").touch()
    for name, said in (("own", "own: no clip below it; their names end in .mp4, "), ("no", "no: absent; --folder")):
        with pytest.raises(UserError, match=said):
            read_folder(Path(name))
    with pytest.raises(UserError, match="own/a.txt: is not a folder; --folder takes one"):
        read_folder(Path("own/a.txt"))
