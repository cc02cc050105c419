"""Files of sweeps, the cells that they stand for, and the overrides that make an experiment of a cell."""

import copy
import shutil
from pathlib import Path

import pytest
import yaml
from dvc.utils.hydra import apply_overrides

from tailwise.compare.sweeps.overrides import overrides
from tailwise.compare.sweeps.pipeline import read_pipeline
from tailwise.compare.sweeps.sweep import Cell, cells, read_sweep
from tailwise.core.errors import UserError
from tailwise.core.params.config import read_file, read_params, section
from tailwise.recipes.fouls.recipe import RECIPE as FOULS
from tailwise.recipes.sections.recipe import RECIPE as LYRICS

ROOT = Path(__file__).parents[2]
SECTIONS = ROOT / "pipelines" / "sections"
BASE = {
    "model": {"kind": "a", "drop": 0.1},
    "p1": {"lr": 1e-3},
    "p2": {"lr": 1e-3},
    "training": {"seed": 7, "batch": 8},
}
BASE["runtime"] = {"workers": 0}
ROWS = "title: t\nseeds: 2\nrows: {base: {}, 'Other, b!': {model: {kind: b}, phases.lr: 0.1}}\nphases: [p1, p2]\n"


def made(text: str, base=BASE) -> list[Cell]:
    Path("sweep.yaml").write_text(text)
    return list(cells(read_sweep(Path("sweep.yaml")), base))


def test_a_cell_is_a_row_with_a_seed_and_seeds_come_one_after_the_other(folder):
    found = made(ROWS)
    assert [str(cell) for cell in found] == ["base, seed 1", "Other, b!, seed 1", "base, seed 2", "Other, b!, seed 2"]
    assert found[1].params == {
        "model": {"kind": "b"},
        "p1": {"lr": 0.1},
        "p2": {"lr": 0.1},
        "training": {"seed": 1, "batch": 8},
        "runtime": {"workers": 0},
    }
    assert found[0].words == ("training.seed=1",) and BASE["training"]["seed"] == 7
    assert found[3].words == ("~model.drop", 'model.kind="b"', "p1.lr=0.1", "p2.lr=0.1", "training.seed=2")


def test_the_name_of_an_experiment_follows_from_all_that_can_change_its_figures(folder):
    names = [cell.name for cell in made(ROWS)]
    assert len(set(names)) == 4 and names[1].startswith("other-b-1-") and [cell.name for cell in made(ROWS)] == names
    other = copy.deepcopy(BASE)
    other["runtime"]["workers"], other["export"] = 4, {"formats": ["onnx"]}
    assert [cell.name for cell in made(ROWS, other)] == names
    other["training"]["batch"] = 16
    assert not {cell.name for cell in made(ROWS, other)} & set(names)


def test_a_grid_is_each_value_with_each_and_named_by_them(folder):
    found = made(
        "title: t\nseeds: 1\nfirst_seed: 4\nparams: {p1.lr: 1}\ngrid: {model.kind: [a, b], training.batch: [8, 16]}"
    )
    assert [cell.label for cell in found][:2] == ["model.kind=a, training.batch=8", "model.kind=a, training.batch=16"]
    assert len(found) == 4 and all(cell.seed == 4 and cell.params["p1"]["lr"] == 1 for cell in found)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("title: t\nseeds: 0\nrows: {a: {}}", "sweep.yaml: .*seeds must be at least 1"),
        ("title: t\nseeds: 1", "needs either rows or a grid"),
        ("title: t\nseeds: 1\nrows: {a: {}}\ngrid: {a: [1]}", "needs either rows or a grid"),
        ("title: t\nseeds: 1\ngrid: {model.kind: []}", "grid: model.kind has no value"),
        ("title: t\nseeds: 1\nrows: {a: {training.seed: 2}}", "training.seed is what seeds are for"),
        ("title: t\nseeds: 1\nrows: {a: {modl.kind: b}}", "modl.kind: params.yaml has no section modl"),
        ("title: t\nseeds: 1\nrow: {a: {}}", "sweep.yaml: .*row"),
        ("title: [", "sweep.yaml: "),
        ("title: t\nseeds: many\nrows: {a: {}}", "sweep.yaml: seeds must be an integer"),
    ],
)
def test_a_mistake_in_a_file_is_one_line(folder, text, said):
    with pytest.raises(UserError, match=said) as error:
        made(text)
    assert "\n" not in str(error.value)


