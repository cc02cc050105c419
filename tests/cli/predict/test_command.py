"""The command ``tailwise predict``: arguments and output."""

import csv
import importlib
import io
import json
import os
import re
import signal
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest
from safetensors.torch import save_file
from torch import zeros

from support.training.trained import CONFIG, HEADS, split_with_store, trained
from support.video.bombs import with_password
from support.video.filming import write_clip
from tailwise.cli.main import main
from tailwise.core.heads import Head
from tailwise.core.stage.requirements import all_pins
from tailwise.engine.checkpoint.weights import SEEN, of_model, read_tensors, write_tensors
from tailwise.recipes.fouls.demo.pack import pack
from tailwise.recipes.fouls.task import build

ROOT = Path(__file__).parents[3]
VIEWS = {"0": 2, "3": 1, "10": 3}
pytestmark = pytest.mark.usefixtures("inline")


@pytest.fixture
def split(folder, tmp_path_factory):
    """A split, and the weights beside it; the working folder is there."""
    made = split_with_store(tmp_path_factory, VIEWS, folder)
    trained(folder / "store" / "valid", folder / "w.safetensors")
    return made.relative_to(folder)


def predict(*arguments, weights="w.safetensors") -> int:
    return main(["predict", *map(str, arguments), "--weights", weights])


def expected(place: int) -> dict:
    """{head: (class, probabilities, attention)} of a sample of the store, by the pipeline's own model."""
    task = trained(Path("store/valid"), Path("again.safetensors"))
    logits, attention = task.model.look(**task.valid.collate([task.valid[place]]).inputs)
    answers = {}
    for head in task.heads:
        probabilities = logits[head.name].softmax(dim=1)[0].tolist()
        best = head.classes[probabilities.index(max(probabilities))]
        answers[head.name] = best, probabilities, attention[head.name][0].tolist()
    return answers


def test_one_foul_is_classes_by_probability_and_attention_by_view(split, capsys):
    clips = [f"{split}/action_0/clip_{j}.mp4" for j in range(2)]
    assert predict(*clips) == 0
    lines = iter(capsys.readouterr().out.splitlines())
    for head in HEADS:
        best, probabilities, attention = expected(0)[head.name]
        assert next(lines) == f"{head.name}: {best}"
        shown = [next(lines).split(maxsplit=1) for _ in head.classes]
        assert shown[0][1] == best
        assert shown == [[f"{p:.3f}", name] for p, name in sorted(zip(probabilities, head.classes), reverse=True)]
        assert next(lines).strip() == "attention"
        assert [next(lines).split() for _ in clips] == [[f"{a:.3f}", clip] for a, clip in zip(attention, clips)]
    assert next(lines, None) is None


def test_a_split_is_a_row_a_foul(split, capsys):
    assert predict(split) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [row["foul"] for row in rows] == ["0", "3", "10"]
    for place, row in enumerate(rows):
        assert json.loads(row["clips"]) == [f"action_{row['foul']}/clip_{j}.mp4" for j in range(VIEWS[row["foul"]])]
        for head in HEADS:
            best, probabilities, attention = expected(place)[head.name]
            assert row[head.name] == best
            found = [float(row[f"{head.name}: {name}"]) for name in head.classes]
            assert found == [round(p, 6) for p in probabilities]
            assert json.loads(row[f"{head.name} attention"]) == [round(weight, 6) for weight in attention]


def test_a_zip_without_annotations_gives_the_official_file(split, folder, capsys):
    (split / "annotations.json").unlink()
    pack(split.rename("Challenge"))
    assert predict("Challenge.zip", "--format", "official", "--out", "new/file.json", "--workers", 1) == 0
    assert capsys.readouterr().out == ""
    content = json.loads((folder / "new/file.json").read_text())
    assert content["Set"] == "challenge" and list(content["Actions"]) == ["0", "3", "10"]
    for place, action in enumerate(content["Actions"].values()):
        assert set(action) == {"Action class", "Offence", "Severity"}
        assert action["Action class"] == expected(place)["action"][0]
        severity = expected(place)["severity"][0]
        words = {"No offence": ("No offence", ""), "No card": ("Offence", "1.0"), "Yellow card": ("Offence", "3.0")}
        assert (action["Offence"], action["Severity"]) == words.get(severity, ("Offence", "5.0"))
    assert predict("Challenge.zip", "--format", "official", "--set", "chall") == 0
    assert json.loads(capsys.readouterr().out) == {**content, "Set": "chall"}


