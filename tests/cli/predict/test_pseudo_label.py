"""`tailwise pseudo-label`: from an unlabelled split to a table that training takes."""

import csv
import hashlib
import io
import json
from pathlib import Path

import numpy as np
import pytest

from support.training.trained import HEADS, split_with_store, trained
from tailwise.cli.main import main
from tailwise.core.files import read_csv, write_csv, write_json
from tailwise.evaluation.calibration.fitted import Temperature, write_calibration
from tailwise.pseudo.selection import Rule, select

pytestmark = pytest.mark.usefixtures("inline")
VIEWS = {"0": 2, "3": 1, "10": 3}
COLUMNS = ("sample", "view", "group", "path", "content", "action", "severity")
OUT = Path("data/pseudo/labels.csv")


@pytest.fixture
def split(folder, tmp_path_factory):
    """An unlabelled split below the data root, a model, its calibration, and an index of 24 fouls."""
    made = split_with_store(tmp_path_factory, VIEWS, folder)
    (made / "annotations.json").unlink()
    trained(folder / "store" / "valid", folder / "w.safetensors")
    write_calibration(Path("c.json"), {head.name: Temperature("temperature", head.classes, 2.0) for head in HEADS})
    Path("params.yaml").write_text("data: {root: .}\n")
    action, severity = (head.classes for head in HEADS)
    rows = [(f"train/{i}", "0", f"m{i}", f"t{i}.mp4", f"c{i}", action[i % 8], severity[i % 4]) for i in range(24)]
    write_csv(Path("data/index/train.csv"), COLUMNS, rows)
    for name in ("valid", "test"):
        write_csv(
            Path(f"data/index/{name}.csv"), COLUMNS, [(f"{name}/0", "0", name, f"{name}.mp4", name, "Dive", "No card")]
        )
    write_json(Path("data/index/heads.json"), {head.name: head.classes for head in HEADS})
    return made.rename(folder / "Chall").relative_to(folder)


def label(*arguments) -> int:
    given = ["--weights", "w.safetensors", "--calibration", "c.json", *map(str, arguments)]
    return main(["pseudo-label", *given])


def refused(capsys, *arguments) -> str:
    assert label(*arguments) == 1 and not OUT.exists()
    error = capsys.readouterr().err.splitlines()
    return error[-1]


def predicted(capsys, split) -> list[dict[str, str]]:
    assert main(["predict", str(split), "--weights", "w.safetensors", "--calibration", "c.json"]) == 0
    return list(csv.DictReader(io.StringIO(capsys.readouterr().out)))


def test_the_sure_predictions_are_rows_with_confidence_and_model(split, capsys):
    found = predicted(capsys, split)
    names = [f"chall/{row['foul']}" for row in found]
    likely = {h.name: np.array([[float(row[f"{h.name}: {c}"]) for c in h.classes] for row in found]) for h in HEADS}
    least = float(np.sort(likely["action"].max(axis=1))[1])  # two of three
    assert label(split, "--threshold", f"action={least}", "--threshold", "severity=0.0001") == 0
    rules = {"action": Rule(least), "severity": Rule(0.0001)}
    counts = {"action": np.full(8, 3), "severity": np.full(4, 6)}
    rows = read_csv(OUT)
    assert len(rows) == sum(VIEWS.values())  # of severity all are taken
    for head in HEADS:
        taken = select(likely[head.name], names, counts[head.name], rules[head.name])
        expected = {names[i]: (head.classes[c], s) for i, c, s in zip(taken.indices, taken.labels, taken.confidence)}
        assert len(expected) == {"action": 2, "severity": 3}[head.name]
        for row in rows:
            name, sure = expected.get(row["sample"], ("", ""))
            cell = row[f"{head.name} confidence"]
            assert row[head.name] == name and (cell == sure if sure == "" else abs(float(cell) - sure) < 2e-6)
    model = hashlib.sha256(Path("w.safetensors").read_bytes()).hexdigest()
    for row in rows:
        assert row["path"] == f"Chall/action_{row['sample'].removeprefix('chall/')}/clip_{row['view']}.mp4"
        assert row["sha256"] == hashlib.sha256(Path(row["path"]).read_bytes()).hexdigest()
        assert row["group"] == row["sample"] and row["pseudo"] == model[:12]
    facts = json.loads(OUT.with_suffix(".json").read_text())
    assert facts["weights"] == model and facts["predicted"] == 3 and facts["labelled"]["action"]["Dive"] == 3
    assert facts["taken"]["severity"] == {
        c: sum(r["severity"] == c and r["view"] == "0" for r in rows) for c in HEADS[1].classes
    }


