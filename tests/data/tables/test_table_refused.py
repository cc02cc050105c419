"""Tables and params of a table that are refused, each by one line that names file, line and column."""

import os
import time

import pytest

from tailwise.core.errors import UserError
from tailwise.core.params.typed import convert
from tailwise.data.tables import lines
from tailwise.data.tables.checks.source import read_source
from tailwise.data.tables.partition import Split
from tailwise.data.tables.table import Table
from tailwise.recipes.fouls.source import Source

DRAWN = Split(0.25, 0.25, 1)
ROWS = "sample,split,path,outcome\ns1,train,1.mp4,goal\ns2,train,2.mp4,miss\ns3,valid,3.mp4,goal\ns4,test,4.mp4,goal\n"


@pytest.fixture
def refusal(tmp_path):
    """Writes a table and tries to read it; what is said after its name."""

    def run(text: str = ROWS, heads=("outcome",), split=None, encoding="utf8") -> str:
        (tmp_path / "labels.csv").write_bytes(text.encode(encoding))
        with pytest.raises(UserError) as refused:
            Table("table", "labels.csv", heads, split).read(tmp_path)
        assert "\n" not in str(refused.value) and str(refused.value).startswith(f"{tmp_path}/labels.csv: ")
        return str(refused.value).removeprefix(f"{tmp_path}/labels.csv: ")

    return run


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty; it needs a header and one row per view"),
        ("\n\n", "is empty; it needs a header and one row per view"),
        ("sample,split,path,outcome\n", "has a header and no row; it needs one row per view"),
        ("split,path,outcome\ntrain,1.mp4,goal", "has no column sample; there are: split, path, outcome"),
        ("sample,split,outcome\ns1,train,goal", "has no column path; there are: sample, split, outcome"),
        ("sample;split;path\ns1;train;1.mp4", "has no column sample; there are: sample;split;path"),
        (
            "sample,split,path\ns1,train,1.mp4",
            "has no column outcome, which data.reader.heads names; there are: sample",
        ),
        ("sample,,path,outcome\n", "column 2 has no name"),
        ("sample,path,path,outcome\n", "two columns are named path"),
        ('sample,path,"out\ncome"\n', r"the name of column 3, 'out\ncome', contains a line break: remove it"),
        (
            "sample,path,outcome\ns1,1.mp4,goal",
            "has no column split; set data.reader.split in params.yaml, as {valid: 0.15, test: 0.15, seed: 1}",
        ),
        (ROWS + "s5,train,5.mp4", "line 6: 3 fields where the header has 4; quote a field that holds a comma"),
        (ROWS + "s5,train,5.mp4,a,b", "line 6: 5 fields where the header has 4; quote a field that holds a comma"),
        (ROWS + 's5,train,5.mp4,"goal', "line 6: not CSV: unexpected end of data"),
        (ROWS + '"s\n5",train,5.mp4', "line 6: 3 fields where the header has 4"),
        (ROWS + '"s\n5",train,5.mp4,goal\ns6,train', "line 8: 2 fields where the header has 4"),
        (ROWS + ",train,5.mp4,goal", "line 6: sample is empty"),
        (ROWS + "s5,train,,goal", "line 6: path is empty"),
        (ROWS + "s5,,5.mp4,goal", "line 6: split must be train, valid, test, found ''"),
        (ROWS + "s5,dev,5.mp4,goal", "line 6: split must be train, valid, test, found 'dev'"),
        (
            ROWS + "s5,train,../5.mp4,goal",
            "line 6: path '../5.mp4' is outside the data root: give a path relative to it",
        ),
        (ROWS + "s5,train,a/../../5.mp4,goal", "line 6: path 'a/../../5.mp4' is outside the data root"),
        (ROWS + "s5,train,/data/5.mp4,goal", "line 6: path '/data/5.mp4' is outside the data root"),
        (ROWS + "s5,train,\u00a0,goal", "line 6: path is empty"),
        (ROWS + "\u200b ,train,5.mp4,goal", "line 6: sample is empty"),
        (ROWS + "s5, dev ,5.mp4,goal", "line 6: split must be train, valid, test, found 'dev'"),
        (ROWS + " s1,train,5.mp4,goal", "line 6: sample 's1' is in line 2 too"),
        (ROWS + f"{'x' * 4001},train,5.mp4,goal", "line 6: sample has 4001 characters; at most 4000 are read"),
        (ROWS + f"s5,train,{'x' * 4001},goal", "line 6: path has 4001 characters; at most 4000 are read"),
        ("sample,path ,path,outcome\n", "two columns are named path"),
        ("sample,\u00a0,path,outcome\n", "column 2 has no name"),
        (
            ROWS + "s5,train,5.mp4,predicted",
            "line 6: outcome 'predicted' is a reserved name: rename it",
        ),
        (
            ROWS + "s1,train,5.mp4,goal",
            "line 6: sample 's1' is in line 2 too; add a column view to tell its views apart",
        ),
        (
            "sample,view,split,path,outcome\ns1,a,train,1.mp4,goal\ns1,a,train,2.mp4,goal",
            "line 3: view 'a' of sample 's1' is in line 2 too",
        ),
        (
            "sample,view,split,path,outcome\ns1,a,train,1.mp4,goal\ns1,b,train,2.mp4,miss",
            "line 3: sample 's1' has outcome 'miss' here and 'goal' in line 2; its views must agree",
        ),
        (
            "sample,view,split,path,outcome\ns1,a,train,1.mp4,goal\ns1,b,test,2.mp4,goal",
            "line 3: sample 's1' has split 'test' here and 'train' in line 2; its views must agree",
        ),
        (
            "sample,view,group,split,path,outcome\ns1,a,g,train,1.mp4,goal\ns1,b,h,train,2.mp4,goal",
            "line 3: sample 's1' has group 'h' here and 'g' in line 2; its views must agree",
        ),
        ("sample,view,split,path,outcome\ns1,,train,1.mp4,goal", "line 2: view is empty"),
        ("sample,group,split,path,outcome\ns1,,train,1.mp4,goal", "line 2: group is empty"),
        (
            "sample,content,split,path,outcome\ns1,x,train,1.mp4,goal",
            "the column name content is reserved: rename it",
        ),
    ],
)
def test_a_table_that_is_refused(refusal, text, said):
    assert refusal(text).startswith(said)