def test_a_faulty_clip_loses_only_itself_and_a_foul_without_a_view_is_reported(split, capsys):
    """In the official file, where a missing foul counts as wrong, it gets the classes that the others got."""
    (split / "action_0/clip_1.mp4").write_bytes(bytes(262))
    (split / "action_3/clip_0.mp4").unlink()
    assert predict(split, "--format", "official") == 0
    printed = capsys.readouterr()
    actions = json.loads(printed.out)["Actions"]
    assert list(actions) == ["0", "3", "10"] and actions["3"] in (actions["0"], actions["10"])
    assert sorted(printed.err.splitlines()) == [
        "1 of 3 fouls have no usable view: the official file gives them the classes predicted most often for the "
        "others: " + ", ".join(expected(place)[head][0] for place, head in ((2, "action"), (2, "severity"))),
        "left out: action_0/clip_1.mp4: empty: 262 bytes",
        "left out: action_3/clip_0.mp4: absent",
        "no prediction: foul 3 has no usable view",
    ]
    assert predict(split, "--format", "csv") == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [(row["foul"], len(json.loads(row["clips"]))) for row in rows] == [("0", 1), ("10", 3)]


def test_a_clip_shorter_than_the_margin_of_training_is_long_enough(split, capsys):
    """The window needs 13 frames here."""
    write_clip(Path("short.mp4"), frames=13)
    write_clip(Path("shorter.mp4"), frames=12)
    assert predict("short.mp4") == 0
    assert predict("shorter.mp4") == 1
    assert capsys.readouterr().err == "tailwise: shorter.mp4: shorter than the window: 12 frames, 13 needed\n"


def said(capsys, *arguments, **more) -> str:
    """The one line of a refusal."""
    assert predict(*arguments, **more) == 1
    printed = capsys.readouterr()
    assert printed.out == "" and printed.err.endswith("\n") and printed.err.count("\n") == 1
    return printed.err.removeprefix("tailwise: ").rstrip("\n")


def test_weights_that_cannot_be_used_are_one_line(split, folder, capsys):
    clip = split / "action_0/clip_0.mp4"
    assert said(capsys, clip, weights="none.safetensors") == "none.safetensors: no such file"
    whole = Path("w.safetensors").read_bytes()
    Path("cut").write_bytes(whole[:-100])
    assert said(capsys, clip, weights="cut").startswith("cut: not a whole weights file of tailwise")
    save_file({"a": zeros(1)}, "other")
    assert said(capsys, clip, weights="other").startswith("other: not a whole weights file of tailwise")
    assert said(capsys, clip, weights=str(split)).startswith("Valid: not a whole weights file of tailwise")


def test_clips_that_cannot_be_used_are_one_line(split, folder, capsys):
    clip = split / "action_0/clip_0.mp4"
    assert said(capsys, clip, "none.mp4") == "none.mp4: absent"
    Path("text.mp4").write_text("this is no video\n" * 100)
    assert said(capsys, "text.mp4", clip) == "text.mp4: unreadable format"
    advice = "name the folder or zip of one split, or give --folder for clips of any name"
    assert said(capsys, folder / "store").endswith(f"store: no clip action_<i>/clip_<j>.mp4; {advice}")
    assert said(capsys, clip, split) == "Valid: a folder or zip of a split is given alone, not among clips"
    assert said(capsys, split, clip) == "Valid: a folder or zip of a split is given alone"
    for file in split.rglob("*.mp4"):
        file.write_bytes(b"")
    assert predict(split) == 1
    assert capsys.readouterr().err.endswith("tailwise: Valid: no foul of it can be used\n")


def test_an_unwritable_output_is_one_line_before_the_work(split, capsys):
    clip = split / "action_0/clip_0.mp4"
    for out in (split, clip / "file.csv"):
        assert said(capsys, clip, "--out", out) == f"{out}: cannot be written; give --out another file"
    assert "--format official is of a split" in said(capsys, clip, "--format", "official")
    assert said(capsys, split, "--workers", 0) == "--workers must be at least 1, found 0"


