"""The sections pipeline as its users run it: in a clone of this repository, with the smoke preset."""

import csv
import io
import json
import subprocess
from pathlib import Path

import pytest

from support.pipeline.project import Project, ran
from support.pipelines import own_copy, smoke_run
from tailwise.core.files import read_csv, read_json, write_json

PLACE = "pipelines/sections"
STAGES = [
    *("check", "make_demo", "index", "prepare", "analyze_classes", "choose", "compute_weights", "train_phase1"),
    *(
        "measure_difficulty",
        "plan_curriculum",
        "train_phase2",
        "target_weak_classes",
        "train_phase3",
        "select_model",
        "fit_decoding",
    ),
    *(
        "evaluate",
        "calibrate",
        "intervals",
        "save_config",
        "show_mistakes",
        "map_embeddings",
        "explain",
        "certify",
        "report",
        "draw_figures",
    ),
]
WITHOUT_MARKS = (
    "we walk along the river\nand sing of what is gone\n\nwe walk along the river\nand sing of what is gone\n"
)
WIDER = "dvc exp run -S model.recurrence.hidden=64"  # as docs/sections.md has it
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def finished(tmp_path_factory, home) -> Project:
    return smoke_run(tmp_path_factory, home, PLACE)


@pytest.fixture
def folder(finished, tmp_path) -> Project:
    return own_copy(finished, tmp_path / "repo", PLACE)


def test_it_runs_whole_from_a_clone_and_learns(finished):
    said = (finished.folder.parents[2] / "said.txt").read_text()
    assert sorted(ran(said)) == sorted(STAGES)
    figures = read_json(finished / "reports/metrics.json")
    assert figures["section"]["macro_recall"] > 0.7 and set(figures["section"]["recall"]) == {"verse", "chorus"}
    assert figures["boundaries"]["f1_1"] > 0.4 and 0 < figures["segments"]["f1"] <= 1
    page = (finished / "reports/report.html").read_text(encoding="utf8")
    assert "chorus" in page and "http" not in "".join(line for line in page.splitlines() if "<script src" in line)


def test_a_second_run_runs_nothing_and_nothing_is_left_to_do(folder):
    assert ran(folder.run("dvc", "repro")) == []
    assert folder.read("dvc", "status", "dvc.yaml") == "Data and pipelines are up to date.\n"
    root = Project(folder.folder.parents[1], Path(folder.env["HOME"]))
    assert not [name for name in json.loads(root.read("dvc", "status", "--json")) if name.startswith(PLACE)]
    assert ran(root.run("dvc", "repro", "--dry", f"{PLACE}/dvc.yaml")) == []
    assert root.read("git", "status", "--porcelain") == ""


def test_an_experiment_trains_another_width_and_shows_what_changed(folder):
    """What comes before the model stays; the weights file has the new width."""
    root = Path(folder.read("git", "rev-parse", "--show-toplevel").strip())
    for name in ("dvc.yaml", "dvc.lock"):  # of its plots, which are not there, DVC would ask at the end
        (root / name).unlink()
    said = folder.run(*WIDER.split())
    assert set(STAGES) - set(ran(said)) >= {"make_demo", "index", "prepare", "analyze_classes"}
    changed = json.loads(folder.read("dvc", "metrics", "diff", "--json"))
    before, after = (
        json.loads(folder.read("git", "show", f"HEAD:{PLACE}/reports/metrics.json")),
        read_json(folder / "reports/metrics.json"),
    )
    found = changed["reports/metrics.json"]["boundaries.f1_1"]
    assert (found["old"], found["new"]) == (before["boundaries"]["f1_1"], after["boundaries"]["f1_1"])
    differ = json.loads(folder.read("dvc", "params", "diff", "--json"))
    (changed_param,) = differ["params.yaml"].items()
    assert changed_param[0] == "model.recurrence.hidden"
    assert (changed_param[1]["old"], changed_param[1]["new"]) == (16, 64)


def test_noise_of_features_retrains_and_prepares_nothing(folder):
    folder.set("augment.noise", 0.2)
    assert set(folder.repro("train_phase1")) == {"check", "train_phase1"}


def test_wrong_params_are_one_line_and_leave_every_output(folder):
    before = folder.outputs()
    folder.edit("params.yaml", "crf: false", "crf: true")
    said = folder.run("dvc", "repro", fails=True)
    lines = [line for line in said.splitlines() if line.startswith("check: params.yaml:")]
    assert len(lines) == 1 and "phase1.train.loss has no effect with model.crf" in lines[0] and "Traceback" not in said
    folder.run("git", "checkout", "--quiet", "params.yaml")
    folder.run("dvc", "checkout", "check")
    assert folder.outputs() == before


@pytest.fixture(scope="module")
def song(finished) -> str:
    """A song of the demo, relative to the pipeline's folder."""
    return sorted(finished.folder.glob("data/demo/test/*.txt"))[0].relative_to(finished.folder).as_posix()


