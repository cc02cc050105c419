"""The cells of an ablation: which there are, what decides them, and which are done."""

import dataclasses
from pathlib import Path

import pytest

from tailwise.ablation.cell import check_figures
from tailwise.ablation.override import override
from tailwise.ablation.plan import Ablation, Cell, Row, cell_params, cells, hashes_of, key, read_ablation
from tailwise.cli.runs.ablate import read_place
from tailwise.core.errors import UserError
from tailwise.recipes.recipe import load_recipe

PIPELINES = Path(__file__).parents[2] / "pipelines"
KIND = load_recipe("tailwise.recipes.sections").params()
SHIPPED = sorted(file for file in PIPELINES.glob("*/*.yaml") if "\nrows:" in file.read_text("utf8"))


def shipped(file: Path) -> Ablation:
    return read_ablation(file, file.with_name("params.yaml"))


@pytest.fixture
def plan() -> Ablation:
    """The rows of the sections pipeline on its params."""
    return shipped(PIPELINES / "sections" / "ablation.yaml")


@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: f"{file.parent.name}-{file.stem}")
def test_every_shipped_row_is_valid_and_differs_from_all_others(file):
    plan, kind = shipped(file), load_recipe(f"tailwise.recipes.{file.parent.name}").params()
    keys = {(key(plan, Cell(name, 1), kind), tuple(plan.given_to(name))) for name in plan.rows}
    made = {
        repr(sorted(cell_params(plan, Cell(name, 1), kind).items(), key=lambda item: item[0])) for name in plan.rows
    }
    assert len(keys) == len(made) == len(plan.rows) and next(iter(plan.rows)) == "default"


def test_the_key_is_of_what_decides_a_cell(plan):
    base = key(plan, Cell("default", 1), KIND)
    assert key(plan, Cell("default", 2), KIND) != base
    changes = {"certificate": {"loss": 0.4}, "demo": {"train": 401}, "export": {"formats": ["onnx"]}}
    for name, change in changes.items():
        other = dataclasses.replace(plan, base={**plan.base, name: {**plan.base[name], **change}})
        assert key(other, Cell("default", 1), KIND) == base
    other = dataclasses.replace(plan, base={**plan.base, "augment": {"noise": 0.2, "transpose": 0}})
    assert key(other, Cell("default", 1), KIND) != base


def test_a_row_that_changes_what_decides_a_path_makes_it_anew(plan):
    assert plan.given_to("default") == ["data/demo", "data/index", "data/prepared"]
    assert plan.given_to("variants") == ["data/demo", "data/index"]
    rows = {**plan.rows, "tail": Row("tail", {"demo.train": 50})}
    other = dataclasses.replace(plan, rows=rows)
    assert other.given_to("tail") == []
    assert key(other, Cell("tail", 1), KIND) != key(plan, Cell("default", 1), KIND)


def test_the_rows_of_actions_train_on_the_same_features():
    file = PIPELINES / "actions" / "ablation.yaml"
    plan, place = shipped(file), read_place(file.with_name("dvc.yaml"))
    for row in plan.rows:
        params, given = cell_params(plan, Cell(row, 1), place.kind), plan.given_to(row)
        scripts = [Path(words[0]).stem for words in place.chain(params, given, plan.last).commands()]
        assert scripts == ["train", "train", "target_weak_classes", "train", "select_model", "evaluate"]


def test_a_row_of_another_model_runs_its_own_stages_and_has_its_own_figures():
    file = PIPELINES / "actions" / "baselines.yaml"
    plan, place = shipped(file), read_place(file.with_name("dvc.yaml"))
    params = cell_params(plan, Cell("cast", 1), place.kind)
    commands = place.chain(params, plan.given_to("cast"), plan.last_of("cast")).commands()
    assert [words[1:3] for words in commands] == [
        ["tailwise.recipes.actions.baseline", "baseline"],
        ["tailwise.recipes.actions.baseline", "data/models/baseline.safetensors"],
    ]
    assert plan.trained_by("cast") == ["baseline"] and plan.trained_by("default") == plan.phases
    assert plan.figures_of("cast")["top_1"].file == "reports/baseline.json"
    assert plan.figures_of("default") == plan.figures
    check_figures(plan, place)


