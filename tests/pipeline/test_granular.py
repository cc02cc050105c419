"""What must rerun, by hand, for each parameter, each piece of code and each input; and what DVC reruns.

DVC and dvc.yaml are the real ones. The stages are stubs whose outputs follow from everything they
declare, so that a change runs through everything after it.

Of every key and every file the stages follow from a walk over dvc.yaml, which takes no time. DVC itself is asked of one
of each kind: a key, a file for each list of stages that rerun, a few of them in `make test`. It says which stages it
finds changed; what it then executes follows from these, and is executed once for keys of one row.
"""

import hashlib
import json
import shutil
from pathlib import Path

import pytest

from support.once import once
from support.pipeline.decisions import (
    append,
    changed_stages,
    declared_to_rerun,
    other,
    reproduced,
    set_parameter,
    with_stubs,
)
from support.pipeline.project import DEFINED, ROOT, STAGES, Project, new_project
from support.slow import slow_but
from tailwise.core.files import read_json, write_json
from tailwise.core.params.config import read_params

pytestmark = [pytest.mark.filterwarnings("ignore::DeprecationWarning:dvc")]

# Stages that always follow each other.
ANSWERS = "evaluate calibrate intervals show_mistakes map_embeddings explain certify report draw_figures"
PHASE3 = f"train_phase3 select_model {ANSWERS}"
TARGET = f"target_weak_classes {PHASE3}"
PHASE2 = f"train_phase2 {TARGET}"
PHASE1 = f"train_phase1 measure_difficulty {PHASE2}"
WEIGHTS = f"compute_weights plan_curriculum {PHASE1}"
DECODE = f"decode_clips show_samples analyze_classes choose show_difficulty {WEIGHTS}"
INDEX = f"index {DECODE}"
DEMO = f"make_demo {INDEX}"
CHECK = "check save_config"
JUDGING = "intervals certify report draw_figures"
TRAINING = f"train_phase1 measure_difficulty train_phase2 target_weak_classes {PHASE3}"

