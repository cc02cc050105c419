"""The index stage: its outputs, atomicity, and checks of any data."""

import hashlib
import runpy
import sys
import zipfile
from pathlib import Path
from unittest import mock

import pytest
import yaml

from support.fouls import every_class, foul, write_data_set
from support.tables import table
from tailwise.core.errors import UserError
from tailwise.core.files import read_csv, read_json
from tailwise.core.params.config import read_params
from tailwise.data.tables.checks.contents import fill_content
from tailwise.data.tables.checks.source import read_source
from tailwise.data.tables.rows import Index, inside
from tailwise.recipes.fouls.soccernet.reader import HEADS, Soccernet
from tailwise.recipes.fouls.source import Source

STAGE = Path(__file__).parents[4] / "stages/index.py"
PARAMS = read_params(STAGE.parents[1] / "params.yaml")
SOCCERNET = Soccernet("soccernet")


def run_stage(root: str = "data/raw", leaks: str = "refuse", reader=None) -> None:
    section = {"root": root, "leaks": leaks, "reader": reader or {"kind": "soccernet"}}
    others = {name: PARAMS[name] for name in ("window", "decode", "runtime")}
    Path("params.yaml").write_text(yaml.safe_dump({"data": section, **others}))
    with mock.patch.object(sys, "argv", ["index.py", "tailwise.recipes.fouls"]):
        runpy.run_path(str(STAGE), run_name="__main__")


def read(root, leaks="refuse"):
    return read_source(Source(str(root), leaks, SOCCERNET))


def refusal(root, **other) -> str:
    with pytest.raises(UserError) as refused:
        read(root, **other)
    assert "\n" not in str(refused.value)
    return str(refused.value)


def test_the_stage_writes_tables_heads_and_counts(folder, capsys):
    write_data_set(folder / "data/raw", Train=[foul(action=""), *every_class()])
    clip = folder / "data/raw/Train/action_1/clip_0.mp4"
    clip.parent.mkdir()
    clip.write_bytes(b"a clip")
    run_stage()
    rows = {split: read_csv(Path(f"data/index/{split}.csv")) for split in ("train", "valid", "test")}
    assert list(rows["train"][0])[:7] == ["sample", "view", "group", "path", "content", "action", "severity"]
    assert rows["train"][0]["content"] == hashlib.sha256(b"a clip").hexdigest() and rows["train"][1]["content"] == ""
    assert {head: tuple(classes) for head, classes in read_json(Path("data/index/heads.json")).items()} == HEADS
    facts = read_json(Path("reports/index.json"))
    assert facts["train"] == {"samples": 12, "views": 24, "dropped": {"action": 1, "offence": 0, "severity": 0}}
    assert list(facts) == ["train", "valid", "test"]
    printed = capsys.readouterr().out.splitlines()
    assert printed[0] == "train: 12 samples, 24 views" and printed[4] == "  missing clips: 23"
    assert printed[1] == "     1 dropped: action class is empty or Dont know"


def test_again_it_writes_the_same_bytes(folder):
    write_data_set(folder / "data/raw")
    written = []
    for _ in range(2):
        run_stage()
        written.append({path: path.read_bytes() for path in folder.rglob("*") if path.is_file()})
    assert written[0] == written[1]


def test_how_leaks_are_met_changes_no_byte_of_sound_data(folder):
    write_data_set(folder / "data/raw")
    written = []
    for leaks in ("refuse", "warn"):
        run_stage(leaks=leaks)
        written.append({path: path.read_bytes() for path in folder.rglob("*.[cj]s*") if "raw" not in path.parts})
    assert written[0] == written[1] and len(written[0]) == 5


@pytest.mark.parametrize("last", [[foul(severity="6.0")], [foul(action="")], [foul()]])
def test_a_stage_that_fails_writes_nothing(folder, last):
    """Unknown severity, no usable foul, a match of the training split: all in the last split that is read."""
    write_data_set(folder / "data/raw", Train=every_class(), Test=last)
    with pytest.raises(UserError):
        run_stage()
    assert not (folder / "data/index").exists() and not (folder / "reports").exists()


def test_a_data_root_that_is_not_there(tmp_path):
    advice = "put the raw files and their annotations there, or set data.root in params.yaml"
    assert refusal(tmp_path / "none") == f"{tmp_path}/none: no such folder; {advice}"
    assert refusal(tmp_path) == f"{tmp_path}: is empty; {advice}"
    (tmp_path / "file").write_text("")
    assert refusal(tmp_path / "file") == f"{tmp_path}/file: is not a folder; {advice}"


def test_a_data_root_must_be_named():
    with pytest.raises(ValueError, match="root must name a folder"):
        Source("", "refuse", SOCCERNET)