def test_a_file_that_is_not_there_is_named(folder):
    with pytest.raises(UserError, match="^nowhere.yaml: No such file"):
        read_sweep(Path("nowhere.yaml"))


WILD = [
    "a, b",
    "x=y",
    "$x ${y}",
    "it's",
    'say "no"',
    "back\\slash",
    "",
    "null",
    "1",
    "true",
    "ä#:{}[]~+*!",
    "back\\\\",
    " ",
]


@pytest.mark.parametrize(
    "value", [*WILD, WILD, {"k": WILD, "f": 1e-5}, [{"a": None}], None, True, 0, -1.5, 1e300, {}, []]
)
def test_overrides_give_with_dvc_exactly_the_wanted_params(folder, value):
    wanted = {**copy.deepcopy(BASE), "model": {"kind": "b", "new": {"deep": value}}, "p1": {"lr": value}}
    Path("params.yaml").write_text(yaml.safe_dump(BASE))
    apply_overrides("params.yaml", list(overrides(wanted, BASE)))
    assert read_file(Path("params.yaml")) == wanted


KINDS = [1, "a", None, {}, {"x": 1}, {"x": {"y": [1]}, "z": None}, [], [{"x": 1}]]


@pytest.mark.parametrize("old", KINDS, ids=str)
def test_any_kind_of_value_becomes_any_other_or_none(folder, old):
    """A section becomes an empty one, null a section, and so on: with DVC, exactly."""
    for wanted in [*({"s": {"key": new, "other": 1}} for new in KINDS), {"s": {"other": 1}}, {}]:
        base = {"s": {"key": old, "other": 1}}
        Path("params.yaml").write_text(yaml.safe_dump(base))
        apply_overrides("params.yaml", list(overrides(wanted, base)))
        assert read_file(Path("params.yaml")) == wanted
        Path("params.yaml").write_text(yaml.safe_dump(wanted))
        apply_overrides("params.yaml", list(overrides(base, wanted)))
        assert read_file(Path("params.yaml")) == base


def test_a_text_that_no_override_can_hold_is_refused():
    with pytest.raises(UserError, match="cannot be set in an experiment"):
        list(overrides({"a": "x\ny"}, {"a": "x"}))
    with pytest.raises(UserError, match="cannot be changed in an experiment"):
        list(overrides({"a b": 1}, {}))


@pytest.mark.parametrize(
    ("home", "recipe", "file"),
    [(ROOT, FOULS, file) for file in sorted((ROOT / "sweeps").glob("*.yaml"))]
    + [(SECTIONS, LYRICS, SECTIONS / "sweeps/variants.yaml"), (SECTIONS, LYRICS, ROOT / "sweeps/learning_curve.yaml")],
    ids=lambda value: value.stem if isinstance(value, Path) else "",
)
def test_every_ready_sweep_fits_the_pipeline(home, recipe, file, folder):
    """By the recipe, and by what DVC makes of the pipeline's own params.yaml."""
    sweep = read_sweep(file)
    found = list(cells(sweep, read_params(home / "params.yaml")))
    for cell in found:
        section(cell.params, "", recipe.params())
    for cell in found[: len(sweep.all_rows())]:
        shutil.copy(home / "params.yaml", "params.yaml")
        apply_overrides("params.yaml", list(cell.words))
        assert read_file(Path("params.yaml")) == cell.params
    rows = sweep.all_rows()
    assert len({cell.name for cell in found}) == len(found) == len(rows) * sweep.seeds
    read_pipeline(home / "dvc.yaml", sweep.target)


def test_training_stages_are_known_and_depend_on_the_seed():
    found = read_pipeline(ROOT / "dvc.yaml", "evaluate")
    assert found.costly == {"train_phase1", "train_phase2", "train_phase3"} and found.costly < found.seeded
    assert "check" not in found.seeded and "decode_clips" not in found.seeded
    with pytest.raises(UserError, match="target: .* has no stage evaluat; it has check"):
        read_pipeline(ROOT / "dvc.yaml", "evaluat")