# `check` reads all of params.yaml but `runtime`, and `save_config` keeps it; the report shows that, and the certificate
# names it.
PARAMETERS = {
    "data.root data.reader.kind data.reader.keep_dropped data.pseudo": f"{CHECK} {INDEX}",
    "data.leaks": f"{CHECK} index certify report",
    "demo.seed demo.train demo.valid demo.test demo.challenge "
    "demo.width demo.height demo.frames demo.contact": f"{CHECK} {DEMO}",
    "window.unit window.centre window.stride window.frames window.margin": f"{CHECK} {INDEX}",
    "window.height window.width": f"{CHECK} {INDEX}",
    "decode.timeout decode.max_faulty decode.short": f"{CHECK} {INDEX}",
    "phase1.curriculum phase3.curriculum": f"{CHECK} certify report",
    "phase1.inputs phase1.teacher": f"{CHECK} {PHASE1}",
    "phase2.inputs phase2.teacher": f"{CHECK} {PHASE2}",
    "phase3.inputs phase3.teacher": f"{CHECK} {PHASE3}",
    "features.start features.after features.passes features.augment": f"{CHECK} certify report",  # no phase reads them
    "distillation.teachers": f"{CHECK} certify report",  # no phase learns from them
    "phase1.max_weight phase1.boost.kind phase1.boost.tau phase1.apply_as": f"{CHECK} compute_weights {PHASE1}",
    "phase1.samples.kind": f"{CHECK} choose compute_weights {PHASE1}",
    "phase1.train.epochs phase1.train.lr": f"{CHECK} choose {PHASE1}",
    "phase1.train.optimizer.kind phase1.train.optimizer.weight_decay "
    "phase1.train.loss.kind phase1.train.loss.smoothing "
    "phase1.train.augment_by_class phase1.train.mix phase1.train.distil "
    "phase1.train.schedule.kind phase1.train.schedule.warmup phase1.train.schedule.floor phase1.train.clip "
    "phase1.train.augment phase1.train.trainable phase1.train.rates phase1.train.loss_weights.per_view "
    "phase1.train.schedule.start "
    "phase1.train.schedule.end phase1.train.early_stopping phase1.train.average "
    "phase1.train.keep_every phase1.train.hand_over": f"{CHECK} {PHASE1}",
    "phase2.max_weight phase2.boost.kind phase2.boost.tau "
    "phase2.apply_as": f"{CHECK} compute_weights plan_curriculum {PHASE2}",
    "phase2.samples.kind": f"{CHECK} choose compute_weights plan_curriculum {PHASE2}",
    "phase2.curriculum": f"{CHECK} measure_difficulty show_difficulty plan_curriculum {PHASE2}",
    "phase2.train.epochs phase2.train.lr": f"{CHECK} choose {PHASE2}",
    "phase2.train.optimizer.kind phase2.train.optimizer.weight_decay "
    "phase2.train.loss.kind phase2.train.loss.smoothing "
    "phase2.train.augment_by_class phase2.train.mix phase2.train.distil "
    "phase2.train.schedule.kind phase2.train.schedule.warmup phase2.train.schedule.floor phase2.train.clip "
    "phase2.train.augment phase2.train.trainable phase2.train.rates phase2.train.loss_weights.per_view "
    "phase2.train.schedule.start "
    "phase2.train.schedule.end phase2.train.early_stopping phase2.train.average "
    "phase2.train.keep_every phase2.train.hand_over": f"{CHECK} {PHASE2}",
    "phase3.max_weight phase3.boost.kind phase3.boost.tau phase3.apply_as": f"{CHECK} {TARGET}",
    "phase3.samples.kind": f"{CHECK} choose {TARGET}",
    "phase3.train.epochs phase3.train.lr": f"{CHECK} choose {PHASE3}",
    "phase3.train.optimizer.kind phase3.train.optimizer.weight_decay "
    "phase3.train.loss.kind phase3.train.loss.smoothing "
    "phase3.train.augment_by_class phase3.train.mix phase3.train.distil "
    "phase3.train.schedule.kind phase3.train.schedule.warmup phase3.train.schedule.floor phase3.train.clip "
    "phase3.train.augment phase3.train.trainable phase3.train.rates phase3.train.loss_weights.per_view "
    "phase3.train.schedule.start "
    "phase3.train.schedule.end phase3.train.early_stopping phase3.train.average "
    "phase3.train.keep_every phase3.train.hand_over": f"{CHECK} {PHASE3}",
    "balance.max_effective_ratio balance.max_margin_ratio": f"{CHECK} compute_weights plan_curriculum "
    "target_weak_classes certify report",
    "target.recall target.prior_samples target.min_support": f"{CHECK} {TARGET}",
    "model.variant.kind model.variant.dropout": f"{CHECK} {TRAINING}",
    "model.auxiliary model.metadata model.learned_weights model.head_dropout": f"{CHECK} {TRAINING}",
    "model.backbone.kind model.backbone.width model.backbone.motion "
    "model.backbone.residual model.backbone.norm model.backbone.drop_block "
    "model.backbone.stochastic_depth": f"{CHECK} choose {TRAINING}",
    "augment.mirror augment.shift augment.brightness augment.delay augment.zoom augment.rotate augment.contrast "
    "augment.colour augment.speed augment.drop_frames augment.reverse augment.erase augment.drop_views "
    "augment.reversible augment.one_sided": f"{CHECK} {TRAINING}",
    "training.batch_size": f"{CHECK} choose {TRAINING}",
    "training.seed training.accumulate training.threads training.precision": f"{CHECK} {TRAINING}",
    "evaluation.adjust": f"{CHECK} {ANSWERS}",
    "export.formats": f"{CHECK} certify report",  # no stage
    "calibration.method calibration.grid calibration.bins": f"{CHECK} calibrate {JUDGING}",
    "resampling.folds resampling.fold resampling.seed resampling.train_share": f"{CHECK} {INDEX}",
    "map.method map.perplexity map.most map.seed": f"{CHECK} map_embeddings certify report",
    "selection.candidates selection.standard_errors": f"{CHECK} select_model {ANSWERS}",
    "certificate.macro_recall certificate.macro_f1 certificate.class_recall certificate.loss "
    "certificate.above certificate.below": f"{CHECK} {JUDGING}",
    "stability.guards stability.spike_factor stability.max_rollbacks": f"{CHECK} {TRAINING}",
    "runtime.device runtime.workers runtime.decoders runtime.tensorboard runtime.verbosity runtime.devices": "",
    "runtime.save_every runtime.executor.kind": "",
}

