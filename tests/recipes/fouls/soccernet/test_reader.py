"""The complete official label rule, and the supported folder layouts."""

import shutil
import zipfile
from collections import Counter

import pytest

from support.fouls import clip, every_class, foul, write_data_set, write_split
from tailwise.core.errors import UserError
from tailwise.recipes.fouls.soccernet.reader import DESCRIPTION, Soccernet, drop_reason, read_split, severity_class

SEVERITIES = ("", "1.0", "2.0", "3.0", "4.0", "5.0")
RULE = """
    action        offence       ""  1.0  2.0  3.0  4.0  5.0
    ''            *             a   a    a    a    a    a
    'Dont know'   *             a   a    a    a    a    a
    'Tackling'    ''            o   o    o    o    o    o
    'Tackling'    'Between'     o   o    o    o    o    o
    'Tackling'    'Offence'     s   1    s    3    s    5
    'Tackling'    'No offence'  0   0    0    0    0    0
    'Tackling'    'No Offence'  0   0    0    0    0    0
    'Dive'        ''            1   1    1    3    1    5
    'Dive'        'Between'     1   1    1    3    1    5
    'Dive'        'Offence'     1   1    1    3    1    5
    'Dive'        'No offence'  0   0    0    0    0    0
    'Dive'        'No Offence'  0   0    0    0    0    0
"""
"""Dropped by the rule on the action class (a), offence (o) or severity (s); else the severity kept."""
MEANING = {
    "a": ("action", None),
    "o": ("offence", None),
    "s": ("severity", None),
    "0": (None, "No offence"),
    "1": (None, "No card"),
    "3": (None, "Yellow card"),
    "5": (None, "Red card"),
}


def rule_cases():
    for line in RULE.strip().splitlines()[1:]:
        action, offence, *cells = _words(line)
        for spelling in ("", "Between", "Offence", "No offence", "No Offence") if offence == "*" else (offence,):
            for severity, cell in zip(SEVERITIES, cells, strict=True):
                yield action, spelling, severity, cell


def _words(line: str) -> list[str]:
    """Words at spaces, quoted ones whole."""
    parts = line.split("'")
    return [word for i, part in enumerate(parts) for word in ([part] if i % 2 else part.split())]


@pytest.mark.parametrize(("action", "offence", "severity", "cell"), list(rule_cases()))
def test_the_official_rule(action, offence, severity, cell):
    reason, label = MEANING[cell]
    assert drop_reason(action, offence, severity) == reason
    if label:
        assert severity_class(offence, severity) == label


def test_the_rule_is_applied_to_a_split_and_its_drops_are_counted(tmp_path):
    cases = list(rule_cases())
    fouls = [foul(action, offence, severity, 1) for action, offence, severity, _ in cases]
    rows, dropped = read_split(write_split(tmp_path, fouls), "train")
    expected = [(f"train/{i}", case[0], MEANING[case[3]][1]) for i, case in enumerate(cases) if MEANING[case[3]][1]]
    assert [(row["sample"], row["action"], row["severity"]) for row in rows] == expected
    assert dropped == Counter(MEANING[case[3]][0] for case in cases if MEANING[case[3]][0])


def test_a_row_has_every_field_of_its_annotation(tmp_path):
    rows, _ = read_split(write_split(tmp_path, {"4": foul("High leg", severity="5.0", clips=3)}), "train")
    assert [row["view"] for row in rows] == ["0", "1", "2"]
    assert list(rows[2].items()) == [
        ("sample", "train/4"),
        ("view", "2"),
        ("group", "england_epl/2014-2015/2015-02-21"),
        ("path", "Train/action_4/clip_2.mp4"),
        ("content", ""),
        ("action", "High leg"),
        ("severity", "Red card"),
        ("offence", "Offence"),
        ("contact", "With contact"),
        ("bodypart", "Upper body"),
        ("upper_body_part", "Use of arms"),
        ("annotated_severity", "5.0"),
        ("multiple_fouls", "yes"),
        ("try_to_play", "No"),
        ("touch_ball", "Maybe"),
        ("handball", "Handball"),
        ("handball_offence", "No offence"),
        ("camera", "camera 2"),
        ("timestamp", "2000"),
        ("replay_speed", "3.0"),
    ]


