"""A user's clips in a CSV file: how rows are read, and how splits are drawn."""

import zipfile
from collections import Counter

import pytest

from support.tables import records
from tailwise.core.files import write_csv
from tailwise.data.tables.partition import Split
from tailwise.data.tables.rows import SPLITS, Index
from tailwise.data.tables.table import Table

DRAWN = Split(0.25, 0.25, 1)
ROWS = "sample,split,path,outcome\ns1,train,1.mp4,goal\ns2,train,2.mp4,miss\ns3,valid,3.mp4,goal\ns4,test,4.mp4,goal\n"


@pytest.fixture
def read(tmp_path):
    """Writes a table and reads it."""

    def run(text: str = ROWS, heads=("outcome",), split=None, encoding="utf8"):
        (tmp_path / "labels.csv").write_bytes(text.encode(encoding))
        return Table("table", "labels.csv", heads, split).read(tmp_path)

    return run


def test_one_view_and_one_head(read):
    index = read()
    assert index.heads == {"outcome": ("goal", "miss")} and list(index.rows) == list(SPLITS)
    first = {"sample": "s1", "view": "0", "group": "s1", "path": "1.mp4", "content": "", "outcome": "goal"}
    assert list(records(index.rows["train"])[0].items()) == list(first.items())
    assert [index.rows[split]["sample"].to_list() for split in ("valid", "test")] == [["s3"], ["s4"]]
    assert index.dropped == {"train": {}, "valid": {}, "test": {}}


def test_several_views_heads_groups_and_further_fields(read):
    header = "fps,foot,sample,camera,view,path,outcome,group,split"
    lines = ["25,left,s1,near,a,x/1.mp4,goal,m1,Train", "50,left,s1,far,b,./x/2.mp4,goal,m1,TRAIN"]
    lines += ["25,,s2,near,a,3.mp4,miss,m2,valid", "25,right,s3,near,a,4.mp4,,m3,test"]
    index = read("\n".join([header, *lines]), heads=("outcome", "foot"))
    assert index.heads == {"outcome": ("goal", "miss"), "foot": ("left", "right")}
    columns = ["sample", "view", "group", "path", "content", "outcome", "foot", "fps", "camera"]
    assert all(list(rows) == columns for rows in index.rows.values())
    assert index.rows["train"].iloc[1].to_list() == ["s1", "b", "m1", "x/2.mp4", "", "goal", "left", "50", "far"]
    assert index.rows["test"]["outcome"][0] == "" and index.rows["valid"]["foot"][0] == ""


def test_views_of_a_sample_are_brought_together(read):
    lines = ["s1,a,train,1.mp4,goal", "s2,a,train,2.mp4,miss", "s1,b,train,3.mp4,goal", "s3,a,valid,4.mp4,goal"]
    index = read("\n".join(["sample,view,split,path,outcome", *lines]))
    assert index.rows["train"]["path"].to_list() == ["1.mp4", "3.mp4", "2.mp4"]


@pytest.mark.parametrize(
    "names", [("a, b", 'say "no"'), ("été", "日本 語"), ("two\nlines", "x"), ("<b>", "&amp;"), ("0", "1")]
)
def test_any_name_of_a_class(read, tmp_path, names):
    rows = [["s1", "train", "1.mp4", names[0]], ["s2", "train", "2.mp4", names[1]], ["s3", "test", "3.mp4", names[0]]]
    write_csv(tmp_path / "labels.csv", ["sample", "split", "path", "outcome"], rows)
    index = read((tmp_path / "labels.csv").read_text(encoding="utf8"))
    assert index.heads["outcome"] == tuple(sorted(names))
    assert index.rows["train"]["outcome"].to_list() == list(names)


def test_marks_blank_lines_and_windows_line_ends_are_no_data(read):
    plain, marked = read(), read("\ufeff" + ROWS.replace("\n", "\r\n") + "\r\n\r\n")
    assert same(plain, marked) and (plain.heads, plain.notes) == (marked.heads, marked.notes)


def same(one: Index, other: Index) -> bool:
    """Whether both have the same rows."""
    return all(rows.equals(other.rows[split]) for split, rows in one.rows.items())


def table(count: int = 240, groups: bool = True) -> str:
    """Without a column `split`: two views a sample, eight samples a group."""
    lines = ["sample,view,path,outcome,foot" + (",group" if groups else "")]
    for i in range(count):
        labels = f"{('goal', 'miss', 'miss')[i % 3]},{('left', 'right')[i // 3 % 2]}"
        lines += [f"s{i},{v},{i}_{v}.mp4,{labels}" + (f",m{i // 8}" if groups else "") for v in (0, 1)]
    return "\n".join(lines)


