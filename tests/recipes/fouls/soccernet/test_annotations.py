"""Unreadable annotations, each refused in one line that names file, foul and field."""

import json
import os
import time
import zipfile

import pytest

from support.fouls import clip, foul, write_split
from tailwise.core.errors import UserError
from tailwise.recipes.fouls.soccernet.annotations import LARGEST_FILE
from tailwise.recipes.fouls.soccernet.reader import read_split

WITHOUT = object()


def spoil(annotation: dict, **other) -> dict:
    """The annotation with other fields; WITHOUT takes one away."""
    return {name: value for name, value in {**annotation, **other}.items() if value is not WITHOUT}


def refusal(root, split="train") -> str:
    with pytest.raises(UserError) as refused:
        read_split(root, split)
    assert "\n" not in str(refused.value)
    return str(refused.value)


@pytest.mark.parametrize(
    ("spoiled", "said"),
    [
        ({"Action class": "Kicking"}, "unknown Action class 'Kicking'; known: Challenge, Dive, Elbowing"),
        ({"Offence": "offence"}, "unknown Offence 'offence'; known: Between, No Offence, No offence, Offence"),
        ({"Severity": "6.0"}, "unknown Severity '6.0'; known: 1.0, 2.0, 3.0, 4.0, 5.0"),
        ({"Action class": WITHOUT}, "field 'Action class' is missing"),
        ({"Offence": WITHOUT}, "field 'Offence' is missing"),
        ({"Severity": WITHOUT}, "field 'Severity' is missing"),
        ({"UrlLocal": WITHOUT}, "field 'UrlLocal' is missing"),
        ({"Clips": WITHOUT}, "field 'Clips' is missing"),
        ({"Severity": 1.0}, "field 'Severity' must be a text, found 1.0"),
        ({"UrlLocal": "\ud800"}, r"field 'UrlLocal' holds half a character: '\ud800'"),
        ({"Handball": "a\udfff"}, r"field 'Handball' holds half a character: 'a\udfff'"),
        ({"Handball": None}, "field 'Handball' must be a text, found None"),
        ({"UrlLocal": ""}, "field 'UrlLocal' is empty; it must name the match"),
        ({"Clips": {}}, "field 'Clips' must be a list with an entry a clip, found {}"),
        ({"Clips": None}, "field 'Clips' must be a list with an entry a clip, found None"),
        ({"Clips": []}, "field 'Clips' must be a list with an entry a clip, found []"),
    ],
)
def test_a_foul_that_cannot_be_read(tmp_path, spoiled, said):
    write_split(tmp_path, {"3": spoil(foul(clips=1), **spoiled)})
    assert refusal(tmp_path).startswith(f"{tmp_path}/Train/annotations.json: foul 3: {said}")


@pytest.mark.parametrize(
    ("spoiled", "said"),
    [
        ({"Url": WITHOUT}, "field 'Url' is missing"),
        ({"Camera type": WITHOUT}, "field 'Camera type' is missing"),
        ({"Timestamp": WITHOUT}, "field 'Timestamp' is missing"),
        ({"Replay speed": WITHOUT}, "field 'Replay speed' is missing"),
        ({"Url": 7}, "field 'Url' must be a text, found 7"),
        ({"Replay speed": "fast"}, "field 'Replay speed' must be a number, found 'fast'"),
        ({"Replay speed": True}, "field 'Replay speed' must be a number, found True"),
        ({"Replay speed": float("nan")}, "field 'Replay speed' must be a number, found nan"),
        ({"Timestamp": None}, "field 'Timestamp' must be a number, found None"),
        ({"Timestamp": 10**400}, "field 'Timestamp' must be a number, found 1000"),
        ({"Replay speed": float("inf")}, "field 'Replay speed' must be a number, found inf"),
        ({"Url": "Dataset/clip_" + "9" * 3000}, "field 'Url' must end in clip_<number>, found 'Dataset/clip_9"),
        ({"Url": "Dataset/clip_" + "9" * 5000}, "field 'Url' has 5013 characters; at most 4000 are read"),
        ({"Url": "../clip_1"}, "field 'Url': '../clip_1' is outside the data root: give a path relative to it"),
        ({"Url": "Dataset/../../clip_1"}, "field 'Url': 'Dataset/../../clip_1' is outside the data root"),
        ({"Url": "/data/clip_1"}, "field 'Url': '/data/clip_1' is outside the data root"),
        ({"Url": "C:\\clip_1"}, "field 'Url': 'C:/clip_1' is outside the data root"),
        ({"Url": "Dataset/Train/action_3"}, "field 'Url' must end in clip_<number>, found 'Dataset/Train/action_3'"),
        ({"Url": "Dataset/Train/action_3/clip_0"}, "clip_0 is listed twice"),
    ],
)
def test_a_clip_that_cannot_be_read(tmp_path, spoiled, said):
    clips = [clip(0, Url="Dataset/Train/action_3/clip_0"), spoil(clip(1, Url="clip_1"), **spoiled)]
    (tmp_path / "Train").mkdir()
    (tmp_path / "Train/annotations.json").write_text(json.dumps({"Actions": {"3": foul(Clips=clips)}}))
    assert refusal(tmp_path).startswith(f"{tmp_path}/Train/annotations.json: foul 3: clip 1: {said}")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[]", "has no table 'Actions' of fouls by id"),
        ('{"Actions": []}', "has no table 'Actions' of fouls by id"),
        ("{}", "has no table 'Actions' of fouls by id"),
        ('{"Actions": {"3": []}}', "foul 3: must be an object with fields, found []"),
        ('{"Actions": {"one": {}}}', "foul 'one': its id must be a number, as in the folder action_0"),
        (f'{{"Actions": {{"{"9" * 5000}": {{}}}}}}', "foul '9"),
        ("[" * 200_000, "its lists or objects are nested too deeply for an annotation file"),
        ('{"Actions":' * 200_000, "its lists or objects are nested too deeply for an annotation file"),
        ('{"Actions": {}}', "the label rule keeps none of its 0 fouls"),
        ('{\n"Actions": {\n"0": oops}}', "not JSON: Expecting value: line 3 column 6"),
        ("", "not JSON: Expecting value: line 1 column 1"),
        ('{"Actions": {"3": {}, "3": {}}}', "not JSON: the key '3' stands 2 times in an object"),
    ],
)
def test_a_file_that_is_no_annotation(tmp_path, text, said):
    (tmp_path / "Train").mkdir()
    (tmp_path / "Train" / "annotations.json").write_text(text)
    assert refusal(tmp_path).startswith(f"{tmp_path}/Train/annotations.json: {said}")


