"""The cells of the sections' ablation: each is a row that parses, is computed once, and is read back as it was made."""

import dataclasses
from pathlib import Path

import pytest

import ablate
from ablation import train
from ablation.plan import Ablation, Cell, Row, cell_params, cells, key, override, read_ablation, result
from ablation.plot import draw
from ablation.tables import Line, markdown, read_lines, spread
from tailwise.core.errors import UserError
from tailwise.core.files import read_json, write_json
from tailwise.core.stage.chain import Chain

FOLDER = Path(__file__).parents[2] / "pipelines" / "sections"
DATA = "d" * 16


@pytest.fixture
def plan() -> Ablation:
    """The shipped rows on the shipped params."""
    return read_ablation(FOLDER / "ablation.yaml", FOLDER / "params.yaml")


def few(plan: Ablation, seeds: int = 2) -> Ablation:
    return dataclasses.replace(plan, seeds=seeds, rows={name: plan.rows[name] for name in ("default", "hidden_64")})


def figures(boundary: float = 0.9, macro: float = 0.8) -> dict:
    shared = {"segment_f1": 0.7, "ece": 0.03, "above_95": 0.5, "loss": 0.3, "parameters": 1200, "fallback": False}
    return {"macro_f1": macro, "boundary_f1": boundary, "class_f1": {"verse": 0.9, "chorus": 0.7}, **shared}


def test_every_shipped_row_is_valid_and_differs_from_all_others(plan):
    keys = {name: key(plan, Cell(name, 1)) for name in plan.rows}
    assert len(set(keys.values())) == len(plan.rows)
    assert next(iter(plan.rows)) == "default"


def test_the_key_is_of_what_decides_a_cell(plan):
    base = key(plan, Cell("default", 1))
    changed = {path: {**plan.base, path: {}} for path in ("certificate", "demo")}
    assert key(plan, Cell("default", 2)) != base
    for name in changed:
        section = {**plan.base[name], **({"loss": 0.4} if name == "certificate" else {"train": 401})}
        assert key(dataclasses.replace(plan, base={**plan.base, name: section}), Cell("default", 1)) == base


def test_a_path_for_phases_changes_all_and_nothing_of_the_base(plan):
    params = cell_params(plan, Cell("no_boost", 3))
    assert [params[f"phase{i}"]["max_weight"] for i in (1, 2, 3)] == [1.0] * 3
    assert plan.base["phase1"]["max_weight"] == 10.0 and params["training"]["seed"] == 3


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"model.hiden": 3}, "ablation.yaml: bad: .*model.hiden"),
        ({"model.crf.x": 3}, "ablation.yaml: model.crf.x: crf is no section"),
        ({"model.positions": {"kind": "relative"}}, "ablation.yaml: bad: .*need attention"),
    ],
)
def test_a_wrong_row_is_told_in_one_line(plan, params, said):
    wrong = dataclasses.replace(plan, rows={**plan.rows, "bad": Row("bad", params)})
    with pytest.raises(UserError, match=said):
        cell_params(wrong, Cell("bad", 1))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("seeds: 0\nrows: {default: {label: a}}", "seeds must be at least 1"),
        ("seeds: 1\nrows: {other: {label: a}}", "needs one of the name default"),
        ("seeds: 1\nrows: {default: {label: a, parms: {}}}", "parms"),
    ],
)
def test_a_wrong_file_is_named(tmp_path, text, said):
    (tmp_path / "rows.yaml").write_text(text)
    with pytest.raises(UserError, match=f"rows.yaml: .*{said}"):
        read_ablation(tmp_path / "rows.yaml", FOLDER / "params.yaml")


def test_override_makes_sections_that_are_absent():
    params = {"model": {"attention": None}}
    override(params, "model.projections.start", 3)
    assert params == {"model": {"attention": None, "projections": {"start": 3}}}


def test_a_row_of_other_data_prepares_it_anew(plan):
    def scripts(row: str) -> list[str]:
        given = train.GIVEN if train.changes_data(plan, Cell(row, 1)) else (*train.GIVEN, train.PREPARED)
        chain = Chain(FOLDER / "dvc.yaml", {"recipe": train.RECIPE}, given, "calibrate", ())
        return [Path(words[0]).stem for words in chain.commands()]

    changed, default = scripts("variants"), scripts("default")
    assert "prepare" in changed and "prepare" not in default
    assert default.count("train") == 3 and default[-1] == "calibrate"
    assert not {"make_demo", "index"} & {*changed, *default}