def test_the_same_bytes_twice_and_the_line_for_params(split, capsys):
    assert label(split, "--threshold", "0.0001") == 0
    lines = capsys.readouterr().out.splitlines()
    first = {file: Path(file).read_bytes() for file in (OUT, OUT.with_suffix(".json"))}
    assert lines[-1] == f"  pseudo: {{file: {OUT}, sha256: {hashlib.sha256(first[OUT]).hexdigest()}}}"
    assert label(split, "--threshold", "0.0001", "--workers", 1) == 0
    assert first == {file: file.read_bytes() for file in first}


def test_nothing_sure_is_a_line(split, capsys):
    assert refused(capsys, split, "--threshold", "1") == "tailwise: no prediction is sure enough: lower --threshold"


@pytest.mark.parametrize(
    ("split_name", "column", "value", "said"),
    [
        ("valid", "sample", "chall/3", "Chall: the sample 'chall/3' is in valid, too, 1 of 6 rows"),
        ("test", "path", "Chall/action_10/clip_1.mp4", "the path 'Chall/action_10/clip_1.mp4' is in test, too"),
        ("train", "sample", "chall/0", "the sample 'chall/0' is in train, too, 2 of 6 rows"),
    ],
)
def test_samples_of_the_index_are_refused(split, capsys, split_name, column, value, said):
    file = Path(f"data/index/{split_name}.csv")
    rows = read_csv(file)
    write_csv(file, COLUMNS, [{**rows[0], column: value}.values(), *(row.values() for row in rows[1:])])
    assert said in refused(capsys, split, "--threshold", "0.0001")


def test_a_clip_or_group_that_is_held_out_is_refused(split, capsys):
    clip = Path("Chall/action_3/clip_0.mp4")
    Path("new.csv").write_text(f"sample,path,group\nmine,{clip},test\n")
    assert "new.csv: the group 'test' is in test, too" in refused(capsys, "--table", "new.csv")
    content = hashlib.sha256(clip.read_bytes()).hexdigest()
    write_csv(Path("data/index/valid.csv"), COLUMNS, [("valid/0", "0", "valid", "v.mp4", content, "Dive", "No card")])
    assert f"the file of {clip} is in valid, too" in refused(capsys, split)


def test_a_table_gives_groups(split):
    Path("new.csv").write_text("sample,path,group\nmine,Chall/action_3/clip_0.mp4,a match\n")
    assert label("--table", "new.csv", "--threshold", "0.0001") == 0
    assert [(row["sample"], row["group"]) for row in read_csv(OUT)] == [("mine", "a match")]


def test_a_group_is_compared_as_the_index_spells_it(split, capsys):
    Path("new.csv").write_text("sample,path,group\nmine,Chall/action_3/clip_0.mp4, test \n")
    assert "new.csv: the group 'test' is in test, too" in refused(capsys, "--table", "new.csv")


def test_views_of_different_groups_are_refused(split, capsys):
    rows = "mine,0,Chall/action_0/clip_0.mp4,test\nmine,1,Chall/action_0/clip_1.mp4,other\n"
    Path("new.csv").write_text(f"sample,view,path,group\n{rows}")
    assert "the views of 'mine' differ in group" in refused(capsys, "--table", "new.csv")