# What only the other pipelines use, or no stage.
OF_OTHERS = (
    "src/tailwise/data/download/fetch.py",
    "src/tailwise/models/frozen/streams.py",
    "src/tailwise/models/action/fusion.py",
    "src/tailwise/data/video/store/tokens.py",
    "src/tailwise/recipes/actions/recipe.py",
    "src/tailwise/recipes/actions/baseline/task.py",
    "src/tailwise/recipes/actions/features/build.py",
    "src/tailwise/recipes/actions/insight/summary.py",
    "src/tailwise/recipes/actions/explanation/explainer.py",
    "src/tailwise/recipes/logos/explanation/explainer.py",
    "src/tailwise/recipes/sections/explanation/explainer.py",
    "src/tailwise/recipes/actions/motion/task.py",
    "src/tailwise/recipes/actions/predict/inputs.py",
    "src/tailwise/recipes/actions/report/page.py",
    "src/tailwise/recipes/actions/demo/film.py",
    "src/tailwise/recipes/actions/readers/ssv2.py",
    "src/tailwise/recipes/actions/clips/labels.py",
    "src/tailwise/ablation/plan.py",
    "src/tailwise/compare/analysis.py",
    "src/tailwise/compare/sweeps/sweep.py",
    "src/tailwise/search/spec.py",
    "src/tailwise/paper/draft.py",
    "src/tailwise/data/images/canvas.py",
    "src/tailwise/data/images/augment/light.py",
    "src/tailwise/losses/image/aleatoric.py",
    "src/tailwise/metrics/effect.py",
    "src/tailwise/metrics/image/shares.py",
    "src/tailwise/models/checks.py",
    "src/tailwise/models/image/attention.py",
    "src/tailwise/recipes/logos/answers.py",
    "src/tailwise/recipes/logos/contrast/figures.py",
    "src/tailwise/recipes/logos/demo/shapes.py",
    "src/tailwise/recipes/logos/properties/pixels.py",
    "src/tailwise/recipes/logos/readers/iconify.py",
    "src/tailwise/recipes/logos/report/page.py",
    "src/tailwise/recipes/sections/decoding/fit.py",
    "src/tailwise/data/sequences/store.py",
    "src/tailwise/losses/sequence/loss.py",
    "src/tailwise/metrics/sequence/runs.py",
    "src/tailwise/models/sequence/lstm.py",
    "src/tailwise/recipes/sections/recipe.py",
    "src/tailwise/recipes/sections/demo/song.py",
    "src/tailwise/recipes/sections/features/text.py",
    "src/tailwise/recipes/sections/readers/lyrics.py",
    "src/tailwise/recipes/sections/report/page.py",
    "src/tailwise/recipes/sections/tracks/track.py",
    "src/tailwise/cli/runs/arguments.py",
    "src/tailwise/evaluation/costs/decisions.py",
    "src/tailwise/ensemble/greedy.py",
    "src/tailwise/crossvalidation/pooled.py",
    "src/tailwise/pseudo/selection.py",
    "src/tailwise/cli/doctor/command.py",
    "src/tailwise/export/run/folder.py",
    "src/tailwise/export/graph/views.py",
    "src/tailwise/export/write/card.py",
    "src/tailwise/serve/app.py",
    "src/tailwise/recipes/logos/stored/specification.py",
    "src/tailwise/recipes/sections/stored/specification.py",
    "stages/prepare.py",
    "stages/export.py",
    "stages/calibrate.py",
    "stages/fit_decoding.py",
)

