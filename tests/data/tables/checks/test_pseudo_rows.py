"""Samples that a model labelled join the training split, and never meet what is validated or tested."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pytest

from support.tables import records, table
from tailwise.core.errors import UserError
from tailwise.data.tables.checks.pseudo import with_pseudo
from tailwise.data.tables.checks.source import Checked
from tailwise.data.tables.checks.summary import summarize
from tailwise.data.tables.pseudo import PseudoLabels, count_pseudo, held_out_key, limits_of_pseudo
from tailwise.data.tables.rows import Index

HEADS = {"kind": ("often", "rare"), "size": ("large", "small")}
ROOT = Path("raw")


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def row(sample: str, **other) -> dict[str, str]:
    usual = {"sample": sample, "view": "0", "group": f"g {sample}", "path": f"{sample}.mp4", "content": digest(sample)}
    return {**usual, "kind": "often", "size": "small", "camera": "main", **other}


@pytest.fixture
def data(folder) -> Checked:
    """Two training samples and one each of the others; the files of six more, from n0."""
    ROOT.mkdir()
    for name in ("a", "b", "v", "t", *(f"n{i}" for i in range(6))):
        (ROOT / f"{name}.mp4").write_text(name)
    splits = {"train": [row("a"), row("b", kind="rare")], "valid": [row("v")], "test": [row("t")]}
    rows = {split: table(of) for split, of in splits.items()}
    return Checked(Index(HEADS, rows, {split: {} for split in rows}, {split: [] for split in rows}), [], [])


NEW = [
    {"sample": "n0", "group": "m", "path": "n0.mp4", "kind": "rare", "size": "", "view": "0"},
    {"sample": "n1", "group": "m", "path": "n1.mp4", "kind": "", "size": "large", "view": "0"},
    {"sample": "n1", "group": "m", "path": "n2.mp4", "kind": "", "size": "large", "view": "1"},
]


def write(*changes: dict, held_out=(["v"], ["t"]), **fact) -> PseudoLabels:
    """The table of NEW, its rows changed in turn, as the command writes it."""
    rows = [
        {**of, "sha256": digest(of["path"].removesuffix(".mp4")), "pseudo": "abc123", **change}
        for of, change in zip(NEW, [*changes, {}, {}, {}])
    ]
    lines = [",".join(rows[0]), *(",".join(of.values()) for of in rows)]
    text = "\n".join(lines) + "\n"
    Path("labels.csv").write_text(text)
    Path("labels.json").write_text(json.dumps({"table": digest(text), "held_out": held_out_key(*held_out), **fact}))
    return PseudoLabels("labels.csv", digest(text))


def test_without_a_table_the_data_stay_as_they_are(data):
    assert with_pseudo(data, None, ROOT) is data
    assert not [facts for facts in summarize(data).values() if "labelled by a model" in facts]


def test_the_rows_join_train_with_the_model_beside_them(data):
    found = with_pseudo(data, write(), ROOT).index
    assert records(found.rows["train"])[:2] == [{**of, "pseudo": ""} for of in records(data.index.rows["train"])]
    added = records(found.rows["train"])[2:]
    assert [(of["sample"], of["kind"], of["size"], of["pseudo"], of["camera"]) for of in added] == [
        ("n0", "rare", "", "abc123", ""),
        ("n1", "", "large", "abc123", ""),
        ("n1", "", "large", "abc123", ""),
    ]
    assert [of["content"] for of in added] == [digest(f"n{i}") for i in range(3)]
    for split in ("valid", "test"):
        assert records(found.rows[split]) == [{**of, "pseudo": ""} for of in records(data.index.rows[split])]
    assert found.notes["train"] == ["2 of them with labels by a model, abc123 (data.pseudo): kind 1, size 1"]


def test_the_summary_says_how_many(data):
    found = summarize(with_pseudo(data, write(), ROOT))
    assert {split: facts["labelled by a model"] for split, facts in found.items()} == {
        "train": 2,
        "valid": 0,
        "test": 0,
    }


def test_labels_are_counted_by_class_and_said_of_each_head(data):
    made = count_pseudo(records(with_pseudo(data, write(), ROOT).index.rows["train"]), HEADS)
    assert made == {
        "labels": {"kind": {"often": 0, "rare": 1}, "size": {"large": 1, "small": 0}},
        "models": ["abc123"],
    }
    counts = {"train": {"kind": {"often": 1, "rare": 2}, "size": {"large": 1, "small": 2}}, "pseudo": made}
    assert limits_of_pseudo(counts) == [
        "kind: 1 of 3 training labels were made by a model (abc123), not by people.",
        "size: 1 of 3 training labels were made by a model (abc123), not by people.",
    ]
    assert count_pseudo(records(data.index.rows["train"]), HEADS) == {} and limits_of_pseudo({"train": {}}) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"sample": "v"}, "the sample 'v' is in valid, too, 1 of 3 rows: leave those out"),
        ({"group": "g t"}, "the group 'g t' is in test, too, 1 of 3 rows"),
        ({"path": "v.mp4", "sha256": digest("v")}, "the path 'v.mp4' is in valid, too"),
        ({"sample": "a"}, "the sample 'a' is in train, too"),
        ({"path": "b.mp4", "sha256": digest("b")}, "the path 'b.mp4' is in train, too"),
        ({"path": "copy.mp4", "sha256": digest("t")}, "the file of copy.mp4 is in test, too"),
        ({"path": "../copy.mp4"}, "line 2: '../copy.mp4' is outside the data root"),
        ({"path": "gone.mp4"}, "line 2: raw/gone.mp4 is not there"),
        ({"path": "n5.mp4"}, "line 2: raw/n5.mp4 has changed since it was labelled"),
        ({"kind": "seldom"}, "line 2: kind has no class 'seldom'; known: often, rare"),
        ({"kind": ""}, "line 2: needs a label of one head at least"),
        ({"pseudo": ""}, "line 2: needs a label of one head at least, and the model in the column pseudo"),
        ({"sample": "n1", "view": "2"}, "line 3: the views of 'n1' differ in kind"),
    ],
)
def test_what_must_not_be_trained_with_is_refused_in_a_line(data, change, said):
    (ROOT / "copy.mp4").write_text("t")
    with pytest.raises(UserError) as refused:
        with_pseudo(data, write(change), ROOT)
    assert (
        said in str(refused.value) and str(refused.value).startswith("labels.csv: ") and "\n" not in str(refused.value)
    )


def test_a_group_of_train_may_have_more_samples(data):
    assert len(with_pseudo(data, write({"group": "g a"}), ROOT).index.rows["train"]) == 5


def test_another_table_than_that_of_the_params_is_refused(data):
    how = write()
    Path("labels.csv").write_text(Path("labels.csv").read_text().replace("rare", "often"))
    with pytest.raises(UserError, match=r"labels.csv: its SHA-256 is [0-9a-f]{64}, not that of data.pseudo.sha256"):
        with_pseudo(data, how, ROOT)
    Path("labels.csv").unlink()
    with pytest.raises(UserError, match="labels.csv: No such file or directory, named by data.pseudo: `git add` it"):
        with_pseudo(data, how, ROOT)


def test_facts_of_another_table_are_refused(data):
    with pytest.raises(UserError, match="labels.json: is of another table"):
        with_pseudo(data, write(table="0" * 64), ROOT)
    how = write()
    Path("labels.json").unlink()
    with pytest.raises(UserError, match="labels.json: No such file"):
        with_pseudo(data, how, ROOT)


@pytest.mark.parametrize("held_out", [(["a"], ["t"]), (["v", "b"], ["t"]), (["v"], [])])
def test_a_model_that_was_trained_with_what_is_now_held_out_is_refused(data, held_out):
    with pytest.raises(UserError, match="may have been trained with those of now"):
        with_pseudo(data, write(held_out=held_out), ROOT)


def test_valid_and_test_together_are_held_out(data):
    assert len(with_pseudo(data, write(held_out=(["t"], ["v"])), ROOT).index.rows["train"]) == 5


@pytest.mark.parametrize("split", ["valid", "test"])
def test_a_label_by_a_model_in_another_split_is_refused(data, split):
    rows = {name: of.assign(pseudo="abc" if name == split else "") for name, of in data.index.rows.items()}
    with pytest.raises(
        UserError, match=f"^{split}: the labels of '.' were made by a model: it may only be trained with"
    ):
        with_pseudo(replace(data, index=replace(data.index, rows=rows)), None, ROOT)


@pytest.mark.parametrize(("file", "sha256", "said"), [("a.json", "0" * 64, "file"), ("a.csv", "0" * 63, "sha256")])
def test_params_that_name_no_table_are_refused(file, sha256, said):
    with pytest.raises(ValueError, match=said):
        PseudoLabels(file, sha256)