def test_a_field_that_only_describes_may_be_missing(tmp_path):
    described = foul()
    for field in DESCRIPTION.keys() - {"Offence", "Severity"}:
        del described[field]
    rows, _ = read_split(write_split(tmp_path, [described]), "train")
    assert rows[0]["handball"] == rows[0]["bodypart"] == "" and rows[0]["offence"] == "Offence"


@pytest.mark.parametrize("clips", [1, 2, 3, 4])
def test_a_foul_may_have_one_to_four_clips(tmp_path, clips):
    rows, _ = read_split(write_split(tmp_path, [foul(clips=clips)]), "train")
    assert [row["view"] for row in rows] == [str(j) for j in range(clips)]


def test_ids_may_have_gaps_and_any_order_and_are_taken_as_numbers(tmp_path):
    fouls = {number: foul(clips=1) for number in ("10", "2", "301", "0")}
    rows, _ = read_split(write_split(tmp_path, fouls), "train")
    assert [row["sample"] for row in rows] == ["train/0", "train/2", "train/10", "train/301"]
    assert rows[2]["path"] == "Train/action_10/clip_0.mp4"


@pytest.mark.parametrize(
    "folder", ["Train", "train", "Train/Train", "train/train", "mvfouls/Train", "mvfouls/train", "mvfouls/Train/Train"]
)
def test_a_split_is_found_in_either_case_and_nested_one_level(tmp_path, folder):
    rows, _ = read_split(write_split(tmp_path, {"7": foul()}, folder), "train")
    assert [row["path"] for row in rows] == [f"{folder}/action_7/clip_{j}.mp4" for j in (0, 1)]


@pytest.mark.parametrize(
    ("archive", "inside"), [("Train.zip", ""), ("train.zip", "train/"), ("x/TRAIN.zip", "x/Train/")]
)
def test_a_split_may_stay_in_its_zip(tmp_path, archive, inside):
    write_split(tmp_path, {"7": foul()}, "packed")
    (tmp_path / archive).parent.mkdir(exist_ok=True)
    with zipfile.ZipFile(tmp_path / archive, "w") as file:
        file.write(tmp_path / "packed/annotations.json", f"{inside}annotations.json")
    rows, _ = read_split(tmp_path, "train")
    assert [row["path"] for row in rows] == [f"{archive}/{inside}action_7/clip_{j}.mp4" for j in (0, 1)]


def test_a_zip_beside_its_folder_was_unpacked_and_counts_for_nothing(tmp_path):
    write_split(tmp_path, [foul()])
    with zipfile.ZipFile(tmp_path / "train.zip", "w") as file:
        file.write(tmp_path / "Train/annotations.json", "train/annotations.json")
    rows, _ = read_split(tmp_path, "train")
    assert rows[0]["path"] == "Train/action_0/clip_0.mp4"


def test_a_url_may_have_the_file_ending_and_backslashes(tmp_path):
    clips = [clip(0, Url="Dataset\\Train\\action_0\\clip_3.mp4")]
    rows, _ = read_split(write_split(tmp_path, [foul(Clips=clips)]), "train")
    assert [(row["view"], row["path"]) for row in rows] == [("3", "Train/action_0/clip_3.mp4")]


@pytest.mark.parametrize(("kept", "note"), [(2319, "2319 of 2916 fouls kept, as it must be"), (2320, "must be 2319")])
def test_the_official_number_of_fouls_must_keep_the_official_number(tmp_path, kept, note):
    fouls = [foul(clips=1)] * kept + [foul(action="", clips=1)] * (2916 - kept)
    write_split(tmp_path, fouls)
    write_split(tmp_path, [foul()], "Valid")
    write_split(tmp_path, [foul()], "Test")
    notes = Soccernet("soccernet").read(tmp_path).notes
    assert f"{2916 - kept} dropped: action class is empty" in notes["train"][0]
    assert note in notes["train"][-1] and notes["train"][-1].startswith("WARNING") == (kept != 2319)
    assert len(notes["valid"]) == 3