@pytest.fixture
def place(tmp_path, monkeypatch, plan) -> list[Cell]:
    """Cells that were trained, where training and measuring are stand-ins and two rows are wanted."""
    monkeypatch.chdir(tmp_path)
    trained: list[Cell] = []

    def stand_in(folder, given):
        if len(trained) == 1:
            trained.append(Cell("", 0))
            raise KeyboardInterrupt
        trained.append(Cell("", 0))
        return {"cpu_seconds": 20 + len(trained), "peak_mb": 500}

    monkeypatch.setattr(train, "train", stand_in)
    monkeypatch.setattr(train, "measure", lambda folder, method: figures())
    monkeypatch.setattr(ablate, "data_hash", lambda: DATA)
    monkeypatch.setattr(ablate, "read_ablation", lambda: few(plan))
    monkeypatch.setattr("sys.argv", ["ablate.py"])
    return trained


def test_a_run_that_is_stopped_goes_on_and_computes_no_cell_twice(place, plan):
    with pytest.raises(KeyboardInterrupt):
        ablate.main()
    assert [str(path) for path in sorted(Path("results").rglob("*.json"))] == ["results/default/1.json"]
    before = Path("results/default/1.json").read_bytes()
    assert ablate.main() == 0 and len(place) == 5
    assert Path("results/default/1.json").read_bytes() == before
    assert ablate.main() == 0 and len(place) == 5
    assert not train.SCRATCH.exists()
    assert read_json(Path("times/default/2.json"))["peak_mb"] == 500
    assert Path("reports/ablation.md").read_text().count("64 hidden") == 2


def test_a_cell_of_other_params_or_data_is_not_done(place, plan):
    place += [Cell("", 0)] * 2
    cell = Cell("default", 1)
    train.run_cell(plan, cell, DATA)
    assert result(plan, cell, DATA) and result(plan, cell, "e" * 16) is None
    other = dataclasses.replace(plan, base={**plan.base, "augment": {"noise": 0.2, "transpose": 0}})
    assert result(other, cell, DATA) is None


def test_tables_before_the_default_say_what_to_run(place, monkeypatch):
    monkeypatch.setattr("sys.argv", ["ablate.py", "--tables"])
    with pytest.raises(UserError, match="--row default"):
        ablate.main()


def test_cells_come_seed_by_seed(plan):
    assert [str(cell) for cell in cells(plan, ["default", "crf"], 2)] == [
        "default seed 1",
        "crf seed 1",
        "default seed 2",
        "crf seed 2",
    ]


def line(name: str, of_seed: dict[int, dict], seconds: float = 30) -> Line:
    return Line(name, f"label of {name}", {seed: {**of, "cpu_seconds": seconds} for seed, of in of_seed.items()})


def test_differences_are_of_the_seeds_that_both_have():
    default = line("default", {1: figures(0.9), 2: figures(0.8)})
    other = line("x", {2: figures(0.85), 3: figures(0.1)})
    assert other.minus(default, "boundary_f1") == pytest.approx([0.05])
    text = markdown([default, other], ["x: seed 1"])
    assert "| label of x | 1 | +0.000 | +0.050 | +0.000 |" in text and "- x: seed 1\n" in text
    assert "0.850 ± 0.071" in text and "† |" not in text


def test_a_fallback_is_marked():
    default = line("default", {1: figures()})
    assert "| label of x † |" in markdown([default, line("x", {1: {**figures(), "fallback": True}})], [])


def test_spread_of_one_value_is_the_value():
    assert (spread([], 3), spread([0.5], 3), spread([1.0, 3.0], 1, "+")) == ("", "0.500", "+2.0 ± 1.4")


def test_lines_are_the_rows_that_have_a_cell(tmp_path, plan):
    made = {"made_from": {"params": key(plan, Cell("crf", 2)), "data": DATA}, **figures()}
    write_json(tmp_path / "crf/2.json", made)
    (found,) = read_lines(plan, DATA, tmp_path, tmp_path / "times")
    assert (found.name, list(found.of_seed), found.mean("chorus"), found.mean("cpu_seconds")) == ("crf", [2], 0.7, None)


def test_the_plot_has_the_same_bytes_each_time(tmp_path):
    lines = [line("default", {1: figures(), 2: figures(0.85, 0.82)}), line("x", {1: figures(0.7)}, 90)]
    for name in ("a.png", "b.png"):
        draw(lines, tmp_path / name)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    draw([dataclasses.replace(lines[0], of_seed={1: figures()})], tmp_path / "c.png")
    assert not (tmp_path / "c.png").exists()