@pytest.mark.parametrize("name", ["verdict", "severity"])
def test_other_heads_than_the_official_ones_have_no_official_file(split, capsys, name):
    heads = (HEADS[0], Head(name, ("No card", "Green card")))
    manifest = Path("store/valid/manifest.csv")
    header, *rows = manifest.read_text().replace("Red card", "Green card").splitlines()
    manifest.write_text("\n".join([header.replace("severity", name), *rows]) + "\n")
    trained(manifest.parent, Path("other.safetensors"), heads)
    line = said(capsys, split, "--format", "official", weights="other.safetensors")
    assert line.startswith("--format official needs the heads action and severity") and "Green card" in line
    assert predict(split, weights="other.safetensors") == 0
    assert f"{name}: Green card" in capsys.readouterr().out.splitlines()[0]


def rows_of(text: str) -> list[dict]:
    return list(csv.DictReader(io.StringIO(text)))


def knows(views: int | None, file: str = "w.safetensors") -> str:
    """The weights file as written after training on samples of up to so many views, or before that was reported."""
    tensors, facts = read_tensors(Path(file))
    write_tensors(Path(file), tensors, {**of_model(facts), **({} if views is None else {SEEN: {"views": views}})})
    return file


def test_a_model_of_one_view_answers_each_clip_alone(split, capsys):
    clips = [str(split / f"action_10/clip_{j}.mp4") for j in range(3)]
    knows(1)
    assert predict(*clips) == 0
    rows = rows_of(capsys.readouterr().out)
    assert [(row["sample"], json.loads(row["clips"])) for row in rows] == [(clip, [clip]) for clip in clips]
    for clip, row in zip(clips, rows):
        assert predict(clip, "--format", "csv") == 0
        (alone,) = rows_of(capsys.readouterr().out)
        assert {**alone, "sample": clip} == row


def test_more_views_than_the_model_has_seen_are_refused_and_older_files_take_any(split, capsys):
    clips = [split / f"action_10/clip_{j}.mp4" for j in range(3)]
    knows(2)
    line = said(capsys, *clips)
    assert line.startswith("3 clips as the views of one sample, of which the model knows up to 2: give at most 2 that")
    assert predict(*clips[:2]) == 0
    assert predict(split) == 0
    assert capsys.readouterr().err == "the fouls have up to 3 views, those that the model was trained on 2\n"
    knows(None)
    assert predict(*clips) == 0
    assert capsys.readouterr().out.count(str(clips[2])) == len(HEADS)
    knows(0)
    assert said(capsys, *clips).endswith("its specification is wrong: seen: views must be at least 1, found 0")


def test_training_records_the_number_of_views_in_the_weights_file(split):
    store = Path("store/valid")
    trained_on, judged_on = (build(CONFIG, HEADS, train, store, seed=1).spec for train in (store, None))
    assert trained_on == {**judged_on, SEEN: {"views": 3}} and SEEN not in judged_on


def test_the_same_clip_twice_is_refused(split, folder, capsys):
    clip = split / "action_0/clip_0.mp4"
    assert said(capsys, clip, clip) == f"{clip}: is given twice; a clip counts once"
    (folder / "link.mp4").symlink_to(clip)
    for other in ("link.mp4", folder / clip):
        assert said(capsys, clip, other) == f"{other}: is the same file as {clip}; a clip counts once"


def test_a_table_is_a_row_a_sample_in_its_order(split, capsys):
    for name, view in (("labels.csv", False), ("Valid/labels.csv", True)):
        lines = ["sample,path,view"] if view else ["sample,path"]
        views = {"late": ["action_10/clip_1.mp4", "action_10/clip_2.mp4"], "early": ["action_0/clip_0.mp4"]}
        for sample, clips in views.items():
            for j, clip in enumerate(clips if view else clips[:1]):
                lines.append(",".join([sample, clip, *([f"camera {j}"] if view else [])]))
        Path(name).write_text("\n".join(lines) + "\n")
        where = [] if view else ["--root", split]
        assert predict("--table", name, *where, "--workers", 2) == 0
        late, early = rows_of(capsys.readouterr().out)
        assert (late["sample"], early["sample"]) == ("late", "early")
        assert len(json.loads(late["clips"])) == (2 if view else 1)
        assert predict(split / "action_0/clip_0.mp4", "--format", "csv") == 0
        (alone,) = rows_of(capsys.readouterr().out)
        assert {**alone, "sample": "early", "clips": early["clips"]} == early


