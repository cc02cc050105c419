"""Anyone's clips in a CSV file, one row per clip."""

import pytest

from support.tables import records
from tailwise.core.errors import UserError
from tailwise.data.tables.partition import Split
from tailwise.recipes.actions.readers.table import ClipTable

ROWS = "sample,split,path,action\na,train,1.mp4,open\nb,train,2.mp4,close\nc,valid,3.mp4,open\nd,test,4.mp4,close\n"


def read(root, text, split=None):
    (root / "clips.csv").write_text(text, encoding="utf8")
    return ClipTable("table", "clips.csv", split).read(root)


def test_a_clip_is_a_row_with_the_columns_of_the_index(tmp_path):
    index = read(tmp_path, ROWS)
    assert index.heads == {"action": ("close", "open")}
    assert records(index.rows["valid"]) == [
        {"sample": "c", "group": "c", "path": "3.mp4", "content": "", "action": "open"}
        | {"template": "open", "placeholders": "[]"}
    ]


def test_templates_words_groups_and_other_columns_are_kept(tmp_path):
    header = "sample,split,group,path,action,template,placeholders,fps"
    lines = [f'{n},{split},g{n},{n}.mp4,{n % 2},Open [it],"[""a cup""]",25' for n, split in enumerate(SPLITS)]
    row = records(read(tmp_path, "\n".join([header, *lines])).rows["test"])[0]
    kept = {"group": "g3", "template": "Open [it]", "placeholders": '["a cup"]', "fps": "25"}
    assert {name: row[name] for name in kept} == kept and list(row)[-1] == "fps"


SPLITS = ("train", "train", "valid", "test")


def test_splits_are_drawn_as_those_of_fouls_are(tmp_path):
    lines = [f"{n},{n}.mp4,{'open' if n % 2 else 'close'}" for n in range(40)]
    index = read(tmp_path, "\n".join(["sample,path,action", *lines]), Split(0.25, 0.25, 1))
    assert {split: len(rows) for split, rows in index.rows.items()} == {"train": 20, "valid": 10, "test": 10}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (ROWS.replace("action", "label"), "line|has no column action"),
        (ROWS.replace("b,", "a,", 1), "line 3: sample 'a' is in line 2 too; give each clip a name of its own"),
        ("sample,split,view,path,action\na,train,1,1.mp4,open\n", "has a column view, but a sample is one clip here"),
        (ROWS.replace("1.mp4", "../1.mp4"), "line 2: path .* is outside the data root"),
        ("sample,split,path,action,placeholders\na,train,1.mp4,open,cup\n", "sample 'a': placeholders must be a JSON"),
    ],
)
def test_a_wrong_table_is_refused_by_file_and_place(tmp_path, text, said):
    with pytest.raises(UserError, match=said) as error:
        read(tmp_path, text)
    assert "clips.csv" in str(error.value)


def test_a_table_outside_the_root_is_refused():
    with pytest.raises(ValueError, match="outside the data root"):
        ClipTable("table", "../clips.csv", None)