def test_names_are_normalised_and_reported(tmp_path):
    odd = foul(" Dive", "Offence\u00a0", "1.0\u200b", 1, UrlLocal="cafe\u0301 2015 ")
    odd["Clips"][0]["Camera type"] = "Main "
    write_data_set(tmp_path, Train=[odd, *every_class()])
    index = Soccernet("soccernet").read(tmp_path)
    first = index.rows["train"].iloc[0]
    assert [first[name] for name in ("action", "offence", "annotated_severity", "camera", "group")] == (
        ["Dive", "Offence", "1.0", "Main", "caf\u00e9 2015"]
    )
    assert index.notes["train"][-1].endswith("read without and in it: 5, as 'cafe\\u0301 2015 '")
    assert len(index.notes["valid"]) == 3


@pytest.mark.parametrize(
    "folder", ["train_720p", "Train_720P", "train_720p/train", "x/train_720p", "mvfouls_720p/train"]
)
def test_the_large_edition_is_found(tmp_path, folder):
    rows, _ = read_split(write_split(tmp_path, {"7": foul()}, folder), "train")
    assert [row["path"] for row in rows] == [f"{folder}/action_7/clip_{j}.mp4" for j in (0, 1)]


@pytest.mark.parametrize("inside", ["", "train/", "train_720p/", "Train_720p/"])
def test_the_large_edition_may_stay_in_its_zip(tmp_path, inside):
    pack(write_split(tmp_path, {"7": foul()}, "packed"), "mvfouls-2025/train_720p.zip", inside)
    rows, _ = read_split(tmp_path, "train")
    assert rows[0]["path"] == f"mvfouls-2025/train_720p.zip/{inside}action_7/clip_0.mp4"


def test_a_zip_beside_its_folder_counts_for_nothing_in_the_large_edition_too(tmp_path):
    pack(write_split(tmp_path, [foul()], "train_720p"), "train_720p.zip", from_="train_720p")
    assert read_split(tmp_path, "train")[0][0]["path"] == "train_720p/action_0/clip_0.mp4"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("train", "train_720p"),
        ("train.zip", "train_720p.zip"),
        ("train", "train_720p.zip"),
        ("train.zip", "train_720p"),
        ("mvfouls/train.zip", "mvfouls-2025/train_720p.zip"),
    ],
)
def test_both_editions_are_refused_by_name(tmp_path, one, other):
    for place in (one, other):
        (tmp_path / place).parent.mkdir(exist_ok=True)
        if place.endswith(".zip"):
            pack(write_split(tmp_path, [foul()], f"{place}-packed"), place, from_=f"{place}-packed")
            shutil.rmtree(tmp_path / f"{place}-packed")
        else:
            write_split(tmp_path, [foul()], place)
    with pytest.raises(UserError) as refused:
        read_split(tmp_path, "train")
    both = f"{tmp_path / one} and, in 720p, {tmp_path / other}"
    said = f"{tmp_path}: train is there in two editions: {both}; move one of them out of data.root"
    assert str(refused.value) == said


def test_a_zip_of_the_other_edition_that_cannot_be_read_is_another_edition_too(tmp_path):
    write_split(tmp_path, [foul()], "train")
    (tmp_path / "train_720p.zip").write_bytes(b"half a download")
    with pytest.raises(UserError, match="train is there in two editions: .*/train and, in 720p, .*/train_720p.zip"):
        read_split(tmp_path, "train")


def test_splits_of_different_editions_are_refused(tmp_path):
    write_data_set(tmp_path)
    (tmp_path / "Valid").rename(tmp_path / "valid_720p")
    said = "of the 720p edition is valid alone: train at Train and valid at valid_720p and test at Test; take one"
    with pytest.raises(UserError, match=said):
        Soccernet("soccernet").read(tmp_path)


def pack(root, archive: str, inside: str = "", from_: str = "packed") -> None:
    (root / archive).parent.mkdir(exist_ok=True)
    with zipfile.ZipFile(root / archive, "w") as file:
        file.write(root / from_ / "annotations.json", f"{inside}annotations.json")
