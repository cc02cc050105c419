"""A user's own clips through the whole pipeline: the example of docs/own-data.md as written."""

import csv
import io
import re

import pytest
import yaml

from support.pipeline.project import ROOT, STAGES, Project, new_project
from support.video.filming import write_clip
from tailwise.core.files import read_json

TABLE = """\
sample,split,path,group,outcome
kick 1,train,clips/1.mp4,final 2023,goal
kick 2,train,clips/2.mp4,final 2023,"miss, <1 m wide"
kick 3,train,clips/3.mp4,final 2023,save & hold
kick 4,train,clips/4.mp4,cup 2022,goal
kick 5,train,clips/5.mp4,cup 2022,save & hold
kick 6,train,clips/6.mp4,cup 2022,goal
kick 7,valid,clips/7.mp4,friendly 1,goal
kick 8,valid,clips/8.mp4,friendly 1,"miss, <1 m wide"
kick 9,test,clips/9.mp4,friendly 2,goal
kick 10,test,clips/10.mp4,friendly 2,save & hold
"""
PARAMS = """\
data:
  root: data/own
  leaks: refuse
  reader: {kind: table, file: labels.csv, heads: [outcome], split: null}
"""
CLASSES = ["goal", "miss, <1 m wide", "save & hold"]


@pytest.fixture(scope="module")
def own(tmp_path_factory, home) -> Project:
    """A project whose data are the example's."""
    project = new_project(tmp_path_factory.mktemp("own") / "project", home)
    project.write("data/own/labels.csv", TABLE)
    for place, row in enumerate(csv.DictReader(io.StringIO(TABLE))):
        write_clip(project / "data/own" / row["path"], seed=place, frames=24)
    project.set("data", yaml.safe_load(PARAMS)["data"])
    return project


@pytest.mark.slow
def test_the_example_runs_to_its_report(own):
    assert sorted(own.repro()) == sorted(STAGES)  # DVC orders stages that do not need each other
    assert read_json(own / "data/index/heads.json") == {"outcome": CLASSES}
    metrics = read_json(own / "reports/metrics.json")
    assert list(metrics) == ["balanced_accuracy", "outcome", "selective"]
    assert list(metrics["outcome"]["recall"]) == CLASSES
    html = (own / "reports/report.html").read_text(encoding="utf8")
    assert "official" not in read_json(own / "reports/intervals.json") | read_json(own / "reports/certificate.json")
    assert "SoccerNet's evaluator" not in html and "official score" not in html
    assert "<td>miss, &lt;1 m wide</td>" in html and "<td>save &amp; hold</td>" in html and "<1 m wide" not in html
    assert read_json(own / "reports/calibration.json")["outcome"]["method"] == "none"  # of a single group's labels
    assert "that takes labels of at least two groups" in html
    assert own.repro() == []


@pytest.mark.slow  # the lines themselves: data/tables/test_table_refused
@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("clips/9.mp4", "../9.mp4", "line 10: path '../9.mp4' is outside the data root"),
        ("friendly 2", "cup 2022", "the group 'cup 2022' is in train (sample kick 4) and in test (sample kick 9)"),
        ('"miss, <1 m wide"', "miss, <1 m wide", "line 3: 6 fields where the header has 5"),
    ],
)
def test_a_mistake_is_one_line_of_the_stage(own, tmp_path, old, new, said):
    project = own.copy(tmp_path / "project")
    project.write("data/own/labels.csv", TABLE.replace(old, new))
    printed = project.run("dvc", "repro", "index", fails=True)
    (line,) = [line for line in printed.splitlines() if line.startswith("index: ")]
    assert said in line and "Traceback" not in printed


def test_the_example_is_the_one_of_the_docs():
    page = (ROOT / "docs/own-data.md").read_text(encoding="utf8")
    blocks = [re.sub("(?m)^    ", "", block) for block in re.findall(r"(?m)(?:^    .*\n)+", page)]
    assert TABLE in blocks and PARAMS in blocks