@pytest.mark.parametrize("packed", [False, True])
def test_a_file_that_is_too_large_is_not_read(tmp_path, packed):
    (tmp_path / "train").mkdir()
    file = tmp_path / "train/annotations.json"
    if packed:
        file = tmp_path / "train.zip/annotations.json"
        (tmp_path / "train").rmdir()
        with zipfile.ZipFile(file.parent, "w", zipfile.ZIP_DEFLATED) as target:
            target.writestr("annotations.json", bytes(LARGEST_FILE + 1))
    else:
        file.touch()
        os.truncate(file, LARGEST_FILE + 1)
    assert refusal(tmp_path).startswith(f"{file}: 16777217 bytes: at most 16 MiB of annotations are read")


def test_many_objects_cost_little_more_than_json_alone(tmp_path):
    content = '{"Actions":[' + ",".join(["{}"] * 300_000) + "]}"
    (tmp_path / "Train").mkdir()
    (tmp_path / "Train/annotations.json").write_text(content)
    assert least(lambda: refusal(tmp_path)) < 8 * least(lambda: json.loads(content))


def least(run, times: int = 3) -> float:
    """Seconds of the quickest run."""
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        run()
        taken.append(time.perf_counter() - start)
    return min(taken)


LONG = ("x" * 10**6, ["y" * 10**6] * 3, {"z" * 10**6: 1}, 10**4000, [[["w"] * 999] * 99] * 9)


@pytest.mark.parametrize("value", LONG, ids=lambda value: type(value).__name__)
@pytest.mark.parametrize("field", ["Action class", "Clips", "UrlLocal", "Handball"])
def test_quoted_text_is_shortened(tmp_path, field, value):
    write_split(tmp_path, {"3": foul()})
    file = tmp_path / "Train/annotations.json"
    content = json.loads(file.read_text())
    content["Actions"]["3"][field] = value
    file.write_text(json.dumps(content))
    assert len(refusal(tmp_path).removeprefix(str(file))) < 500


@pytest.mark.parametrize(
    ("spoiled", "said"),
    [
        ({"Action class": "TACKLING"}, "did you mean 'Tackling'?"),
        ({"Action class": "Standing  tackling"}, "did you mean 'Standing tackling'?"),
        ({"Offence": WITHOUT, "offence": "Offence"}, "field 'Offence' is missing; did you mean it by 'offence'?"),
    ],
)
def test_a_label_or_field_that_is_nearly_one(tmp_path, spoiled, said):
    write_split(tmp_path, {"3": spoil(foul(clips=1), **spoiled)})
    assert refusal(tmp_path).endswith(said)


def test_no_usable_foul(tmp_path):
    write_split(tmp_path, [foul(action=""), foul(offence="Between")])
    assert refusal(tmp_path) == f"{tmp_path}/Train/annotations.json: the label rule keeps none of its 2 fouls"


def test_fouls_dropped_by_the_rule_need_no_other_field(tmp_path):
    labels = {"Action class": "Dont know", "Offence": "", "Severity": ""}
    rows, dropped = read_split(write_split(tmp_path, [labels, foul()]), "train")
    assert dropped.total() == 1 and len(rows) == 2


def test_a_split_without_annotations(tmp_path):
    write_split(tmp_path, [foul()])
    advice = "no annotations.json there; see data.root in params.yaml"
    assert refusal(tmp_path, "valid") == f"{tmp_path}/Valid: {advice}"
    (tmp_path / "valid").mkdir()
    assert refusal(tmp_path, "valid") == f"{tmp_path}/valid: {advice}"


def test_two_editions_side_by_side(tmp_path):
    for edition in ("mvfouls", "mvfouls-720p"):
        write_split(tmp_path, [foul()], f"{edition}/Train")
    folders = f"{tmp_path}/mvfouls/Train and {tmp_path}/mvfouls-720p/Train"
    assert refusal(tmp_path) == f"{tmp_path}: train is there twice: {folders}; point data.root at one"


def test_a_zip_without_annotations_or_that_is_none(tmp_path):
    with zipfile.ZipFile(tmp_path / "train.zip", "w") as file:
        file.writestr("train/readme.txt", "")
    assert refusal(tmp_path) == f"{tmp_path}/train.zip: no annotations.json there; see data.root in params.yaml"
    (tmp_path / "valid.zip").write_text("<html>not found</html>")
    assert refusal(tmp_path, "valid") == f"{tmp_path}/valid.zip: File is not a zip file; download or pack it again"