def test_splits_are_drawn_by_group_and_labels(read):
    index = read(table(), heads=("outcome", "foot"), split=DRAWN)
    seen = Counter(group for rows in index.rows.values() for group in rows["group"].unique())
    assert set(seen.values()) == {1} and len(seen) == 30
    sizes = {split: rows["sample"].nunique() for split, rows in index.rows.items()}
    assert sizes == pytest.approx({"train": 120, "valid": 60, "test": 60}, abs=12)
    for rows in index.rows.values():
        pairs = Counter(zip(rows["outcome"], rows["foot"]))
        assert pairs["miss", "left"] == pytest.approx(len(rows) / 3, rel=0.2)


def test_without_groups_each_sample_is_its_own(read):
    index = read(table(groups=False), heads=("outcome", "foot"), split=DRAWN)
    assert all(rows["group"].equals(rows["sample"].rename("group")) for rows in index.rows.values())
    samples = [sample for rows in index.rows.values() for sample in rows["sample"].unique()]
    assert len(samples) == len(set(samples)) == 240


def test_drawn_splits_do_not_depend_on_the_order_of_the_lines(read):
    header, *lines = table().splitlines()
    index, turned = (read("\n".join([header, *of]), split=DRAWN) for of in (lines, lines[::-1]))
    assert {s: set(rows["sample"]) for s, rows in index.rows.items()} == {
        s: set(rows["sample"]) for s, rows in turned.rows.items()
    }
    assert not same(read(table(), split=Split(0.25, 0.25, 2)), index)


def test_names_are_normalised_and_reported(read):
    header = " sample,split\u00a0,\ufeffpath, group,outcome\u200b,note"
    lines = [" s1, Train,1.mp4,final 2023 ,goal , as it is ", "s2,train\u00a0,2.mp4,e\u0301te,miss,"]
    lines += ["s3,valid,3.mp4,m3,\tgoal,", "s4,test,4.mp4,\u200bm4,goal,"]
    index = read("\n".join([header, *lines]))
    assert index.heads == {"outcome": ("goal", "miss")}
    first = {"sample": "s1", "view": "0", "group": "final 2023", "path": "1.mp4", "content": "", "outcome": "goal"}
    assert records(index.rows["train"])[0] == {**first, "note": " as it is "}
    assert index.rows["train"]["group"][1] == "\u00e9te"
    counts = {split: [note.rpartition(": ")[2] for note in notes] for split, notes in index.notes.items()}
    assert counts == {"train": ["6, as ' s1'"], "valid": ["1, as '\\tgoal'"], "test": ["1, as '\\u200bm4'"]}


def test_a_tidy_table_has_no_note(read):
    assert read().notes == {"train": [], "valid": [], "test": []}


@pytest.mark.parametrize(
    ("written", "on_disk", "read_as"),
    [
        ("1.mp4 ", "1.mp4", "1.mp4"),
        ("1.mp4 ", "1.mp4 ", "1.mp4 "),
        ("e\u0301.mp4", "\u00e9.mp4", "\u00e9.mp4"),
        ("\u00e9.mp4", "e\u0301.mp4", "e\u0301.mp4"),
        ("e\u0301.mp4", "e\u0301.mp4", "e\u0301.mp4"),
        ("e\u0301.mp4 ", "nowhere", "\u00e9.mp4"),
        (" ./1.mp4", "1.mp4", "1.mp4"),
    ],
)
def test_a_path_is_taken_as_the_file_is_named(read, tmp_path, written, on_disk, read_as):
    (tmp_path / on_disk).write_text("a clip")
    index = read(ROWS.replace("1.mp4", written))
    assert index.rows["train"]["path"][0] == read_as
    assert len(index.notes["train"]) == (written not in (read_as, on_disk))


def test_a_path_into_a_zip_is_taken_as_the_member_is_named(read, tmp_path):
    with zipfile.ZipFile(tmp_path / "clips.zip", "w") as file:
        file.writestr("e\u0301.mp4", "a clip")
    assert read(ROWS.replace("1.mp4", "clips.zip/\u00e9.mp4")).rows["train"]["path"][0] == "clips.zip/e\u0301.mp4"