# A file of every room, the pins, and every script. That dvc.yaml has all that is imported, see tests/tools.
CODE = {
    "requirements/core.txt": f"check {DEMO}",
    "requirements/decode.txt": f"check {DEMO}",
    "requirements/tables.txt": f"check {INDEX} draw_figures",
    "requirements/train.txt": f"check show_samples show_difficulty {TRAINING}",
    "requirements/report.txt": "report draw_figures",
    "requirements/dvc.txt": "",
    "src/tailwise/core/errors.py": " ".join(STAGES),
    "src/tailwise/core/params/runtime.py": " ".join(STAGES),
    "src/tailwise/core/stage/launcher.py": " ".join(STAGES),
    "src/tailwise/core/system/cgroups.py": " ".join(STAGES),
    "src/tailwise/balance/files.py": f"check choose {WEIGHTS}",
    "src/tailwise/balance/curriculum.py": "check plan_curriculum",
    "src/tailwise/data/raw.py": f"check {INDEX}",
    "src/tailwise/data/augment/streams.py": TRAINING,
    "src/tailwise/data/shards/cache.py": f"check {INDEX}",
    "src/tailwise/data/tables/table.py": f"check {INDEX}",
    "src/tailwise/data/tables/checks/contents.py": INDEX,
    "src/tailwise/data/tables/manifest.py": DECODE,
    "src/tailwise/data/video/strips.py": "show_samples show_mistakes show_difficulty map_embeddings explain report",
    "src/tailwise/data/video/augment/ranges.py": f"check {TRAINING}",
    "src/tailwise/data/video/decode/container.py": f"check {INDEX}",
    "src/tailwise/data/video/store/clips.py": f"show_samples show_difficulty {TRAINING}",
    "src/tailwise/engine/batches/loading.py": TRAINING,
    "src/tailwise/engine/checkpoint/weights.py": f"check {TRAINING}",
    "src/tailwise/engine/contract/phase.py": f"check {TRAINING}",
    "src/tailwise/engine/distributed/world.py": f"check {TRAINING}",
    "src/tailwise/engine/evaluate/inputs.py": TRAINING,
    "src/tailwise/engine/monitor/backend.py": TRAINING,
    "src/tailwise/engine/train/loop.py": TRAINING,
    "src/tailwise/evaluation/certificate.py": f"check {JUDGING}",
    "src/tailwise/evaluation/calibration/fitted.py": f"calibrate {JUDGING}",
    "src/tailwise/evaluation/embedding/options.py": "check map_embeddings report",
    "src/tailwise/evaluation/embedding/places.py": "map_embeddings report",
    "src/tailwise/evaluation/explain/importance.py": "map_embeddings explain report",
    "src/tailwise/evaluation/explain/nearest.py": "explain report",
    "src/tailwise/evaluation/selection.py": f"check select_model {ANSWERS}",
    "src/tailwise/losses/head/boost.py": f"check {TRAINING}",
    "src/tailwise/losses/classification.py": f"check {TRAINING}",
    "src/tailwise/metrics/calibration/bins.py": f"calibrate {JUDGING}",
    "src/tailwise/metrics/confusion.py": f"check show_difficulty {TRAINING}",
    "src/tailwise/models/video/backbones.py": f"check {TRAINING}",
    "src/tailwise/optim/cosine.py": f"check {TRAINING}",
    "src/tailwise/recipes/recipe.py": f"check {DEMO}",
    "src/tailwise/recipes/fouls/recipe.py": f"check {DEMO}",
    "src/tailwise/recipes/fouls/task.py": TRAINING,
    "src/tailwise/recipes/fouls/annotated/views.py": f"check {TRAINING}",
    "src/tailwise/recipes/explainer.py": "map_embeddings explain report",
    "src/tailwise/recipes/explaining.py": "explain report",
    "src/tailwise/recipes/fouls/explanation/explainer.py": "map_embeddings explain report",
    "src/tailwise/recipes/fouls/params.py": "check",
    "src/tailwise/recipes/fouls/demo/film.py": f"check {DEMO}",
    "src/tailwise/recipes/fouls/demo/drawing/backdrop.py": f"check {DEMO}",
    "src/tailwise/recipes/fouls/demo/scene/keys.py": f"check {DEMO}",
    "src/tailwise/recipes/fouls/soccernet/annotations.py": f"check {INDEX}",
    "src/tailwise/recipes/fouls/predict/fouls.py": "",
    "src/tailwise/recipes/fouls/report/page.py": "report",
    "src/tailwise/recipes/teachers.py": "",
    "src/tailwise/reporting/collect.py": "report",
    "src/tailwise/reporting/overlay.py": "map_embeddings explain report",
    "src/tailwise/reporting/figures/classes.py": "draw_figures",
    "src/tailwise/cli/main.py": "",
    "src/tailwise/cli/batch/command.py": "",
    "src/tailwise/cli/preset.py": "",
    "src/tailwise/cli/predict/command.py": "",
    "src/tailwise/__main__.py": "",
    "src/tailwise/py.typed": "",
    **dict.fromkeys(OF_OTHERS, ""),
    "stages/check.py": "check",
    "stages/save_config.py": "save_config",
    "stages/make_demo.py": DEMO,
    "stages/index.py": INDEX,
    "stages/decode_clips.py": DECODE,
    "stages/show_samples.py": "show_samples report",
    "stages/analyze_classes.py": f"analyze_classes choose {WEIGHTS}",
    "stages/choose.py": "choose",
    "stages/compute_weights.py": WEIGHTS,
    "stages/train.py": PHASE1,
    "stages/measure_difficulty.py": "measure_difficulty",
    "stages/plan_curriculum.py": "plan_curriculum",
    "stages/show_difficulty.py": "show_difficulty",
    "stages/target_weak_classes.py": TARGET,
    "stages/select_model.py": f"select_model {ANSWERS}",
    "stages/evaluate.py": ANSWERS,
    "stages/cross_calibrate.py": f"calibrate {JUDGING}",
    "stages/intervals.py": "intervals report draw_figures",
    "stages/show_mistakes.py": "show_mistakes report",
    "stages/map_embeddings.py": "map_embeddings report",
    "stages/explain.py": "explain report",
    "stages/certify.py": "certify report",
    "stages/report.py": "report",
    "stages/draw_figures.py": "draw_figures",
    "stages/extract_features.py": "",
    "stages/predict_teacher.py": "",
    "presets": "",
    "tests": "",
}