def test_what_a_row_runs_and_reads_is_part_of_its_key(plan):
    rows = {
        name: Row(name, {"training.seed": 4}, **own)
        for name, own in {"a": {}, "b": {"last": "train_phase1"}, "c": {"file": "reports/other.json"}}.items()
    }
    other = dataclasses.replace(plan, rows={**plan.rows, **rows})
    assert len({key(other, Cell(name, 1), KIND) for name in rows}) == 3


def test_stages_of_a_row_that_are_not_there_are_told(plan):
    place = read_place(PIPELINES / "sections" / "dvc.yaml")
    for own, said in {
        "train_x": "rows.odd: last: dvc.yaml has no stage train_x",
        "train_phase1": "rows.odd: figures.*: no stage up to train_phase1 writes reports/metrics.json",
    }.items():
        other = dataclasses.replace(plan, rows={**plan.rows, "odd": Row("odd", {}, last=own)})
        with pytest.raises(UserError, match=said):
            check_figures(other, place)
    other = dataclasses.replace(plan, rows={**plan.rows, "odd": Row("odd", {}, last=plan.last, phases=["phase9"])})
    with pytest.raises(UserError, match=f"rows.odd: phases: no stage up to {plan.last} trains phase9"):
        check_figures(other, place)


def test_a_path_for_phases_changes_all_and_nothing_of_the_base(plan):
    params = cell_params(plan, Cell("no_boost", 3), KIND)
    assert [params[f"phase{i}"]["max_weight"] for i in (1, 2, 3)] == [1.0] * 3
    assert plan.base["phase1"]["max_weight"] == 10.0 and params["training"]["seed"] == 3
    assert plan.changed("no_boost") == {"phase1", "phase2", "phase3"}


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"model.hiden": 3}, "row bad: .*model.hiden"),
        ({"model.crf.x": 3}, "model.crf.x: crf is no section"),
        ({"model.positions": {"kind": "relative"}}, "row bad: .*need attention"),
    ],
)
def test_a_wrong_row_is_told_in_one_line(plan, params, said):
    wrong = dataclasses.replace(plan, rows={**plan.rows, "bad": Row("bad", params)})
    with pytest.raises(UserError, match=said):
        cell_params(wrong, Cell("bad", 1), KIND)


HEADER = "title: t\nphases: [phase1]\nlast: x\ngiven: {}\nfigures: {}\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (HEADER + "compared: []\nseeds: 0\nrows: {default: {label: a}}", "seeds must be at least 1"),
        (
            HEADER + "compared: []\nseeds: 1\nrows: {other: {label: a}}",
            "needs one of the name default, with a label alone",
        ),
        (HEADER + "compared: []\nseeds: 1\nrows: {default: {label: a, last: x}}", "with a label alone"),
        (HEADER + "compared: []\nseeds: 1\nrows: {default: {label: a, parms: {}}}", "parms"),
        (HEADER + "compared: [f1]\nseeds: 1\nrows: {default: {label: a}}", "f1 is not among the figures"),
        (HEADER + "compared: []\nseeds: 1\nbase: {}\nrows: {default: {label: a}}", "base: unknown key"),
    ],
)
def test_a_wrong_file_is_named(tmp_path, text, said):
    (tmp_path / "rows.yaml").write_text(text)
    with pytest.raises(UserError, match=f"rows.yaml: .*{said}"):
        read_ablation(tmp_path / "rows.yaml", PIPELINES / "sections" / "params.yaml")


def test_override_makes_sections_that_are_absent():
    params = {"model": {"attention": None}}
    override(params, "model.projections.start", 3, [])
    assert params == {"model": {"attention": None, "projections": {"start": 3}}}


def test_cells_come_seed_by_seed():
    found = [str(cell) for cell in cells(["default", "crf"], 2)]
    assert found == ["default seed 1", "crf seed 1", "default seed 2", "crf seed 2"]


def test_what_is_given_is_known_by_its_hash(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match="data/demo: is not there: run the pipeline first"):
        hashes_of(["data/demo"])
    Path("data/demo").mkdir(parents=True)
    Path("data/songs/train").mkdir(parents=True)
    outs = "{path: data/demo, md5: abc.dir}, {path: data/songs/train, md5: de.dir}, {path: data/songs2, md5: f.dir}"
    Path("dvc.lock").write_text(f"stages: {{make_demo: {{outs: [{outs}]}}}}")
    assert hashes_of(["data/demo"]) == {"data/demo": "abc.dir"}
    assert hashes_of(["data/songs"]) == {"data/songs/train": "de.dir"}
