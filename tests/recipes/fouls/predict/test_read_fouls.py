"""The fouls and views of a split, in every supported layout, with annotations and without."""

import shutil
from pathlib import Path

import pytest

from support.fouls import clip, foul, write_split
from tailwise.core.errors import UserError
from tailwise.data.raw import RawFile
from tailwise.recipes.fouls.demo.pack import pack
from tailwise.recipes.fouls.predict.fouls import is_one, is_split, read_split

VIEWS = {"0": [0, 1], "2": [0, 1, 3], "10": [0]}


def lay(root: Path, views=VIEWS) -> Path:
    for number, of_foul in views.items():
        for j in of_foul:
            (root / f"action_{number}").mkdir(parents=True, exist_ok=True)
            (root / f"action_{number}" / f"clip_{j}.mp4").write_bytes(b"clip")
    return root


def views_of(path):
    """{foul: numbers of its clips}; every path that is given must lead to a file."""
    fouls = read_split(path).fouls
    assert all(RawFile(foul.root, name).exists() for foul in fouls for name in foul.clips)
    return {foul.name: [int(name.removesuffix(".mp4").rpartition("_")[2]) for name in foul.clips] for foul in fouls}


@pytest.mark.parametrize("place", ["Challenge", "Challenge/challenge", "mvfouls/challenge"])
def test_a_folder_without_annotations_is_read_by_number(tmp_path, place):
    lay(tmp_path / place)
    (tmp_path / place / "action_0" / "clip_0.txt").write_text("no clip")
    top = tmp_path / place.split("/")[0]
    assert is_split(top) and read_split(top)[0] == "challenge"
    assert views_of(top) == VIEWS and list(views_of(top)) == ["0", "2", "10"]


@pytest.mark.parametrize("inner", ["", "Challenge"])
def test_a_zip_is_read_where_it_lies_or_through_its_folder(tmp_path, inner):
    lay(tmp_path / "Challenge" / inner)
    pack(tmp_path / "Challenge")
    for path in (tmp_path / "Challenge.zip", tmp_path):
        assert is_split(path) and read_split(path)[0] == "challenge" and views_of(path) == VIEWS


def test_the_name_of_the_working_folder_is_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(lay(tmp_path / "Challenge"))
    assert read_split(Path())[0] == "challenge"


def test_annotations_say_which_fouls_and_views_there_are(tmp_path):
    """A clip that is not listed is none, and a foul whose files are gone is there to be reported of."""
    write_split(tmp_path, {"0": foul(clips=2), "7": foul(clips=1)}, "Valid")
    lay(tmp_path / "Valid", {"0": [0, 1, 2], "5": [0]})
    split = read_split(tmp_path / "Valid")
    assert [(one.name, one.clips) for one in split.fouls] == [
        ("0", ("action_0/clip_0.mp4", "action_0/clip_1.mp4")),
        ("7", ("action_7/clip_0.mp4",)),
    ]
    unlisted = "action_0/clip_2.mp4, action_5/clip_0.mp4"
    assert split.notes == (f"left out, as annotations.json does not list it: {unlisted}",)


def test_a_clip_that_annotations_list_twice_is_refused(tmp_path):
    write_split(tmp_path, {"3": foul(Clips=[clip(0), clip(1), clip(0)])}, "Valid")
    lay(tmp_path / "Valid", {"3": [0, 1]})
    with pytest.raises(UserError, match="annotations.json: foul 3: clip 2: clip_0 is listed twice"):
        read_split(tmp_path / "Valid")