RAW = {
    "data/raw/Train/action_0/clip_0.mp4": INDEX,
    "data/raw/Train/action_9/clip_0.mp4": INDEX,
    "data/raw/Train/annotations.json": INDEX,
    "data/demo/Train/action_0/clip_0.mp4": "",  # a stage's output: DVC brings it back from its cache
}


def rows(table: dict[str, str]) -> dict[str, list[str]]:
    """{key: stages in dvc.yaml's order} of a table whose keys may share a row."""
    return {key: [s for s in STAGES if s in stages.split()] for keys, stages in table.items() for key in keys.split()}


def leaves(values, path: str = "") -> list[str]:
    if not isinstance(values, dict) or not values:
        return [path]
    return [leaf for key, value in values.items() for leaf in leaves(value, f"{path}.{key}" if path else key)]


def source_files() -> list[str]:
    kept = [file for folder in ("src", "stages") for file in sorted((ROOT / folder).rglob("*")) if file.is_file()]
    return [file.relative_to(ROOT).as_posix() for file in kept if "__pycache__" not in file.parts]


def declared() -> set[str]:
    """All dependencies of dvc.yaml."""
    return {dep for stage in DEFINED["stages"].values() for dep in stage["deps"]}


KEYS = leaves(read_params(ROOT / "params.yaml"))
MOVED = {"root": ("data", "demo", "raw"), "inputs": ("data", "clips", "copied")}
MOVED |= {"teacher": ("data/teachers", "none", "copied")}
"""{key that names a folder: what it is in, the folder, and another of the same content}"""
TOUCHED = {row: row for row in CODE if (ROOT / row).is_file()}
QUICK_KEYS = ("phase2.max_weight", "certificate.loss")
QUICK_FILES = ("src/tailwise/engine/train/loop.py", "src/tailwise/cli/preset.py")


def one_of_each(table: dict[str, str], quick: tuple[str, ...]) -> list[str]:
    """Of the keys that rerun the same stages, the first; `quick` are among them."""
    found = {tuple(stages): key for key, stages in reversed(rows(table).items())}
    return list(dict.fromkeys((*quick, *reversed(found.values()))))


ONE_OF_EACH = {"keys": one_of_each(PARAMETERS, QUICK_KEYS), "files": one_of_each(CODE, QUICK_FILES)}


def test_every_parameter_has_a_row():
    assert sorted(rows(PARAMETERS)) == sorted(KEYS)