@pytest.mark.parametrize(("head", "name"), [(head, name) for head, names in HEADS.items() for name in names])
def test_every_class_needs_a_training_sample(tmp_path, head, name):
    whole = write_data_set(tmp_path / "whole")
    kept = [of for of in every_class() if not has(of, head, name)]
    if (head, name) in (("action", "Tackling"), ("severity", "No card")):  # the helper's usual labels
        other = {"action": {"Action class": "Dive"}, "severity": {"Severity": "3.0"}}[head]
        kept = [{**of, **other} if has(of, head, name) else of for of in every_class()]
    root = write_data_set(tmp_path / "without", Train=kept)
    assert read(whole)
    advice = Soccernet.missing_class  # nobody moves the fouls of official splits
    assert refusal(root) == f"{root}: head {head}: {name!r} has no training sample, it is in valid and test; {advice}"


def has(of: dict, head: str, name: str) -> bool:
    if head == "action":
        return of["Action class"] == name
    severity = {"1.0": "No card", "3.0": "Yellow card", "5.0": "Red card"}[of["Severity"]]
    return name == ("No offence" if of["Offence"] == "No offence" else severity)


def test_a_class_that_is_nowhere_is_missed_too(tmp_path):
    fouls = {split: [foul(UrlLocal=split)] for split in ("Train", "Valid", "Test")}
    assert "'Standing tackling' has no training sample, it is in no split" in refusal(write_data_set(tmp_path, **fouls))


def test_a_match_on_both_sides_is_refused_or_warned_of(tmp_path):
    write_data_set(tmp_path, Train=every_class(), Test=[foul()])
    said = "the group 'england_epl/2014-2015/2015-02-21' is in train (sample train/0) and in test (sample test/0)"
    assert refusal(tmp_path).startswith(f"{tmp_path}: {said}: keep each in one split")
    assert [leak.text for leak in read(tmp_path, leaks="warn").leaks] == [said]


@pytest.mark.parametrize("path", ["a.mp4", "./a.mp4", "x/../a.mp4", "x//a.mp4", "...mp4", "a..b/c.mp4", "1:2.mp4"])
def test_paths_below_the_root(path):
    assert ".." not in inside(path).split("/")


@pytest.mark.parametrize("path", ["../a.mp4", "x/../../a.mp4", "/a.mp4", "C:/a.mp4", "C:\\a", "..\\a", "\\\\a\\b"])
def test_paths_that_leave_the_root(path):
    with pytest.raises(ValueError, match="is outside the data root: give a path relative to it"):
        inside(path)


def test_clips_in_a_zip_have_the_hash_that_they_have_in_a_folder(tmp_path):
    (tmp_path / "a.mp4").write_bytes(b"a clip" * 200)
    with zipfile.ZipFile(tmp_path / "Train.zip", "w", zipfile.ZIP_DEFLATED) as file:
        file.write(tmp_path / "a.mp4", "x/a.mp4")
    paths = ("a.mp4", "Train.zip/x/a.mp4", "Train.zip/x/b.mp4")
    index, stubs = fill_content(Index({}, {"train": table([{"path": path} for path in paths])}, {}, {}), tmp_path)
    digest = hashlib.sha256(b"a clip" * 200).hexdigest()
    assert index.rows["train"]["content"].to_list() == [digest, digest, ""] and stubs == {""}


def test_each_clip_has_its_own_hash_and_small_files_are_known(tmp_path):
    sizes = [0, 262, 511, 512, 600, 100_000] * 20
    for i, size in enumerate(sizes):
        (tmp_path / f"{i}.mp4").write_bytes(bytes([i]) * size)
    rows = [{"path": f"{i}.mp4", "content": ""} for i in [*range(len(sizes)), 7, 999]]
    index, stubs = fill_content(Index({}, {"train": table(rows)}, {}, {}), tmp_path)
    found = index.rows["train"]["content"].to_list()
    assert found[:-2] == [hashlib.sha256(bytes([i]) * size).hexdigest() for i, size in enumerate(sizes)]
    assert found[-2:] == [found[7], ""]
    assert stubs == {text for text, size in zip(found, sizes) if size < 512} | {""}


def test_contents_that_a_reader_has_filled_in_are_not_read_again(tmp_path):
    for name in "ab":
        (tmp_path / f"{name}.mp4").write_bytes(name.encode() * 600)
    (tmp_path / "c.mp4").write_bytes(b"small")
    cells = {"a.mp4": "known", "b.mp4": "", "c.mp4": "known too", "gone.mp4": "known once"}
    rows = [{"path": path, "content": content} for path, content in cells.items()]
    index, stubs = fill_content(Index({}, {"train": table(rows)}, {}, {}), tmp_path)
    found = index.rows["train"]["content"].to_list()
    assert found == ["known", hashlib.sha256(b"b" * 600).hexdigest(), "known too", ""] and stubs == {"known too", ""}