def test_a_folder_of_clips_is_a_row_a_clip_and_a_folder_of_one_foul_one_answer(split, capsys):
    assert predict("--folder", split) == 0
    printed = capsys.readouterr()
    names = [f"action_{number}/clip_{j}.mp4" for number in ("0", "10", "3") for j in range(VIEWS[number])]
    assert [row["sample"] for row in rows_of(printed.out)] == names
    assert printed.err == "left out, as its name is no clip's: annotations.json\n"
    assert predict(split / "action_10", "--format", "csv") == 0
    (one,) = rows_of(capsys.readouterr().out)
    assert predict(split) == 0
    assert one == next(row for row in rows_of(capsys.readouterr().out) if row["foul"] == "10")
    assert predict(split / "action_10") == 0
    assert capsys.readouterr().out.startswith("foul 10\naction: ")


def test_one_thing_is_asked_for(split, capsys):
    Path("labels.csv").write_text("sample,path\nx,Valid/action_0/clip_0.mp4\n")
    one = "give one of: clips; the folder or zip of a split; --table FILE; --folder DIR"
    for arguments in ([], [split, "--folder", split], ["--table", "labels.csv", "--folder", split]):
        assert said(capsys, *arguments) == one
    assert said(capsys, split, "--root", split).startswith("--root is where the paths of a --table begin")
    assert "--format official is of a split" in said(capsys, "--table", "labels.csv", "--format", "official")
    assert said(capsys, "--table", "none.csv") == "none.csv: No such file or directory"


def test_a_clip_that_is_no_file_is_refused_without_blocking(split, capsys):
    os.mkfifo("pipe.mp4")
    assert said(capsys, "pipe.mp4") == "pipe.mp4: is a pipe, not a clip"
    assert said(capsys, "/dev/zero") == "/dev/zero: is a device, not a clip"
    assert said(capsys, "pipe.mp4", split / "action_0/clip_0.mp4") == "pipe.mp4: is a pipe, not a clip"
    os.mkfifo("pipe.safetensors")
    line = said(capsys, split / "action_0/clip_0.mp4", weights="pipe.safetensors")
    assert line == "pipe.safetensors: not a whole weights file of tailwise (is a pipe, not a file)"


@pytest.mark.parametrize("name", ["12:30.mp4", "file:a.mp4", "concat:a.mp4"])
def test_a_name_with_a_colon_is_a_name(split, capsys, name):
    clip = split / "action_0/clip_0.mp4"
    assert predict(clip) == 0
    expected = capsys.readouterr().out
    clip.rename(name)
    assert predict(name) == 0
    assert capsys.readouterr().out == expected.replace(str(clip), name)


def test_a_zip_with_a_password_is_reported(split, capsys):
    with_password(Path("train.zip"), "action_0/clip_0.mp4")
    assert said(capsys, "train.zip").startswith(
        "train.zip: has a password: unpack it first, as by unzip -P PASSWORD train.zip -d train"
    )


def test_unusable_inputs_are_refused_before_torch_is_loaded(split):
    """In a Python that has no torch."""
    Path("text.mp4").write_text("this is no video\n" * 100)
    Path("labels.csv").write_text("sample,path\nx,none.mp4\n")
    code = (
        "import sys; sys.modules['torch'] = None;"
        "from tailwise.cli.main import main; print(main(['predict', *sys.argv[1:], '--weights', 'w.safetensors']))"
    )
    for arguments, line in (
        (["none.mp4"], "none.mp4: absent"),
        (["text.mp4"], "text.mp4: unreadable format"),
        (["--table", "labels.csv"], "labels.csv: none of its clips is there, as none.mp4; see --root"),
        (["--folder", "store"], "store: no clip below it"),
        ([str(split), "--weights", "none"], "none: no such file"),
    ):
        started = time.monotonic()
        start = [sys.executable, "-c", code, *arguments]
        if "--weights" in arguments:
            start[2] = code.replace(", '--weights', 'w.safetensors'", "")
        done = subprocess.run(start, env=environment(), capture_output=True, text=True)
        assert (done.stdout, done.stderr[: 10 + len(line)]) == ("1\n", f"tailwise: {line}")
        assert time.monotonic() - started < 10


