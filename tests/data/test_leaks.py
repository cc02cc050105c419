"""What is in two splits is named, and refused unless the params say otherwise; what is twice in one is counted."""

import pytest

from tailwise.core.errors import UserError
from tailwise.data.index.leaks import find_leaks
from tailwise.data.index.rows import SPLITS, Index
from tailwise.data.index.source import Source, read_source, refusal
from tailwise.data.index.summary import describe, summarize
from tailwise.data.index.table import Table

BIG = b"a clip" * 100


def index(*rows: str) -> Index:
    """Rows of "split sample group path content"."""
    parts = [dict(zip(("split", "sample", "group", "path", "content"), row.split())) for row in rows]
    of_split = {split: [row for row in parts if row["split"] == split] for split in SPLITS}
    return Index({}, of_split, {}, {})


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
    rows = [f"{split} s-{split} g-{split} a.mp4 " for split in ("train", "test")]
    said = [leak.text for leak in find_leaks(_absent(index(*rows)), {""})]
    assert said == ["the same clip is a.mp4 in train and a.mp4 in test"]


def _absent(found: Index) -> Index:
    for rows in found.rows.values():
        for row in rows:
            row["content"] = ""
    return found


def test_files_that_hold_no_clip_are_no_leak():
    assert leaks("train s1 g1 a.mp4 X", "test s2 g2 b.mp4 X", stubs=("X",)) == []


def test_a_refusal_is_one_line_that_names_some(tmp_path):
    rows = [f"{split} {split}{i} {split}{i} {split}{i}.mp4 C{i}" for split in ("train", "test") for i in range(8)]
    text = refusal(tmp_path, find_leaks(index(*rows), {""}))
    assert text.startswith(f"{tmp_path}: the same clip is train0.mp4 in train and test0.mp4 in test; the same")
    assert "train4.mp4" in text and "train5.mp4" not in text and "; and 3 more: keep each in one split" in text
    assert text.endswith("or let data.leaks: warn in params.yaml turn this into a warning") and "\n" not in text


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
    }
    assert list(describe(data))[-3:] == [
        "test: 3 samples, 3 views",
        f"  WARNING: {CLIP}",
        f"  WARNING: {GROUP}",
    ]
