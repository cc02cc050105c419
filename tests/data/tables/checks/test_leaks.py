"""Items in two splits are named, and refused unless the params allow them; duplicates within a split are warned of."""

from dataclasses import replace

import pandas as pd
import pytest

from support.tables import table
from tailwise.core.errors import UserError
from tailwise.data.tables.checks.leaks import find_leaks
from tailwise.data.tables.checks.source import read_source, refusal
from tailwise.data.tables.checks.summary import describe, summarize
from tailwise.data.tables.checks.warnings import find_warnings
from tailwise.data.tables.rows import SPLITS, Index
from tailwise.data.tables.table import Table
from tailwise.recipes.fouls.source import Source

BIG = b"a clip" * 100


def index(*rows: str) -> Index:
    """Rows of "split sample group path content"."""
    parts = [dict(zip(("split", "sample", "group", "path", "content"), row.split())) for row in rows]
    return Index({}, by_split(table([{**row, "view": "0"} for row in parts])), {}, {})


def by_split(rows: pd.DataFrame) -> dict[str, pd.DataFrame]:
    return {split: rows[rows["split"] == split].drop(columns="split") for split in SPLITS}


def leaks(*rows: str, stubs=("",)) -> list[str]:
    return [leak.text for leak in find_leaks(index(*rows), set(stubs))]


def test_nothing_shared_is_no_leak():
    assert leaks("train s1 g1 a.mp4 A", "train s1 g1 b.mp4 A", "valid s2 g2 c.mp4 C", "test s3 g3 d.mp4 D") == []


def test_the_same_content_in_two_splits():
    said = leaks("train s1 g1 a.mp4 A", "train s2 g1 b.mp4 A", "test s3 g3 c.mp4 A")
    assert said == ["the same clip is a.mp4 in train and c.mp4 in test"]


def test_the_same_content_in_three_splits_is_one_leak():
    said = leaks("train s1 g1 a.mp4 A", "valid s2 g2 b.mp4 A", "test s3 g3 c.mp4 A")
    assert said == ["the same clip is a.mp4 in train and b.mp4 in valid and c.mp4 in test"]


def test_a_group_in_two_splits():
    said = leaks("train s1 final a.mp4 A", "train s2 final b.mp4 B", "valid s3 final c.mp4 C")
    assert said == ["the group 'final' is in train (sample s1) and in valid (sample s3)"]


def test_the_same_path_in_two_splits_even_if_there_is_no_file():
    found = index(*[f"{split} s-{split} g-{split} a.mp4 A" for split in ("train", "test")])
    absent = replace(found, rows={split: rows.assign(content="") for split, rows in found.rows.items()})
    said = [leak.text for leak in find_leaks(absent, {""})]
    assert said == ["the same clip is a.mp4 in train and a.mp4 in test"]


def test_files_that_hold_no_clip_are_no_leak():
    assert leaks("train s1 g1 a.mp4 X", "test s2 g2 b.mp4 X", stubs=("X",)) == []


def test_a_refusal_is_one_line_that_names_some(tmp_path):
    rows = [f"{split} {split}{i} {split}{i} {split}{i}.mp4 C{i}" for split in ("train", "test") for i in range(8)]
    text = refusal(tmp_path, find_leaks(index(*rows), {""}))
    assert text.startswith(f"{tmp_path}: the same clip is train0.mp4 in train and test0.mp4 in test; the same")
    assert "train4.mp4" in text and "train5.mp4" not in text and "; and 3 more: keep each in one split" in text
    assert text.endswith("or set data.leaks: warn in params.yaml to turn this into a warning") and "\n" not in text


