"""The command ``tailwise predict-batch``: a row an input, in order; finished shards stay; other inputs are refused."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from support.batches import BROKEN, COUNT, shards, write_inputs
from support.exporting import write_weights
from tailwise.cli.batch import command
from tailwise.cli.main import main
from tailwise.core.system.processes import WorkerLost

ROOT = Path(__file__).parents[3]


@pytest.fixture
def made(folder):
    return write_inputs(folder)


def batch(source="in", out="out", *more, size=3, workers=1) -> int:
    options = ["--weights", "w.safetensors", "--shard-size", size, "--workers", workers, "--out", out]
    return main(["predict-batch", *map(str, [source, *options, *more])])


def rows_of(file) -> list[dict]:
    with open(file, encoding="utf8", newline="") as text:
        return list(csv.DictReader(text))


def test_each_input_is_a_row_in_order_and_a_faulty_one_says_why(made, capsys):
    assert batch("in", "out", "--merge", "all.csv") == 0
    rows = rows_of("all.csv")
    assert [row["path"] for row in rows] == [f"p{nth:02}.png" for nth in range(COUNT)]
    reason = "cannot be used: unknown format: neither PNG, JPEG, WEBP, GIF nor SVG"
    assert {row["path"]: row["error"] for row in rows if row["error"]} == {
        f"p{nth:02}.png": f"p{nth:02}.png: {reason}" for nth in BROKEN
    }
    assert all(not row["kind"] and not row["kind: text"] for row in rows if row["error"])
    assert list(rows[0])[:4] == ["path", "error", "parts", "kind"]
    assert capsys.readouterr().out == "out: 13 inputs in 5 shards: 11 answered, 2 failed\n"
    assert json.loads(Path("out/summary.json").read_text()) == {
        "shards": 5, "inputs": 13, "answered": 11, "failed": 2
    }  # fmt: skip


def test_the_answers_are_those_of_predict(made, capsys):
    assert batch("in", "out", "--merge", "all.csv") == 0
    assert main(["predict", "--folder", "in", "--weights", "w.safetensors", "--format", "csv", "--out", "one.csv"]) == 0
    whole = {row["image"]: row for row in rows_of("one.csv")}
    answered = [row for row in rows_of("all.csv") if not row["error"]]
    assert len(answered) == len(whole) == COUNT - len(BROKEN)
    for row in answered:
        expected = whole[row["path"]]
        assert row["kind"] == expected["kind"]
        for name in (name for name in row if name.startswith("kind: ")):
            assert float(row[name]) == pytest.approx(float(expected[name]), abs=2e-6)


def test_a_merged_table_is_the_shards_under_one_header(made):
    assert batch("in", "out", "--merge", "all.csv") == 0
    header = Path("out/shard-000000.csv").read_bytes().splitlines(keepends=True)[0]
    assert Path("all.csv").read_bytes() == header + b"".join(
        content.removeprefix(header) for content in shards(Path("out")).values()
    )


@pytest.mark.parametrize("size", [1, 5, 100])
def test_the_size_of_shards_does_not_change_a_row(made, size):
    assert batch("in", "one", "--merge", "one.csv") == 0 == batch("in", "other", "--merge", "other.csv", size=size)
    assert Path("one.csv").read_bytes() == Path("other.csv").read_bytes()
    assert len(shards(Path("other"))) == -(-COUNT // size)


def test_a_second_run_computes_only_what_lacks(made, capsys, monkeypatch):
    assert batch() == 0
    before, kept = shards(Path("out")), Path("out/shard-000000.csv").stat().st_mtime_ns
    Path("out/shard-000002.csv").unlink()
    computed = []

    def counted(shard, model):
        computed.append(shard.number)
        return predict(shard, model)

    predict = command.predict_shard
    monkeypatch.setattr(command, "predict_shard", counted)
    capsys.readouterr()
    assert batch() == 0
    assert computed == [2] and shards(Path("out")) == before
    assert Path("out/shard-000000.csv").stat().st_mtime_ns == kept
    assert "out: 4 of 5 shards are there, and are kept\n" in capsys.readouterr().out
    assert batch() == 0 and computed == [2], "nothing lacks"
    Path("out/inputs.jsonl").unlink()
    Path("out/shard-000001.csv").unlink()
    assert batch() == 0 and computed == [2, 1] and shards(Path("out")) == before


def other_weights():
    write_weights(Path("w.safetensors"), "logos")


def other_inputs():
    Path("in/p02.png").rename("in/p2.png")


@pytest.mark.parametrize(
    ("change", "more", "said"),
    [
        (other_weights, [], "model (--weights or --model)"),
        (other_inputs, [], "inputs (INPUT)"),
        (lambda: None, ["--shard-size", "4"], "--shard-size"),
        (lambda: None, ["--device", "cpu"], "--device"),
        (lambda: Path("in").rename("moved"), [], "place of the inputs"),
    ],
)
def test_a_folder_that_was_begun_otherwise_is_refused(made, capsys, change, more, said):
    assert batch() == 0
    before = shards(Path("out"))
    change()
    source = "in" if Path("in").exists() else "moved"
    assert batch(source, "out", *more) == 1
    [line] = capsys.readouterr().err.splitlines()
    assert line == f"tailwise: out: was begun with another {said}: give the same, or another --out"
    assert shards(Path("out")) == before


def test_a_table_may_name_an_input_twice_and_what_is_not_there(made):
    Path("list.csv").write_text("id,path\n1,p01.png\n2,gone.png\n3,p01.png\n4,p03.png\n")
    assert batch("list.csv", "out", "--root", "in", "--merge", "all.csv") == 0
    one, gone, again, broken = rows_of("all.csv")
    assert one == again and one["kind"] and gone["error"] == "gone.png: absent" and broken["error"]


def test_an_input_of_several_samples_fails_alone(made):
    Path("list.csv").write_text("path\nin\nin/p00.png\n")
    assert batch("list.csv", "out", "--merge", "all.csv") == 0
    several, one = rows_of("all.csv")
    assert several["error"] == "in: has 13 images, but each input must be one" and one["kind"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "t.csv: needs one column path; there are: none"),
        ("name\nx\n", "t.csv: needs one column path; there are: name"),
        ("path,path\nx,y\n", "t.csv: needs one column path; there are: path, path"),
        ("path\n", "t.csv: has no input"),
        ("id,path\n1,\n", "t.csv: line 2: path is empty or has a NUL"),
        ("id,path\n1\n", "t.csv: line 2: 1 fields where the header has 2"),
        ('path\n"x\n', "t.csv: line 2: not CSV"),
        (b"path\n\xff\n", "t.csv: is not in UTF-8"),
    ],
)
def test_a_wrong_table_is_one_line(made, capsys, text, said):
    Path("t.csv").write_bytes(text if isinstance(text, bytes) else text.encode())
    assert batch("t.csv") == 1
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith(f"tailwise: {said}") and not shards(Path("out"))


@pytest.mark.parametrize(
    ("source", "more", "said"),
    [
        ("gone", [], "gone: absent"),
        ("w.safetensors", [], "w.safetensors: give a folder, or a table that ends in .csv"),
        ("in", ["--root", "in"], "--root is where a table's paths begin, but in is a folder"),
        ("in", ["--out", "in/out"], "--out in/out: is below the inputs in"),
        ("in", ["--merge", "in/all.csv"], "--merge in/all.csv: is below the inputs in"),
        ("in", ["--out", "w.safetensors"], "--out w.safetensors: is no folder"),
        ("in", ["--shard-size", "0"], "--shard-size must be at least 1, found 0"),
        ("in", ["--workers", "0"], "--workers must be at least 1, found 0"),
        ("in", ["--weights", "gone"], "gone: "),
        ("in", ["--calibration", "gone"], "gone: "),
        ("in", ["--address", "x"], "--address is of a cluster: give --executor dask or ray"),
        ("in", ["--executor", "dask", "--address", "x"], "--workers is of this machine"),
    ],
)
def test_a_wrong_option_is_one_line(made, capsys, source, more, said):
    assert batch(source, "out", *more) == 1
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith(f"tailwise: {said}")


def test_a_cluster_needs_an_address(made, capsys):
    assert main(["predict-batch", "in", "--weights", "w.safetensors", "--out", "o", "--executor", "ray"]) == 1
    assert capsys.readouterr().err == (
        "tailwise: --executor ray needs --address: of Dask's scheduler, or of Ray's head node\n"
    )


def test_where_no_input_can_be_answered_the_status_is_1(made, capsys):
    Path("t.csv").write_text("path\nin/p03.png\nnothing\n")
    assert batch("t.csv") == 1
    assert "out: no input could be answered: see the column error of shard-000000.csv" in capsys.readouterr().err
    assert [bool(row["error"]) for row in rows_of("out/shard-000000.csv")] == [True, True]


def test_shards_of_nobody_and_a_folder_in_use_are_refused(made, capsys):
    Path("out").mkdir()
    Path("out/shard-000000.csv").write_text("x")
    assert batch() == 1 and "out: has shards, but no batch.json: give another --out" in capsys.readouterr().err
    with command.hold(Path("other")):
        assert batch("in", "other") == 1
    assert "other: another process fills it: wait for its end" in capsys.readouterr().err


def test_lost_workers_are_replaced_until_none_gets_anything_done(made, monkeypatch):
    lost = []

    def losing(work, waiting, workers):
        lost.append(len(waiting))
        yield work(waiting[0])
        if len(waiting) > 1:
            raise WorkerLost("killed")

    monkeypatch.setattr(command, "map_in_processes", losing)
    assert batch("in", "out", workers=2) == 0 and lost == [5, 4, 3, 2, 1]

    def dying(work, waiting, workers):
        lost.append("died")
        raise WorkerLost("killed")
        yield

    monkeypatch.setattr(command, "map_in_processes", dying)
    assert batch("in", "other", workers=2) == 1 and lost[5:] == ["died", "died"]


def test_two_processes_leave_the_same_bytes(made):
    assert batch("in", "one") == 0 == batch("in", "two", workers=2)
    assert shards(Path("one")) == shards(Path("two"))


@pytest.mark.slow
def test_a_run_that_is_killed_goes_on_and_computes_no_shard_twice(made):
    script = "import sys\nfrom tailwise.cli.batch import command\nfrom support.batches import slowly\n"
    script += "from tailwise.cli.main import main\n"
    script += "if __name__ == '__main__':\n    command.predict_shard = slowly\n    sys.exit(main(sys.argv[1:]))\n"
    Path("run.py").write_text(script)
    options = ["--weights", "w.safetensors", "--shard-size", "1", "--workers", "2", "--out", "killed"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT / "tests")])}
    run = [sys.executable, "run.py", "predict-batch", "in", *options]
    process = subprocess.Popen(run, env=environment)
    until = time.monotonic() + 300
    while time.monotonic() < until and len(shards(Path("killed"))) < 3:
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    time.sleep(2)  # its workers die with it
    done = shards(Path("killed"))
    assert 0 < len(done) < COUNT
    assert subprocess.run(run, env=environment, check=False).returncode == 0
    assert batch("in", "whole", size=1) == 0 and shards(Path("killed")) == shards(Path("whole"))
    computed = Path("killed/computed").read_text().split()
    assert len(computed) == len(set(computed)) >= COUNT - 2, "two may have been written, and not yet noted"


def test_hidden_files_of_others_stay(made):
    for name in ("out/.notes.2024", "out/deep/.history.1"):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text("mine")
    assert batch() == 0
    assert Path("out/.notes.2024").read_text() == Path("out/deep/.history.1").read_text() == "mine"


@pytest.mark.parametrize(
    ("merge", "said"),
    [
        ("list.csv", "would take the place of list.csv: give another file"),
        ("in/../w.safetensors", "would take the place of w.safetensors: give another file"),
        ("out/shard-000000.csv", "is in out, among its own files: give another place"),
        ("out/inputs.jsonl", "is in out, among its own files: give another place"),
    ],
)
def test_a_merged_table_takes_the_place_of_nothing_that_is_read(made, capsys, merge, said):
    Path("list.csv").write_text("path\np01.png\n")
    before = {file: Path(file).read_bytes() for file in ("list.csv", "w.safetensors")}
    assert batch("list.csv", "out", "--root", "in", "--merge", merge) == 1
    assert capsys.readouterr().err == f"tailwise: --merge {Path(merge)}: {said}\n"
    assert {file: Path(file).read_bytes() for file in before} == before and not Path("out").exists()


def test_a_run_that_is_refused_leaves_the_list_of_the_inputs(made):
    """Also where the list was removed or changed: it is written again from the inputs of a run that may go on."""
    assert batch() == 0
    before, listed = shards(Path("out")), Path("out/inputs.jsonl").read_bytes()
    Path("out/inputs.jsonl").unlink()
    Path("in/p02.png").rename("in/p2.png")
    assert batch() == 1 and not Path("out/inputs.jsonl").exists()
    Path("in/p2.png").rename("in/p02.png")
    for found in (None, b'"gone.png"\n'):
        if found:
            Path("out/inputs.jsonl").write_bytes(found)
        Path("out/shard-000001.csv").unlink()
        assert batch() == 0 and shards(Path("out")) == before
        assert Path("out/inputs.jsonl").read_bytes() == listed


@pytest.mark.parametrize("path", ["../w.safetensors", "a/../../w.safetensors", "/etc/passwd"])
def test_a_table_names_nothing_outside_its_root(made, capsys, path):
    Path("list.csv").write_text(f"path\np01.png\n{path}\n")
    assert batch("list.csv", "out", "--root", "in") == 1
    line = f"tailwise: list.csv: line 3: {path} is not below --root: give a folder that has all\n"
    assert capsys.readouterr().err == line