def test_every_room_and_every_script_has_a_row():
    rooms = {Path(file).parent for file in source_files() if file.endswith(".py") and not file.endswith("__init__.py")}
    assert rooms <= {Path(row).parent for row in CODE}
    assert {file for file in source_files() if file.startswith("stages/")} <= set(CODE)


@pytest.mark.parametrize("key", KEYS)
def test_stages_rerun_by_a_parameter_are_declared(key):
    assert declared_to_rerun(keys=[key]) == rows(PARAMETERS)[key]


@pytest.mark.parametrize("row", CODE)
def test_stages_rerun_by_a_comment_are_declared(row):
    assert declared_to_rerun(files=[TOUCHED.get(row, f"{row}/added.py")]) == rows(CODE)[row]


@pytest.mark.parametrize("key", slow_but(ONE_OF_EACH["keys"], *QUICK_KEYS))
def test_a_parameter_reruns_its_stages(key, stubbed, tmp_path, executed):
    project = stubbed.copy(tmp_path / "project")
    moved = MOVED.get(key.rpartition(".")[2])
    if moved:
        place, old, new = moved
        shutil.copytree(project / place / old, project / place / new)
    set_parameter(project, key, lambda value: value.replace(*moved[1:]) if moved else other(value))
    assert executed(project, rows(PARAMETERS)[key]) == rows(PARAMETERS)[key]


@pytest.mark.parametrize("row", slow_but(ONE_OF_EACH["files"], *QUICK_FILES))
def test_a_comment_in_the_code_reruns_its_stages(row, stubbed, tmp_path, executed):
    project = stubbed.copy(tmp_path / "project")
    append(project / TOUCHED.get(row, f"{row}/added.py"), "# a comment\n")
    assert executed(project, rows(CODE)[row]) == rows(CODE)[row]


@pytest.mark.parametrize("file", slow_but(RAW, "data/raw/Train/annotations.json"))
def test_a_raw_file_reruns_its_stages(file, stubbed_on_raw, tmp_path, executed):
    project = stubbed_on_raw.copy(tmp_path / "project")
    append(project / file, "more")
    assert executed(project, rows(RAW)[file]) == rows(RAW)[file]


def test_nothing_changed_reruns_nothing(stubbed, tmp_path):
    assert reproduced(stubbed.copy(tmp_path / "project")) == []


@pytest.fixture(scope="module")
def stubbed(tmp_path_factory, home) -> Project:
    """The repository with stubs for stages, run once. Of its code only what is declared or touched: less to hash."""

    def make(folder: Path) -> None:
        project = new_project(folder, home)
        for name in (".git", "tests", "bench"):
            shutil.rmtree(project / name)
        for name in set(source_files()) - set(TOUCHED.values()):
            if not any(f"{name}/".startswith(f"{dep}/") for dep in declared()):
                (project / name).unlink()
        project.run("dvc", "config", "core.no_scm", "true")
        project.write("dvc.yaml", json.dumps(with_stubs(DEFINED)))
        set_parameter(project, "data.root", str)
        assert reproduced(project) == STAGES

    return Project(once(tmp_path_factory, "stubbed", make), home)


@pytest.fixture(scope="module")
def stubbed_on_raw(stubbed, tmp_path_factory) -> Project:
    """The same on raw data that no stage makes."""

    def make(folder: Path) -> None:
        project = stubbed.copy(folder / "project")
        for name in RAW:
            project.write(name.replace("action_9", "action_1"), "raw")
        set_parameter(project, "data.root", lambda value: "data/raw")
        reproduced(project)

    return Project(once(tmp_path_factory, "raw", make) / "project", Path(stubbed.env["HOME"]))


@pytest.fixture(scope="module")
def executed(tmp_path_factory):
    """(project, expected) -> the stages that ran, as kept where the same stages had changed for the same row."""

    def run(project: Project, expected: list[str]) -> list[str]:
        key = hashlib.sha256(" ".join([*changed_stages(project), "run", *expected]).encode()).hexdigest()
        folder = once(tmp_path_factory, key, lambda made: write_json(made / "ran.json", reproduced(project)))
        return read_json(folder / "ran.json")

    return run