def test_the_threshold_of_a_head_counts_more_whatever_its_place(split):
    for given in (["severity=0.0001", "1"], ["1", "severity=0.0001"]):
        assert label(split, "--threshold", given[0], "--threshold", given[1]) == 0
        assert all(row["severity"] and not row["action"] for row in read_csv(OUT))


def test_a_linked_clip_counts_where_its_link_is(split):
    clip = Path("Chall/action_3/clip_0.mp4")
    Path("elsewhere").mkdir()
    linked = clip.rename("elsewhere/c.mp4").resolve()
    clip.symlink_to(linked)
    Path("data_root").mkdir()
    Path("Chall").rename("data_root/Chall")
    Path("params.yaml").write_text("data: {root: data_root}\n")
    Path("new.csv").write_text(f"sample,path\nmine,data_root/{clip}\n")
    assert label("--table", "new.csv", "--threshold", "0.0001") == 0
    assert [row["path"] for row in read_csv(OUT)] == [str(clip)]


def test_clips_that_cannot_be_used_are_left_out(split):
    Path("Chall/action_10/clip_1.mp4").write_bytes(b"no clip" * 100)
    assert label(split, "--threshold", "0.0001") == 0
    assert [row["view"] for row in read_csv(OUT) if row["sample"] == "chall/10"] == ["0", "2"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--threshold", "tag=0.5"], "--threshold tag=0.5: there is no head tag; there are: action, severity"),
        (["--threshold", "high"], "--threshold high: must be a number, or HEAD=NUMBER"),
        (["--threshold", "2"], "--threshold must be above 0 and at most 1, found 2"),
        (["--ratio", "-1"], "--ratio must be above 0, found -1"),
        (["--alpha", "-1"], "--alpha must be 0 or more, found -1"),
        (["--out", "labels.txt"], "--out labels.txt: name a .csv"),
        (["--workers", "0"], "--workers must be at least 1, found 0"),
        (["--calibration", "none.json"], "none.json: No such file or directory"),
        (["--index", "none"], "none/train.csv: No such file or directory"),
        (["--weights", "ensemble.json"], "ensemble.json: labels are made by one model: give its weights file"),
    ],
)
def test_a_wrong_argument_is_a_line(split, capsys, arguments, said):
    assert refused(capsys, split, *arguments) == f"tailwise: {said}"


def test_clips_outside_the_data_root_are_refused(split, capsys):
    Path("elsewhere").mkdir()
    Path("params.yaml").write_text("data: {root: elsewhere}\n")
    assert "is not below data.root elsewhere: training reads only what is there" in refused(capsys, split)


def test_a_model_of_other_data_is_refused(split, capsys):
    write_json(Path("data/index/heads.json"), {"action": ["Dive", "High leg"], "severity": HEADS[1].classes})
    said = "w.safetensors: its heads or classes are not those of data/index: it is of other data"
    assert refused(capsys, split) == f"tailwise: {said}"


def test_labels_of_an_earlier_round_do_not_count_as_labelled(split):
    rows = [{**row, "pseudo": "" if i < 12 else "abc"} for i, row in enumerate(read_csv(Path("data/index/train.csv")))]
    write_csv(Path("data/index/train.csv"), [*COLUMNS, "pseudo"], [row.values() for row in rows])
    assert label(split, "--threshold", "0.0001") == 0
    assert json.loads(OUT.with_suffix(".json").read_text())["labelled"]["severity"]["Red card"] == 3


def test_a_second_round_replaces_the_labels_of_the_first(split):
    assert label(split, "--threshold", "0.0001") == 0
    index, first = Path("data/index/train.csv"), read_csv(OUT)
    given = [
        {name: row.get({"content": "sha256"}.get(name, name), "") for name in (*COLUMNS, "pseudo")} for row in first
    ]
    people = [{**row, "pseudo": ""} for row in read_csv(index)]
    write_csv(index, [*COLUMNS, "pseudo"], [row.values() for row in (*people, *given)])
    assert label(split, "--threshold", "0.0001") == 0
    assert read_csv(OUT) == first