@pytest.mark.parametrize(
    ("column", "found", "hint"),
    [
        ("sample", "Sample", "has no column sample; did you mean 'Sample'? Rename it sample; there are: Sample, "),
        ("sample", "samples", "has no column sample; did you mean 'samples'? Rename it sample; there are: samples"),
        ("path", "PATH", "has no column path; did you mean 'PATH'? Rename it path; there are: sample, split, PATH, "),
        ("outcome", "Outcome", "has no column outcome, which data.reader.heads names; did you mean 'Outcome'? Rename"),
        ("split", "Split", "the column 'Split' is not read as split: rename it split, or something else"),
        ("path", "file", "has no column path; there are: sample, split, file, outcome"),
    ],
)
def test_a_column_that_is_nearly_one(refusal, column, found, hint):
    assert refusal(ROWS.replace(column, found, 1)).startswith(hint)


@pytest.mark.parametrize("name", ["Group", "GROUP", "View", "view_"])
def test_a_misspelt_optional_column_is_refused(refusal, name):
    """As a group it would keep a match on one side of a split."""
    meant = name.lower().rstrip("_")
    said = refusal(f"sample,split,path,outcome,{name}\ns1,train,1.mp4,goal,x")
    assert said == f"the column {name!r} is not read as {meant}: rename it {meant}, or something else"


@pytest.mark.parametrize(
    "text",
    [
        ROWS + f"s5,{'x' * 100_000},5.mp4,goal",
        ROWS + f"s5,train,5.mp4,goal\n{'s' * 3000},a,{'b' * 3000},goal",
        ROWS + f"s5,train,../{'x' * 3000},goal",
        ",".join(f"column {i}" for i in range(9_999)),
        f"sample,path,split,{'x' * 100_000}\n",
        f"sample,path,split,outcome,{'x' * 9_000},{'x' * 9_000}\n",
        "\n".join(["sample,view,split,path,outcome", *(f"{'s' * 3000},{v},train,{v},{v * 3000}" for v in "ab")]),
    ],
)
def test_quoted_text_is_shortened(refusal, text):
    assert len(refusal(text)) < 500


def test_a_table_that_is_too_large(refusal, tmp_path, monkeypatch):
    monkeypatch.setattr(lines, "MOST_LINES", 3)
    assert refusal(ROWS).endswith(" bytes: at most 64 MiB and 3 lines are read")
    monkeypatch.setattr(lines, "LARGEST_FILE", 2**20)
    assert refusal(" " * 2**20 + "x") == "1048577 bytes: at most 1 MiB and 3 lines are read"


def test_a_table_of_many_columns_is_refused_at_once(refusal):
    start = time.perf_counter()
    assert refusal(",".join(f"c{i}" for i in range(200_000)) + "\n").startswith("has a header and no row")
    assert time.perf_counter() - start < 5