@pytest.fixture
def leaking(tmp_path) -> Table:
    """A data set whose test split has a clip, and another sample of a group, of the training split."""
    lines = ["sample,split,path,group,outcome"]
    for name, split, group, outcome, content in [
        ("s1", "train", "g1", "goal", BIG + b"1"),
        ("s2", "train", "g2", "miss", BIG + b"2"),
        ("s3", "valid", "g3", "goal", BIG + b"3"),
        ("s4", "test", "g4", "goal", BIG + b"1"),
        ("s5", "test", "g2", "goal", BIG + b"5"),
        ("s6", "test", "g6", "goal", BIG + b"5"),
    ]:
        lines.append(f"{name},{split},{name}.mp4,{group},{outcome}")
        (tmp_path / f"{name}.mp4").write_bytes(content)
    (tmp_path / "labels.csv").write_text("\n".join(lines))
    return Table("table", "labels.csv", ("outcome",), None)


CLIP = "the same clip is s1.mp4 in train and s4.mp4 in test"
TWICE = "the same clip is s5.mp4 (view 0 of sample s5) and s6.mp4 (view 0 of sample s6) in test"
GROUP = "the group 'g2' is in train (sample s2) and in test (sample s5)"


def test_leaks_are_refused(leaking, tmp_path):
    with pytest.raises(UserError) as refused:
        read_source(Source(str(tmp_path), "refuse", leaking))
    assert str(refused.value).startswith(f"{tmp_path}: {CLIP}; {GROUP}: keep each in one split")


def test_or_warned_of(leaking, tmp_path):
    data = read_source(Source(str(tmp_path), "warn", leaking))
    facts = summarize(data)["test"]
    assert facts == {
        "samples": 3,
        "views": 3,
        "dropped": {},
        "leaks": [CLIP, GROUP],
        "warnings": [TWICE],
    }
    assert list(describe(data))[-4:] == [
        "test: 3 samples, 3 views",
        f"  WARNING: {CLIP}",
        f"  WARNING: {GROUP}",
        f"  WARNING: {TWICE}",
    ]


def labelled(*rows: str) -> Index:
    """Rows of "split sample group path content kind", "-" for no label."""
    parts = [dict(zip(("split", "sample", "group", "path", "content", "kind"), row.split())) for row in rows]
    views = [{**row, "view": "0", "kind": row["kind"].strip("-")} for row in parts]
    return Index({"kind": ("a", "b")}, by_split(table(views)), {}, {})


def found(*rows: str, stubs=("",)) -> tuple[list[str], list[str]]:
    """What is refused, and what is warned of."""
    of = labelled(*rows)
    return [leak.text for leak in find_leaks(of, set(stubs))], [
        warning.text for warning in find_warnings(of, set(stubs))
    ]


def test_one_clip_under_two_labels():
    said = "the same clip is 1.mp4 (kind 'a', sample s1) and 2.mp4 (kind 'b', sample s2) in train"
    assert found("train s1 g1 1.mp4 A a", "train s2 g1 2.mp4 A b") == ([said], [])
    by_path = "the same clip is 1.mp4 (kind 'a', sample s1) and 1.mp4 (kind 'b', sample s2) in train"
    assert found("train s1 g1 1.mp4 X a", "train s2 g1 1.mp4 X b", stubs=("X",)) == ([by_path], [])


def test_one_clip_under_two_labels_in_two_splits():
    said = "the same clip is 1.mp4 in train and 2.mp4 in test; its kind is 'a' and 'b'"
    assert found("train s1 g1 1.mp4 A a", "test s2 g2 2.mp4 A b") == ([said], [])


def test_one_clip_in_two_samples_of_a_split():
    said = "the same clip is 1.mp4 (view 0 of sample s1) and 2.mp4 (view 0 of sample s2) in train"
    assert found("train s1 g1 1.mp4 A a", "train s2 g1 2.mp4 A a") == ([], [said])
    assert found("train s1 g1 1.mp4 A a", "train s2 g1 2.mp4 A -") == ([], [said])
    again = ["train s1 g1 1.mp4 A a", "train s2 g1 2.mp4 A a", "train s3 g1 1.mp4 A a", "train s4 g1 1.mp4 A a"]
    assert found(*again) == ([], [said.replace(" in train", " and 2 more in train")])