def test_nothing_that_a_terminal_obeys_is_printed(split, capsys):
    """Names of classes come from the weights file, those of clips from a zip."""
    tensors, spec = read_tensors(Path("w.safetensors"))
    spec["heads"][0]["classes"][0] = "\x1b[31mred\x1b[0m\x07\ud800"
    write_tensors(Path("odd.safetensors"), tensors, spec)
    for form in ("text", "csv"):
        assert predict(split / "action_0/clip_0.mp4", "--format", form, weights="odd.safetensors") == 0
        out = capsys.readouterr().out
        assert "red\\u0007\\ud800" in out and "\x1b" not in out
    assert predict(split, "--out", "file.csv", weights="odd.safetensors") == 0
    assert "red" in Path("file.csv").read_text(encoding="utf8")


@pytest.mark.parametrize("spoil", [float("nan"), float("inf"), 3e38])
def test_weights_with_non_finite_outputs_give_no_prediction(split, capsys, spoil):
    """Each number may be finite, and what comes of them not."""
    tensors, spec = read_tensors(Path("w.safetensors"))
    name = "fusion.heads.0.weight"
    tensors[name] = tensors[name].fill_(spoil) if spoil != 3e38 else (tensors[name].sign() * 3e38)
    if spoil == 3e38:
        tensors["backbone.layers.3.1.weight"].fill_(1e4)
    write_tensors(Path("odd.safetensors"), tensors, spec)
    line = said(capsys, split / "action_0/clip_0.mp4", weights="odd.safetensors")
    if spoil == 3e38:
        assert line == "the model's output for action is not finite: its weights are too large, train it again"
    else:
        assert line.endswith(f"{name} has NaN or infinite numbers") and line.startswith("odd.safetensors: ")


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT / "src"), "OMP_NUM_THREADS": "1"}


def test_it_needs_neither_dvc_nor_params_and_starts_by_its_module(split):
    hidden = "import sys; sys.modules.update(dict.fromkeys(['dvc', 'yaml', 'pandas', 'matplotlib', 'PIL', 'jinja2']));"
    code = f"{hidden} from tailwise.cli.main import main; sys.exit(main())"
    arguments = ["predict", f"{split}/action_0/clip_0.mp4", "--weights", "w.safetensors"]
    outputs = [
        subprocess.run([sys.executable, *start, *arguments], env=environment(), capture_output=True, text=True)
        for start in (["-c", code], ["-m", "tailwise"])
    ]
    assert [done.returncode for done in outputs] == [0, 0], outputs[0].stderr
    assert outputs[0].stdout == outputs[1].stdout and "action: " in outputs[0].stdout


def test_a_python_without_the_packages_says_so_in_one_line(folder):
    write_tensors(Path("data/models/selected.safetensors"), {"a": zeros(1)}, {"recipe": "fouls"})
    done = subprocess.run(
        [sys.executable, "-S", "-m", "tailwise", "predict", "x.mp4"], env=environment(), capture_output=True, text=True
    )
    (line,) = done.stderr.splitlines()
    assert done.returncode == 1 and re.fullmatch(r"tailwise: .* has no package \w+: activate .*", line)


def test_ctrl_c_ends_with_130_and_leaves_no_process(split):
    """As soon as a process that decodes has been started."""
    start = [sys.executable, "-m", "tailwise", "predict", str(split), "--weights", "w.safetensors"]
    process = subprocess.Popen(start, env=environment(), stderr=subprocess.PIPE, text=True)
    while not (started := children(process.pid)):
        assert process.poll() is None
        time.sleep(0.002)
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=60) == 130 and process.stderr.read() == "tailwise: interrupted\n"
    for _ in range(100):
        if not any(Path(f"/proc/{child}").exists() for child in started):
            return
        time.sleep(0.1)
    pytest.fail(f"{started} live on")


def children(process: int) -> list[str]:
    return Path(f"/proc/{process}/task/{process}/children").read_text().split()


def test_a_reader_that_has_enough_is_no_error_of_ours(split):
    command = f"'{sys.executable}' -m tailwise predict {split} --weights w.safetensors | true"
    done = subprocess.run(["bash", "-c", command], env=environment(), capture_output=True, text=True)
    assert done.returncode == 0 and done.stderr == ""


def test_pip_installs_the_command_and_pinned_packages():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    module, _, function = project["scripts"]["tailwise"].partition(":")
    assert getattr(importlib.import_module(module), function) is main
    assert set(project["dependencies"]) <= all_pins().keys()
