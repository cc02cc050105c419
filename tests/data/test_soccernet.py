"""The official label rule, complete, and the layouts that are found in the wild."""

import json
from collections import Counter

import pytest

from tailwise.core.errors import UserError
from tailwise.data.index.soccernet import drop_reason, read_split, severity_class

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


def foul(action="Tackling", offence="Offence", severity="1.0", clips=2, **other):
    """An annotation as the official file has it; {folder} is filled in with its place."""
    usual = {
        "UrlLocal": "england_epl\\2014-2015\\2015-02-21",
        "Offence": offence,
        "Contact": "With contact",
        "Bodypart": "Upper body",
        "Action class": action,
        "Severity": severity,
        "Clips": [
            {
                "Url": f"{{folder}}/clip_{j}",
                "Camera type": f"camera {j}",
                "Timestamp": 1000 * j,
                "Replay speed": 1.0 + j,
            }
            for j in range(clips)
        ],
    }
    return {**usual, **other}


def write_split(root, fouls, folder="Train", official="Dataset/Train"):
    """`folder` holds the annotations; their Urls say `official`, as the real ones do."""
    for number, of_foul in fouls.items():
        for clip in of_foul["Clips"]:
            clip["Url"] = clip["Url"].replace("{folder}", f"{official}/action_{number}")
    (root / folder).mkdir(parents=True)
    annotations = {"Set": "train", "Number of actions": len(fouls), "Actions": fouls}
    (root / folder / "annotations.json").write_text(json.dumps(annotations))
    return root


@pytest.mark.parametrize(("action", "offence", "severity", "cell"), list(rule_cases()))
def test_the_official_rule(action, offence, severity, cell):
    reason, label = MEANING[cell]
    assert drop_reason(action, offence, severity) == reason
    if label:
        assert severity_class(offence, severity) == label


def test_the_rule_is_applied_to_a_split_and_its_drops_are_counted(tmp_path):
    cases = list(rule_cases())
    fouls = {str(i): foul(action, offence, severity, 1) for i, (action, offence, severity, _) in enumerate(cases)}
    views, dropped = read_split(write_split(tmp_path, fouls), "train")
    expected = [(f"train/{i}", case[0], MEANING[case[3]][1]) for i, case in enumerate(cases) if MEANING[case[3]][1]]
    assert [(view.sample, view.action, view.severity) for view in views] == expected
    assert dropped == Counter(MEANING[case[3]][0] for case in cases if MEANING[case[3]][0])


def test_a_view_has_what_its_annotation_says(tmp_path):
    views, _ = read_split(write_split(tmp_path, {"4": foul("High leg", severity="5.0", clips=3)}), "train")
    last = views[2]
    assert [view.view for view in views] == [0, 1, 2]
    assert (last.sample, last.action, last.severity) == ("train/4", "High leg", "Red card")
    assert (last.path, last.camera, last.replay_speed) == ("Train/action_4/clip_2.mp4", "camera 2", 3.0)
    assert last.group == "england_epl/2014-2015/2015-02-21"


def test_ids_may_have_gaps_and_any_order_and_are_taken_as_numbers(tmp_path):
    fouls = {number: foul(clips=1) for number in ("10", "2", "301", "0")}
    views, _ = read_split(write_split(tmp_path, fouls), "train")
    assert [view.sample for view in views] == ["train/0", "train/2", "train/10", "train/301"]
    assert views[2].path == "Train/action_10/clip_0.mp4"


@pytest.mark.parametrize(
    "folder", ["Train", "train", "Train/Train", "train/train", "mvfouls/Train", "mvfouls/train", "mvfouls/Train/Train"]
)
def test_a_split_is_found_in_either_case_and_nested_one_level(tmp_path, folder):
    views, _ = read_split(write_split(tmp_path, {"7": foul()}, folder), "train")
    assert [view.path for view in views] == [f"{folder}/action_7/clip_{j}.mp4" for j in (0, 1)]


def test_an_absent_split_is_named(tmp_path):
    with pytest.raises(UserError, match="no Valid/annotations.json; see data.root in params.yaml"):
        read_split(write_split(tmp_path, {"0": foul()}), "valid")


@pytest.mark.parametrize(
    ("spoiled", "refusal"),
    [
        ({"Action class": "Kicking"}, "foul 3: unknown Action class 'Kicking'"),
        ({"Severity": "6.0"}, "foul 3: KeyError at field '6.0'"),
        ({"Clips": None}, "foul 3: TypeError"),
        ({"Clips": [{"Url": "x/clip_0"}]}, "foul 3: KeyError at field 'Camera type'"),
    ],
)
def test_an_annotation_that_cannot_be_read_is_named(tmp_path, spoiled, refusal):
    broken = {**foul(clips=0), **spoiled}
    (tmp_path / "Train").mkdir()
    (tmp_path / "Train" / "annotations.json").write_text(json.dumps({"Actions": {"3": broken}}))
    with pytest.raises(UserError, match=f"annotations.json: {refusal}"):
        read_split(tmp_path, "train")


@pytest.mark.parametrize("text", ["[]", '{"Actions": []}', "{}"])
def test_a_file_that_is_no_annotation_is_named(tmp_path, text):
    (tmp_path / "Train").mkdir()
    (tmp_path / "Train" / "annotations.json").write_text(text)
    with pytest.raises(UserError, match="has no table of Actions"):
        read_split(tmp_path, "train")
