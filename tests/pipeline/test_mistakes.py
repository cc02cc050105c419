"""User errors and machine limits in a stage: one line, and earlier outputs stay."""

import re
import shutil

import pytest

from support.mounting import MOUNT, needs_mount
from support.pipeline.project import Project, hashes
from support.pipeline.terminal import begun, command, interrupt, run, workers_of
from support.slow import slow_but


@pytest.mark.parametrize(
    ("stage", "key", "value", "said"),
    slow_but(
        [
            ("make_demo", "demo.seed", "seven", "demo.seed must be an integer, found 'seven'"),
            ("decode_clips", "window.stide", 2, "window.stide is unknown; did you mean stride?"),
            ("train_phase1", "model.backbone.widht", 8, "model.backbone.widht is unknown; did you mean width?"),
            ("evaluate", "runtime.workers", "two", "runtime.workers must be an integer or auto, found 'two'"),
        ],
        ("train_phase1", "model.backbone.widht", 8, "model.backbone.widht is unknown; did you mean width?"),
    ),
)
def test_a_wrong_parameter_is_refused_by_the_stage_that_reads_it(project, stage, key, value, said):
    project.set(key, value)
    assert said in refused(project, stage)


@pytest.mark.parametrize(
    ("stage", "weights"), slow_but([("evaluate", "selected"), ("train_phase2", "phase1")], ("evaluate", "selected"))
)
def test_weights_of_another_model_are_refused_with_the_difference(project, stage, weights):
    project.set("model.backbone.width", 16)
    said = refused(project, stage)
    assert f"data/models/{weights}.safetensors: weights of another model: model.backbone.width is 8 there, 16" in said


@pytest.mark.parametrize(
    ("stage", "weights", "kept"),
    slow_but([("evaluate", "selected", -1), ("train_phase2", "phase1", 0)], ("evaluate", "selected", -1)),
)
def test_a_weights_file_cut_short_is_refused(project, stage, weights, kept):
    """kept: so many bytes of it, or all but so many"""
    file = f"data/models/{weights}.safetensors"
    whole = (project / file).read_bytes()
    (project / file).unlink()
    (project / file).write_bytes(whole[:kept])
    assert f"{file}: not a whole weights file of tailwise" in refused(project, stage)


@pytest.mark.parametrize(
    ("stage", "folder"),
    slow_but(
        [
            ("make_demo", "data/demo"),
            ("decode_clips", "data/clips"),
            ("decode_clips", ".cache"),
            ("compute_weights", "data/weights"),
            ("train_phase1", "data/models"),
            ("train_phase1", ".resume"),
            ("evaluate", "reports/evaluation"),
        ],
        ("compute_weights", "data/weights"),
    ),
)
def test_a_file_where_a_folder_is_wanted_is_named(project, stage, folder):
    clear(project, folder)
    (project / folder).write_text("in the way")
    assert f"{folder}" in refused(project, stage) and (project / folder).read_text() == "in the way"


@pytest.mark.parametrize(
    ("stage", "folder", "options", "said"),
    slow_but(
        [
            ("make_demo", "data/demo", "ro", "Read-only file system"),
            ("make_demo", "data/demo", "size=64k", "No space left on device"),
            ("decode_clips", ".cache", "size=64k", "No space left on device"),
            ("train_phase1", ".resume", "size=64k", "No space left on device"),
            ("train_phase1", "data/models", "ro", "Read-only file system"),
            ("train_phase1", "data/models", "size=16k", "No space left on device"),
            ("make_demo", "data/demo", "nr_inodes=2", "No space left on device"),
            ("index", "data/index", "nr_inodes=2", "No space left on device"),
            ("decode_clips", ".cache", "nr_inodes=2", "No space left on device"),
            ("decode_clips", "data/clips/train", "nr_inodes=2", "No space left on device"),
            ("train_phase1", ".resume", "nr_inodes=1", "No space left on device"),
            ("train_phase1", "reports/training", "nr_inodes=2", "No space left on device"),
            ("compute_weights", "data/weights/phase2", "nr_inodes=1", "No space left on device"),
        ],
        ("index", "data/index", "nr_inodes=2", "No space left on device"),
    ),
)
def test_a_folder_without_space_or_permission_to_write_is_named(project, stage, folder, options, said):
    needs_mount()
    clear(project, folder)
    (project / folder).mkdir(parents=True)
    line = refused(project, stage, [*MOUNT, f"mount -t tmpfs -o {options} none {folder} && {command(project, stage)}"])
    assert f"{folder}/" in line and line.endswith(said)


@pytest.mark.slow
@pytest.mark.parametrize(("stage", "out"), [("make_demo", "data/demo"), ("train_phase1", "reports/training/phase1")])
def test_no_room_for_what_processes_share_is_named(project, stage, out):
    needs_mount()
    project.set("runtime.decoders", 2)
    project.set("runtime.workers", 2)
    clear(project, out)
    full = "mount -t tmpfs -o nr_inodes=1 none /dev/shm"
    line = refused(project, stage, [*MOUNT, f"{full} && {command(project, stage)}"])
    assert line == f"{script(project, stage)}: /dev/shm: No space left on device"