@pytest.mark.parametrize("annotated", [True, False])
@pytest.mark.parametrize("packed", [True, False])
def test_a_suffix_in_upper_case_is_a_clip_and_other_containers_are_named(tmp_path, annotated, packed):
    root = lay(tmp_path / "Valid", {"0": [0], "10": [1]})
    for name in ("0/clip_1.MP4", "0/clip_2.mkv", "0/view.mov", "0/clip_00.mp4", "0/notes.txt", "0/._clip_0.mp4"):
        (root / f"action_{name}").write_bytes(b"clip")
    (root / "action_10/clip_1.mp4").rename(root / "action_10/clip_1.Mp4")
    if annotated:
        listed = {"0": foul(clips=2), "10": foul(Clips=[clip(1)])}
        write_split(tmp_path / "other", listed, "Valid")
        (tmp_path / "other/Valid/annotations.json").rename(root / "annotations.json")
    path = pack(root) if packed else root
    split, inside = read_split(path), "Valid.zip/" if packed else ""
    clips = {one.name: [name.removeprefix(inside) for name in one.clips] for one in split.fouls}
    assert clips == {"0": ["action_0/clip_0.mp4", "action_0/clip_1.MP4"], "10": ["action_10/clip_1.Mp4"]}
    assert all(RawFile(one.root, name).exists() for one in split.fouls for name in one.clips)
    (note,) = split.notes
    assert note.startswith("left out, as its name is not clip_<j>.mp4 or another clip has its number: ")
    left_out = sorted(name.removeprefix(inside) for name in note.partition("number: ")[2].split(", "))
    assert left_out == ["action_0/clip_00.mp4", "action_0/clip_2.mkv", "action_0/view.mov"]


def test_a_folder_of_one_foul_is_read_by_its_own_number(tmp_path, monkeypatch):
    lay(tmp_path / "Valid")
    (tmp_path / "Valid/action_2/clip_7.mkv").write_bytes(b"clip")
    monkeypatch.chdir(tmp_path / "Valid/action_2")
    for path in (tmp_path / "Valid/action_2", Path()):
        split = read_split(path)
        assert is_one(path) and split.name == "valid" and views_of(path) == {"2": [0, 1, 3]}
        assert split.notes[0].endswith("number: action_2/clip_7.mkv")
    assert not is_one(tmp_path / "Valid")


def test_a_folder_of_other_containers_alone_is_refused_with_their_names(tmp_path):
    (tmp_path / "Valid/action_4").mkdir(parents=True)
    for path in ("Valid", "Valid/action_4"):
        (tmp_path / "Valid/action_4/clip_0.mkv").write_bytes(b"clip")
        with pytest.raises(UserError, match=r"no clip .* \(there is action_4/clip_0.mkv\); name"):
            read_split(tmp_path / path)


@pytest.mark.parametrize("unlabelled", [{}, {"Clips": []}, {"Clips": [clip(0), clip(3)]}])
def test_annotations_need_no_label_and_no_list_of_clips(tmp_path, unlabelled):
    write_split(tmp_path, {"2": unlabelled}, "Challenge")
    lay(tmp_path / "Challenge")
    assert views_of(tmp_path / "Challenge") == {"2": [0, 3] if unlabelled.get("Clips") else VIEWS["2"]}


def test_inputs_other_than_a_single_split_are_refused_in_one_line(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match=r"empty: no clip action_<i>/clip_<j>.mp4; name the folder or zip of one split"):
        read_split(tmp_path / "empty")
    for name in ("Valid", "Test"):
        lay(tmp_path / "two" / name)
    with pytest.raises(UserError, match="two: splits at Test and Valid; name"):
        read_split(tmp_path / "two")
    for name in ("Valid", "Test"):
        pack(tmp_path / "two" / name)
    with pytest.raises(UserError, match="two: has Test.zip, Valid.zip; name one of them"):
        read_split(tmp_path / "two")
    (tmp_path / "bad.zip").write_bytes(b"no zip")
    with pytest.raises(UserError, match="bad.zip: File is not a zip file"):
        read_split(tmp_path / "bad.zip")


def test_a_clip_is_no_split(tmp_path):
    lay(tmp_path / "Valid")
    shutil.copy(tmp_path / "Valid/action_0/clip_0.mp4", tmp_path / "clip.mp4")
    assert not is_split(tmp_path / "clip.mp4") and not is_split(tmp_path / "absent.zip")