def test_one_clip_as_two_views_of_a_sample():
    said = "the same clip is 1.mp4 (view 0 of sample s1) and 1.mp4 (view 1 of sample s1) in train"
    of = labelled("train s1 g1 1.mp4 A a", "train s1 g1 1.mp4 A a")
    of.rows["train"]["view"] = ["0", "1"]
    assert find_leaks(of, {""}) == [] and [warning.text for warning in find_warnings(of, {""})] == [said]


def test_clips_that_are_not_there_or_hold_nothing_are_not_the_same():
    assert found("train s1 g1 1.mp4 X a", "train s2 g1 2.mp4 X b", "train s3 g1 3.mp4 X a", stubs=("X",)) == ([], [])


def test_groups_that_look_alike():
    said = "the groups 'Final' in train and 'final' in test look alike"
    assert found("train s1 Final 1.mp4 A a", "test s2 final 2.mp4 B b") == ([said], [])
    said = "the groups 'Final' and 'final' look alike and count as different ones in train"
    assert found("train s1 Final 1.mp4 A a", "train s2 final 2.mp4 B b") == ([], [said])


def test_samples_that_look_alike():
    said = "the samples 's1' in train and 'S1' in valid look alike"
    assert found("train s1 g1 1.mp4 A a", "valid S1 g2 2.mp4 B b") == ([said], [])
    assert found("train s1 s1 1.mp4 A a", "valid S1 S1 2.mp4 B b") == ([said.replace("samples", "groups")], [])
    said = "the samples 's1' and 'S1' look alike and count as different ones in train"
    assert found("train s1 s1 1.mp4 A a", "train S1 S1 2.mp4 B b") == ([], [said])


def test_views_that_look_alike():
    of = labelled("train s1 g1 1.mp4 A a", "train s1 g1 2.mp4 B a")
    of.rows["train"]["view"] = ["far", "Far"]
    said = "the views 'far' and 'Far' of sample 's1' look alike in train"
    assert [warning.text for warning in find_warnings(of, set())] == [said]


def test_a_refusal_has_its_own_advice(tmp_path):
    of = labelled("train s1 g1 1.mp4 A a", "train s2 g1 2.mp4 A b", "train s3 G 3.mp4 C a", "test s4 g 4.mp4 D a")
    text = refusal(tmp_path, find_leaks(of, {""}))
    spelling = "use one spelling for the same name, and clearly different names otherwise"
    assert f"give each clip one label, {spelling}, or set data.leaks" in text


def test_a_refusal_of_long_names_is_cut(tmp_path):
    names = [f"{split}{i}" for split in ("train", "test") for i in range(8)]
    rows = [f"{name[:-1]} {'s' * 3000}{name} {name} {'p' * 3000}.mp4 C{name[-1]} a" for name in names]
    assert len(refusal(tmp_path, find_leaks(labelled(*rows), {""}))) < 1000 + len(str(tmp_path))


@pytest.mark.parametrize(
    ("name", "meets"), [("final 2023 ", "final 2023"), ("fi\u0301n", "f\u00edn"), ("m\u00a0", "m"), ("\u200bm", "m")]
)
def test_a_group_that_is_another_by_its_spelling_alone_leaks(tmp_path, name, meets):
    for place in range(4):
        (tmp_path / f"{place}.mp4").write_bytes(bytes([place]) * 600)
    rows = [f"s0,train,0.mp4,{name},a", "s1,train,1.mp4,m1,b", "s2,valid,2.mp4,m2,a", f"s3,test,3.mp4,{meets},a"]
    (tmp_path / "labels.csv").write_text("\n".join(["sample,split,path,group,kind", *rows]), encoding="utf8")
    with pytest.raises(UserError, match=f"the group {meets!r} is in train .sample s0. and in test .sample s3."):
        read_source(Source(str(tmp_path), "refuse", Table("table", "labels.csv", ("kind",), None)))