MEGABYTES = (40, 80, 130, 139, 140, 145, 150, 200, 249, 252, 260, 330)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("stage", "limits"),
    [
        ("index", MEGABYTES[1::3]),
        ("decode_clips", MEGABYTES[::3]),
        ("report", MEGABYTES[2::3]),
        ("train_phase1", MEGABYTES),
    ],
)
def test_too_little_memory_at_the_start_is_one_line(project, stage, limits):
    """Address space, from what Python alone needs to less than torch does; OpenBLAS sends itself SIGINT at some."""
    clear(project, ".cache")
    for megabytes in limits:
        limited = ["bash", "-c", f"ulimit -v {megabytes}000 && {command(project, stage)}"]
        if run(project, limited).returncode:  # it may find room with less than others do
            line = refused(project, stage, limited)
            assert f": out of memory (ulimit -v is {megabytes}000)" in line


def test_a_state_that_cannot_be_saved_ends_the_training(project):
    """A limit on the size of files stands in for a full disk where none can be mounted."""
    line = refused(project, "train_phase1", ["bash", "-c", f"ulimit -f 16 && {command(project, 'train_phase1')}"])
    assert "/.resume/phase1-" in line and line.endswith("state.safetensors: File too large")
    assert not list((project / ".resume").rglob("*safetensors*"))


def test_training_whose_weights_could_not_be_written_is_not_lost(project):
    """Once the way is free, the same command writes what was trained, without another epoch."""
    before = present(project)
    clear(project, "data/models/phase1.safetensors")
    (project / "data/models/phase1.safetensors/in the way").mkdir(parents=True)
    assert "data/models/phase1.safetensors: Is a directory" in refused(project, "train_phase1")
    shutil.rmtree(project / "data/models/phase1.safetensors")
    done = run(project, [command(project, "train_phase1")], shell=True)
    assert "phase1: already finished" in done.stdout and "loss" not in done.stdout
    assert present(project) == before


@pytest.mark.slow
def test_ctrl_c_in_training_with_workers_is_one_line_and_the_next_run_resumes(project):
    project.set("phase1.train.epochs", 1000)
    project.set("runtime.workers", 2)
    clear(project, "reports/training/phase1")  # as DVC does before it starts the stage
    before = present(project)
    for printed in ("phase1 epoch +1/1000", "phase1 epoch ([2-9]|[0-9]{2,}) step [0-9]+: resumed"):
        with begun(
            project,
            command(project, "train_phase1"),
            lambda process, log, printed=printed: re.search(printed, log.read_text()),
        ) as process:
            assert interrupt(process) == (130, "train: interrupted\n")
        assert kept(project, before)


@pytest.mark.slow
@pytest.mark.parametrize("stage", ["decode_clips", "make_demo"])
@pytest.mark.parametrize("workers", [1, 2])
def test_ctrl_c_in_a_stage_with_workers_is_one_line(project, stage, workers):
    """As soon as a worker is there, so that it is still starting."""
    project.set("demo.train", 5000)
    project.set("runtime.decoders", 2)
    clear(project, ".cache")
    before = present(project)
    with begun(project, command(project, stage), lambda process, log: workers_of(process) >= workers) as process:
        assert interrupt(process) == (130, f"{stage}: interrupted\n")
    assert kept(project, before)


def refused(project: Project, stage: str, words: list[str] | None = None) -> str:
    """The one line that the stage, or the command given for it, ends with; every output there was must be as before."""
    before = present(project)
    done = run(project, words or ["sh", "-c", command(project, stage)])
    (line,) = [line for line in done.stderr.splitlines() if not line.endswith(" s left")]
    assert done.returncode == 1 and line.startswith(f"{script(project, stage)}: ")
    assert kept(project, before)
    return line


def script(project: Project, stage: str) -> str:
    """The name of the script that the stage's command starts."""
    return re.search(r"stages/(\w+)\.py", command(project, stage))[1]


def kept(project: Project, before: dict[str, str]) -> bool:
    """Whether all that was there is there, unchanged."""
    return before.items() <= present(project).items()


def present(project: Project) -> dict[str, str]:
    """{path: hash} of the outputs that are there."""
    outs = [out["path"] for stage in project.lock().values() for out in stage.get("outs", [])]
    there = [out for out in outs if (project / out).exists()]
    return {path: digest for out in there for path, digest in hashes(project.folder, out).items()}


def clear(project: Project, path: str) -> None:
    """Remove a file or folder, so that something else can take its place."""
    place = project / path
    if place.is_dir():
        shutil.rmtree(place)
    else:
        place.unlink(missing_ok=True)