def test_a_table_that_is_a_pipe(tmp_path):
    os.mkfifo(tmp_path / "labels.csv")
    with pytest.raises(UserError, match="labels.csv: is a pipe, not a file"):
        Table("table", "labels.csv", ("outcome",), None).read(tmp_path)


def test_a_split_asked_for_and_given(refusal):
    assert refusal(split=DRAWN) == "has a column split, so data.reader.split in params.yaml must be null"


FEW = "\n".join(["sample,path,outcome,foot", *(f"s{i},{i}.mp4,{'ab'[i % 2]},{'lr'[i % 3 > 0]}" for i in range(6))])


def test_too_few_samples_to_draw_from(refusal):
    said = refusal(FEW, heads=("outcome", "foot"), split=DRAWN)
    assert said == ("too few to draw splits: no combination of labels occurs 4 times in 6 samples; add a column split")


def test_another_encoding(refusal):
    assert refusal(ROWS.replace("goal", "été"), encoding="latin1").startswith("line 2 is not UTF-8: save the table as")


def test_an_absent_table(tmp_path):
    with pytest.raises(UserError, match="labels.csv: No such file or directory; see data.reader.file in params.yaml"):
        Table("table", "labels.csv", ("outcome",), None).read(tmp_path)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"heads": []}, r"data.reader: heads must be one or more distinct columns, found \[\]"),
        ({"heads": ["a", "a"]}, r"data.reader: heads must be one or more distinct columns, found \['a', 'a'\]"),
        ({"heads": ["path"]}, "data.reader: 'path' cannot be a head: use letters, digits, _ and -, and none of"),
        ({"heads": ["a/b"]}, "data.reader: 'a/b' cannot be a head: use letters"),
        ({"heads": ["outcome "]}, "data.reader: 'outcome ' is read as 'outcome': write it so"),
        ({"heads": ["e\u0301te"]}, r"data.reader: 'e\\u0301te' is read as '\\xe9te': write it so"),
        ({"heads": "outcome"}, "data.reader.heads must be a list, found 'outcome'"),
        ({"heads": [1]}, r"data.reader.heads\[0\] must be a text, found 1"),
        ({"file": "../x.csv"}, "data.reader: '../x.csv' is outside the data root: give a path relative to it"),
        ({"split": {"valid": 0.5, "test": 0.5, "seed": 1}}, "data.reader.split: valid and test must be above 0"),
        ({"split": "column"}, "data.reader.split must be a section, found 'column'"),
        ({"kind": "excel"}, "data.reader.kind must be one of soccernet, table, found 'excel'"),
    ],
)
def test_params_that_are_refused(change, said):
    reader = {"kind": "table", "file": "labels.csv", "heads": ["outcome"], "split": None, **change}
    with pytest.raises(UserError, match=said):
        convert(Source, {"root": "data", "leaks": "refuse", "reader": reader}, "data")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (ROWS.replace("valid", "test"), "no sample in the split valid; each split needs one"),
        (ROWS.replace("miss", "goal"), r"head outcome has the classes \['goal'\]; it needs two or more"),
        (
            ROWS.replace("test,4.mp4,goal", "test,4.mp4,"),
            "head outcome: no sample of the split test has a label; label one",
        ),
        (
            ROWS + "s5,valid,5.mp4,post\ns6,test,6.mp4,post",
            "head outcome: 'post' has no training sample, it is in valid and test; move one to train",
        ),
    ],
)
def test_a_data_set_that_cannot_be_learned_from(tmp_path, text, said):
    (tmp_path / "labels.csv").write_text(text)
    with pytest.raises(UserError, match=f"{tmp_path}: {said}"):
        read_source(Source(str(tmp_path), "refuse", Table("table", "labels.csv", ("outcome",), None)))


@pytest.mark.parametrize(
    ("goal", "said"),
    [
        ("Goal", "the classes 'Goal' (sample 's4') and 'goal' (sample 's1') look alike"),
        ("go\u200bal", "the classes 'goal' (sample 's1') and 'go\\u200bal' (sample 's4') look alike"),
        ("g\u043eal", "the classes 'goal' (sample 's1') and 'g\\u043eal' (sample 's4') look alike"),
        ("\uff47oal", "the classes 'goal' (sample 's1') and '\\uff47oal' (sample 's4') look alike"),
    ],
)
def test_classes_that_look_alike(tmp_path, goal, said):
    (tmp_path / "labels.csv").write_text(ROWS.replace("4.mp4,goal", f"4.mp4,{goal}"), encoding="utf8")
    with pytest.raises(UserError) as refused:
        read_source(Source(str(tmp_path), "warn", Table("table", "labels.csv", ("outcome",), None)))
    assert str(refused.value) == f"{tmp_path}: head outcome: {said}: use one spelling, or clearly different names"
