"""Something-Something-V2 as it lies on the disk: what is read, what is missing, and what is refused."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest

from support.tables import records
from tailwise.core.errors import UserError
from tailwise.data.tables.checks.source import read_source
from tailwise.data.tables.checks.summary import describe
from tailwise.recipes.actions.readers import ssv2
from tailwise.recipes.actions.readers.ssv2 import Ssv2

CLASSES = ("Opening something", "Putting something onto something")
TEMPLATES = ("Opening [something]", "Putting [something] onto [something]")


@dataclass(frozen=True)
class Source:
    root: str
    leaks: Literal["refuse", "warn"] = "refuse"
    reader: Ssv2 = Ssv2("ssv2", valid=0.25)


def entry(number, action, words=("a cup", "a table")):
    template = TEMPLATES[action]
    return {
        "id": str(number),
        "label": template.lower(),
        "template": template,
        "placeholders": list(words[: action + 1]),
    }


ENTRIES = {
    "train": [entry(number, number % 2) for number in range(1, 17)],
    "validation": [entry(number, number % 2) for number in range(21, 25)],
    "test": [{"id": "31"}, {"id": "32"}],
}


def write(root: Path, entries=ENTRIES, prefix="", videos="videos", labels=None):
    """The official files, and for every id a file of its own bytes."""
    folder = root / videos
    folder.mkdir(parents=True, exist_ok=True)
    labels = labels or {name: str(place) for place, name in enumerate(CLASSES)}
    for name, content in {"labels": labels, **entries}.items():
        (root / f"{prefix}{name}.json").write_text(json.dumps(content))
    for number in [entry["id"] for of_split in entries.values() for entry in of_split]:
        (folder / f"{number}.webm").write_bytes(f"video {number} ".encode() * 100)
    return root


def read(root):
    return Ssv2("ssv2", valid=0.25).read(root)


def test_every_video_is_a_row_and_a_quarter_of_each_class_is_set_aside(tmp_path):
    index = read(write(tmp_path))
    assert index.heads == {"action": CLASSES}
    assert {split: len(rows) for split, rows in index.rows.items()} == {"train": 12, "valid": 4, "test": 4}
    assert sorted(index.rows["valid"]["action"]) == [CLASSES[0]] * 2 + [CLASSES[1]] * 2
    row = records(index.rows["test"])[0]
    assert list(row) == ["sample", "group", "path", "content", "action", "template", "placeholders"]
    assert row | {"content": ""} == {
        "sample": "21", "group": "21", "path": "videos/21.webm", "content": "", "action": CLASSES[1],
        "template": TEMPLATES[1], "placeholders": '["a cup", "a table"]',
    }  # fmt: skip


def test_the_choice_of_validation_depends_on_seed_and_names_alone(tmp_path):
    first = set(read(write(tmp_path / "a")).rows["valid"]["sample"])
    backwards = {name: of_split[::-1] for name, of_split in ENTRIES.items()}
    assert set(read(write(tmp_path / "b", backwards)).rows["valid"]["sample"]) == first
    others = [Ssv2("ssv2", 0.25, seed).read(tmp_path / "a").rows["valid"]["sample"] for seed in range(2, 6)]
    assert any(set(other) != first for other in others)


@pytest.mark.parametrize("prefix", ["something-something-v2-", "labels/", "labels/something-something-v2-"])
def test_the_files_may_have_their_official_names_and_a_folder(tmp_path, prefix):
    (tmp_path / "labels").mkdir()
    assert len(read(write(tmp_path, prefix=prefix)).rows["train"]) == 12


def test_videos_may_be_in_several_folders(tmp_path):
    write(tmp_path, videos="20bn-something-something-v2")
    (tmp_path / "more" / "deep").mkdir(parents=True)
    (tmp_path / "20bn-something-something-v2" / "21.webm").rename(tmp_path / "more" / "deep" / "21.webm")
    paths = read(tmp_path).rows["test"]["path"]
    assert list(paths) == ["more/deep/21.webm"] + [f"20bn-something-something-v2/{n}.webm" for n in (22, 23, 24)]


def test_what_is_missing_is_one_line(tmp_path):
    write(tmp_path)
    for number in (1, 2, 3, 4, 5):
        (tmp_path / "videos" / f"{number}.webm").unlink()
    index = read(tmp_path)
    assert "5 of 16 videos of train.json are missing: 1, 2, 3, ..." in index.notes["train"]
    rows = records(index.rows["train"]) + records(index.rows["valid"])
    assert {row["sample"]: row["content"] for row in rows}["1"] == ""


def test_videos_of_the_same_bytes_are_one_group(tmp_path):
    write(tmp_path)
    for number in (3, 5, 7):
        (tmp_path / "videos" / f"{number}.webm").write_bytes((tmp_path / "videos" / "1.webm").read_bytes())
    index = read(tmp_path)
    rows = records(index.rows["train"]) + records(index.rows["valid"])
    groups = {row["sample"]: row["group"] for row in rows}
    assert [groups[name] for name in ("1", "3", "5", "7")] == ["1"] * 4 and groups["2"] == "2"
    assert not {row["group"] for row in records(index.rows["train"])} & {
        row["group"] for row in records(index.rows["valid"])
    }
    assert "3 videos have the bytes of another one, with which they are in one group" in index.notes["train"]


def test_a_video_of_train_and_validation_is_a_leak(tmp_path):
    write(tmp_path)
    (tmp_path / "videos" / "21.webm").write_bytes((tmp_path / "videos" / "1.webm").read_bytes())
    with pytest.raises(UserError, match="videos/1.webm in .* and videos/21.webm in test"):
        read_source(Source(str(tmp_path)))
    checked = read_source(Source(str(tmp_path), leaks="warn"))
    assert len(checked.leaks) == 2  # the content, and the group of both


def test_the_checked_data_say_how_many_there_are(tmp_path):
    lines = list(describe(read_source(Source(str(write(tmp_path))))))
    assert "  train.json: 16 videos in 2 classes, 8 to 8 a class" in lines
    assert "  test.json: 2 videos without labels, for predictions alone" in lines


def test_official_counts_are_checked_where_the_labels_are_official(tmp_path, monkeypatch):
    monkeypatch.setattr(ssv2, "OFFICIAL_CLASSES", 2)
    monkeypatch.setattr(ssv2, "OFFICIAL", {"train": 16, "validation": 5, "test": 2})
    notes = read(write(tmp_path)).notes
    assert notes["train"][0].endswith("a class, as it must be for the official data")
    assert notes["test"][0].endswith("; WARNING: of the official data it must be 5")


def test_without_a_video_it_says_how_to_get_one(tmp_path):
    write(tmp_path)
    for file in (tmp_path / "videos").iterdir():
        file.unlink()
    with pytest.raises(UserError, match=r"has no video, as videos/1\.webm"):
        read(tmp_path)
    (tmp_path / "20bn-something-something-v2-00").write_bytes(b"part")
    with pytest.raises(UserError, match="still packed: tailwise unpack"):
        read(tmp_path)


def test_two_files_of_one_id_are_refused(tmp_path):
    write(tmp_path)
    (tmp_path / "videos" / "1.mp4").write_bytes(b"x")
    with pytest.raises(UserError, match="two videos of id 1"):
        read(tmp_path)


WRONG = {
    "no list": ("train", "{}", "train.json: must be a list"),
    "empty list": ("train", "[]", "train.json: lists no video"),
    "cut off": ("train", '[{"id": "1", "templ', "train.json: entry 1: is not JSON: is the file whole"),
    "cut between": ("train", json.dumps(ENTRIES["train"])[:-1], "entry 16: no comma and no ] after it"),
    "more after it": ("train", json.dumps(ENTRIES["train"]) + "[]", "there is more after the list"),
    "no object": ("train", "[1]", "entry 1: must be an object, found 1"),
    "no template": ("train", '[{"id": "1"}]', "entry 1: field 'template' must be a text, there is none"),
    "other class": (
        "train",
        '[{"id": "1", "template": "Eating [food]"}]',
        "entry 1: template 'Eating .food.' is no class",
    ),
    "path as id": ("train", '[{"id": "../1", "template": "Opening [something]"}]', "entry 1: field 'id' must be"),
    "no id": ("test", "[{}]", "entry 1: field 'id' must be"),
    "words": (
        "train",
        '[{"id": 1, "template": "Opening [something]", "placeholders": "x"}]',
        "'placeholders' must be a list",
    ),
    "twice": ("train", json.dumps([*ENTRIES["train"], ENTRIES["train"][0]]), "train.json: the id 1 is listed twice"),
    "in both": ("validation", json.dumps(ENTRIES["train"][:2]), "the id 1 is in train.json and validation.json"),
    "labels no object": ("labels", "[]", "labels.json: must be an object"),
    "labels no JSON": ("labels", "{", "labels.json: is not JSON"),
    "number": ("labels", '{"a": "x"}', "class 'a' has the number 'x'"),
    "one number": ("labels", '{"a": "0", "b": "0"}', "classes 'a' and 'b' have both the number 0"),
    "gap": ("labels", '{"a": "0", "b": "2"}', "no class has the number 1"),
    "reserved": ("labels", '{"predicted": "0"}', "'predicted' cannot be a class"),
    "two files": ("something-something-v2-train", "[]", "two files of train"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_file_is_refused_in_one_line_that_names_it(tmp_path, name):
    file, text, said = WRONG[name]
    write(tmp_path)
    (tmp_path / f"{file}.json").write_text(text)
    with pytest.raises(UserError, match=said) as error:
        read(tmp_path)
    assert "\n" not in str(error.value)


def test_files_that_are_not_there_or_no_text_are_named(tmp_path):
    with pytest.raises(UserError, match=r"has no labels\.json"):
        read(tmp_path)
    write(tmp_path)
    (tmp_path / "train.json").write_bytes(b"\xff\xfe")
    with pytest.raises(UserError, match=r"train\.json: is not UTF-8"):
        read(tmp_path)


@pytest.mark.parametrize(("valid", "seed"), [(0.0, 1), (1.0, 1), (0.1, -1)])
def test_wrong_parameters_are_refused(valid, seed):
    with pytest.raises(ValueError, match="valid|seed"):
        Ssv2("ssv2", valid, seed)
