"""Typed tables: validation on reading, and the bytes written."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tailwise.core.errors import UserError
from tailwise.core.files import read_csv, write_csv
from tailwise.core.tables import read_table, text_table, write_table

SCHEMA = {"name": "text", "count": "integer", "share": "number"}
TEXT = st.text(st.characters(codec="utf8", exclude_characters="\r"), max_size=8)  # csv leaves a lone \r unquoted
NUMBER = st.floats(allow_nan=False, width=64)


def test_columns_have_the_type_of_the_schema(tmp_path):
    (tmp_path / "x.csv").write_text("share,name,count,other\n0.1,NA,3,\n,,-2,007\n")
    table = read_table(tmp_path / "x.csv", SCHEMA)
    assert table["name"].tolist() == ["NA", ""] and table["other"].tolist() == ["", "007"]
    assert table["count"].tolist() == [3, -2] and table["count"].dtype == np.int64
    assert table["share"][0] == 0.1 and np.isnan(table["share"][1])
    assert list(table) == ["share", "name", "count", "other"]


def test_other_columns_may_be_numbers(tmp_path):
    (tmp_path / "x.csv").write_text("name,a,b\nx,1,nan\n")
    table = read_table(tmp_path / "x.csv", {"name": "text"}, others="number")
    assert table["a"].tolist() == [1.0] and table[["a", "b"]].dtypes.eq(float).all()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "has no column 'name'; there are: ; run the stage that writes it again"),
        ("name,share\nx,1\n", "has no column 'count'; there are: name, share; run the stage that writes it again"),
        ("name,count,share\nx,1,0.5\ny,1.5,0.5\n", "line 3: count must be an integer, found '1.5'"),
        ("name,count,share\nx,,0.5\n", "line 2: count must be an integer, found ''"),
        ('name,count,share\n"x\ny",1,0.5\ny,1,half\n', "line 4: share must be a number, found 'half'"),
        ("name,count,share\nx,1\n", "line 2: 2 fields where the header has 3; quote a field that holds a comma"),
        ('name,count,share\n"x,1,2\n', "line 2: not CSV: unexpected end of data"),
    ],
)
def test_what_is_refused(tmp_path, text, message):
    (tmp_path / "x.csv").write_text(text)
    with pytest.raises(UserError) as refused:
        read_table(tmp_path / "x.csv", SCHEMA)
    assert str(refused.value) == f"{tmp_path}/x.csv: {message}"


def test_an_absent_file_and_another_encoding(tmp_path):
    with pytest.raises(UserError, match="x.csv: No such file or directory"):
        read_table(tmp_path / "x.csv", SCHEMA)
    (tmp_path / "x.csv").write_bytes("name,count,share\né,1,2\n".encode("latin1"))
    with pytest.raises(UserError, match="x.csv: is not UTF-8: run the stage that writes it again"):
        read_table(tmp_path / "x.csv", SCHEMA)


@given(st.lists(st.tuples(TEXT, TEXT, NUMBER, st.integers(-(2**60), 2**60)), min_size=1, max_size=5))
def test_the_bytes_are_those_of_rows_and_are_read_back(tmp_path_factory, rows):
    folder, columns = tmp_path_factory.getbasetemp(), ["a", "b", "share", "count"]
    table = pd.DataFrame(rows, columns=columns).astype({"a": "str", "b": "str"})
    write_table(folder / "table.csv", table)
    write_csv(folder / "rows.csv", columns, rows)
    assert (folder / "table.csv").read_bytes() == (folder / "rows.csv").read_bytes()
    found = read_table(folder / "table.csv", {"share": "number", "count": "integer"})
    assert [(a, b, n) for a, b, _, n in found.itertuples(index=False)] == [(a, b, n) for a, b, _, n in rows]
    assert [row["a"] for row in read_csv(folder / "table.csv")] == found["a"].tolist()


def test_a_missing_number_is_an_empty_cell(tmp_path):
    write_table(tmp_path / "x.csv", pd.DataFrame({"name": ["x"], "share": [np.nan]}))
    assert (tmp_path / "x.csv").read_text() == "name,share\nx,\n"


def test_a_table_of_text_may_be_empty():
    assert text_table(["a"], []).dtypes.tolist() == text_table(["a"], [["x"]]).dtypes.tolist()