def predict(project: Project, *arguments: str, fails: bool = False) -> str:
    """What `tailwise predict` prints: if it fails, to its standard error."""
    command = ["env", "PYTHONPATH=../../src", "python3", "-m", "tailwise", "predict", *arguments]
    done = subprocess.run(command, cwd=project.folder, env=project.env, text=True, capture_output=True)
    assert (done.returncode != 0) == fails, done.stderr
    return done.stderr if fails else done.stdout


def test_each_format_has_the_same_sections_of_a_song(finished, song):
    """Its own marks, which the model does not see, are left out."""
    lines = [line for line in (finished / song).read_text().splitlines() if line and line[0] not in "[("]
    text = predict(finished, song).splitlines()
    sung = [line for line in text if line and not line.startswith("[")]
    assert [line.rpartition("  ")[0].rstrip() for line in sung] == lines
    marks = [line.partition("]")[0][1:].lower() for line in text if line.startswith("[")]
    sections = json.loads(predict(finished, song, "--format", "json"))["songs"][0]["sections"]
    assert [each["label"] for each in sections] == marks
    assert [sections[0]["start"], sections[-1]["end"]] == [0, len(lines)]
    assert all(one["end"] == other["start"] for one, other in zip(sections, sections[1:]))
    lab = [line.split("\t") for line in predict(finished, song, "--format", "lab").splitlines()]
    assert [(int(start), int(end), name) for start, end, name in lab] == [
        (each["start"], each["end"], each["label"]) for each in sections
    ]
    jams = json.loads(predict(finished, song, "--format", "jams"))["annotations"][0]
    assert jams["namespace"] == "segment_open" and [each["value"] for each in jams["data"]] == marks
    rows = list(csv.DictReader(io.StringIO(predict(finished, song, "--format", "csv"))))
    assert [row["section"] for row in rows] == [
        each["label"] for each in sections for _ in range(each["start"], each["end"])
    ]
    assert all(
        float(row["section: verse"]) + float(row["section: chorus"]) == pytest.approx(1, abs=1e-5) for row in rows
    )


def test_a_song_without_marks_is_predicted_as_is_and_calibration_changes_confidence_alone(finished, tmp_path):
    (tmp_path / "own.txt").write_text(WITHOUT_MARKS)
    fitted = read_json(finished / "data/calibration.json")
    fitted["section"]["temperature"] = 2.0
    write_json(tmp_path / "calibration.json", fitted)
    own, calibrated = str(tmp_path / "own.txt"), ("--calibration", str(tmp_path / "calibration.json"))
    plain, other = (
        list(csv.DictReader(io.StringIO(predict(finished, own, "--format", "csv", *more)))) for more in ((), calibrated)
    )
    assert len(plain) == 4, "a blank line is no position"
    assert [row["section"] for row in plain] == [row["section"] for row in other]
    assert [row["section: verse"] for row in plain] != [row["section: verse"] for row in other]


def test_prediction_decodes_as_the_evaluation_does(finished):
    """Stored features have fewer digits, so that a doubtful position may differ."""
    of_valid = ("--folder", "data/demo/valid", "--format", "csv")
    plain, decoded = (
        {(row["song"].removesuffix(".txt"), row["position"]): row["section"] for row in csv.DictReader(io.StringIO(of))}
        for of in (predict(finished, *of_valid), predict(finished, *of_valid, "--decoding", "data/decoding.json"))
    )
    rows = read_csv(finished / "reports/evaluation/section.csv")
    evaluated = {(row["sample"].rpartition("/")[2], row["position"]): row["predicted"] for row in rows}
    same = [sum(found[place] == label for place, label in evaluated.items()) for found in (plain, decoded)]
    assert same[1] >= 0.99 * len(evaluated) and same[0] < same[1]


def test_a_folder_of_songs_is_predicted_song_by_song(finished):
    songs = json.loads(predict(finished, "--folder", "data/demo/test", "--format", "json"))["songs"]
    assert len(songs) == len(read_csv(finished / "data/index/test.csv")) == 24


@pytest.mark.parametrize(
    ("content", "arguments", "said"),
    [
        (None, (), "absent"),
        ("[Verse]\n", (), "a song of no lines"),
        ("\x00\x01\n", (), "control character"),
        ("a line\n", ("--calibration", "reports/metrics.json"), "metrics.json"),
        ("a line\n", ("--decoding", "reports/metrics.json"), "metrics.json"),
        ("a line\n", ("--weights", "params.yaml"), "params.yaml"),
    ],
)
def test_what_cannot_be_predicted_is_one_line(finished, tmp_path, content, arguments, said):
    file = tmp_path / "own.txt"
    if content is not None:
        file.write_text(content)
    error = predict(finished, str(file), *arguments, fails=True)
    assert said in error and len(error.strip().splitlines()) == 1
