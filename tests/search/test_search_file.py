"""Files of searches: what they may say, the values that they stand for, and mistakes as one line."""

import copy
from pathlib import Path

import pytest

from tailwise.compare.sweeps.pipeline import read_pipeline
from tailwise.core.errors import UserError
from tailwise.core.params.config import read_params, section
from tailwise.recipes.recipe import load_recipe
from tailwise.search.space import check_keys, extremes, grid, rounded, trial_cell, trial_params, wanted_trials
from tailwise.search.spec import Search, read_search

ROOT = Path(__file__).parents[2]
READY = {"fouls": sorted(ROOT.glob("searches/*.yaml")), "logos": sorted(ROOT.glob("pipelines/logos/searches/*.yaml"))}
BASE = {"model": {"kind": "plain", "rate": 0.1}, "p1": {"lr": 1}, "p2": {"lr": 1}, "training": {"seed": 7}}
HEAD = "title: t\ntrials: 3\nobjective: {metric: tag.macro_recall}\n"
KEYS = (
    "keys: {phases.lr: {kind: float, low: 0.01, high: 1, log: true}, model.kind: {kind: choice, of: [plain, wide]}}\n"
)


def read(text: str) -> Search:
    Path("s.yaml").write_text(text)
    return read_search(Path("s.yaml"))


def test_a_trial_has_the_values_of_its_keys_and_a_name_of_its_own(folder):
    search = read(f"{HEAD}{KEYS}phases: [p1, p2]\nparams: {{model.rate: 0.2}}\n")
    cell = trial_cell("t-trial-004", 4, search, {"phases.lr": 0.5, "model.kind": "wide"}, BASE)
    assert cell.params == {
        "model": {"kind": "wide", "rate": 0.2},
        "p1": {"lr": 0.5},
        "p2": {"lr": 0.5},
        "training": {"seed": 7},
    }
    assert str(cell) == "trial 4" and cell.name == "t-trial-004" and BASE["p1"]["lr"] == 1
    assert cell.words == ('model.kind="wide"', "model.rate=0.2", "p1.lr=0.5", "p2.lr=0.5")


def test_a_choice_may_be_a_section(folder):
    search = read(f"{HEAD}keys: {{model: {{kind: choice, of: [{{kind: a, rate: 1}}, null]}}}}\n")
    labels = [values["model"] for values in grid(search)]
    assert labels == ['{"kind": "a", "rate": 1}', "null"]
    assert [trial_params(search, {"model": each}, BASE)["model"] for each in labels] == [{"kind": "a", "rate": 1}, None]


def test_a_grid_is_each_value_with_each(folder):
    search = read(
        "title: t\nobjective: {metric: loss}\nsampler: {kind: grid}\n"
        "keys: {a: {kind: int, low: 1, high: 5, step: 2}, b: {kind: float, low: 0, high: 0.3, step: 0.1}}\n"
    )
    assert [values["a"] for values in grid(search)] == [1] * 4 + [3] * 4 + [5] * 4
    assert [values["b"] for values in grid(search)][:4] == [0, 0.1, 0.2, 0.3]
    assert wanted_trials(search) == 12 and wanted_trials(search, 5) == 5 and wanted_trials(search, 50) == 12
    assert not search.objective.maximized


def test_a_drawn_number_has_few_digits_and_stays_in_its_range(folder):
    each = read(f"{HEAD}keys: {{a: {{kind: float, low: 0.1, high: 0.499999}}}}\n").keys["a"]
    assert rounded(each, 0.2345678) == 0.2346 and rounded(each, 0.4999981) == 0.499999


def test_the_ends_of_each_range_are_reached(folder):
    found = list(extremes(read(f"{HEAD}{KEYS}")))
    assert {(key, values[key]) for key, values in found} == {
        ("phases.lr", 0.01),
        ("phases.lr", 1.0),
        ("model.kind", "plain"),
        ("model.kind", "wide"),
    }


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (HEAD, "s.yaml: keys is missing"),
        (f"{HEAD}keys: {{}}", "s.yaml: keys: there is none to search over"),
        (f"{HEAD}{KEYS}kyes: 1", "s.yaml: kyes is unknown; did you mean keys?"),
        (f"{HEAD}keys: {{a: {{kind: float, low: 1, high: 0}}}}", "s.yaml: keys.a: low must not be above high"),
        (f"{HEAD}keys: {{a: {{kind: float, low: 0, high: 1, log: true}}}}", "keys.a: low must be above 0 with log"),
        (f"{HEAD}keys: {{a: {{kind: float, low: 0, high: 1, step: -1}}}}", "keys.a: step must be above 0"),
        (f"{HEAD}keys: {{a: {{kind: int, low: 0.5, high: 1}}}}", "s.yaml: keys.a.low must be an integer"),
        (f"{HEAD}keys: {{a: {{kind: flaot}}}}", "s.yaml: keys.a.kind must be one of float, int, choice"),
        (f"{HEAD}keys: {{a: {{kind: choice, of: []}}}}", "s.yaml: keys.a: of has no value"),
        (f"{HEAD}keys: {{a: {{kind: choice, of: [1, '1']}}}}", "s.yaml: keys.a: of has a value twice"),
        (f"{HEAD}keys: {{training.seed: {{kind: int, low: 1, high: 9}}}}", "the best training.seed would be the luck"),
        (f"{HEAD}keys: {{runtime.workers: {{kind: int, low: 1, high: 9}}}}", "runtime.workers cannot change a val"),
        (f"title: t\nobjective: {{metric: x}}\n{KEYS}", "s.yaml: objective: direction is missing"),
        (f"title: t\nobjective: {{metric: loss}}\n{KEYS}", "s.yaml: trials is missing, which the sampler tpe needs"),
        (f"{HEAD}{KEYS}sampler: {{kind: grid}}", "s.yaml: keys.phases.lr: a grid needs choices, or a step and no log"),
        (f"{HEAD}{KEYS}sampler: {{kind: cmaes}}", "s.yaml: sampler.kind must be one of tpe, random, grid"),
        (f"{HEAD}{KEYS}pruner: {{kind: median, warmup: 0}}", "s.yaml: pruner: warmup must be at least 1"),
        (f"{HEAD}{KEYS}pruner: {{kind: median, startup: -1}}", "s.yaml: pruner: startup must be at least 0"),
        (f"{HEAD}{KEYS}pruner: {{kind: percentile, percent: 101}}", "s.yaml: pruner: percent must be from 0 to 100"),
        (f"{HEAD}{KEYS}pruner: {{kind: halving, startup: 3}}", "s.yaml: pruner.startup is unknown; "),
        (f"{HEAD}{KEYS}pruner: {{kind: median, percent: 25}}", "s.yaml: pruner.percent is unknown; "),
        (f"{HEAD}{KEYS}pruner: {{kind: none, warmup: 3}}", "s.yaml: pruner.warmup is unknown; "),
        (f"{HEAD}{KEYS}sampler: {{kind: random, startup: 3}}", "s.yaml: sampler.startup is unknown; "),
        (f"{HEAD}{KEYS}sampler: {{kind: grid, seed: 3}}", "s.yaml: sampler.seed is unknown; "),
        (f"{HEAD}{KEYS}sampler: {{kind: tpe, startup: -3}}", "s.yaml: sampler: startup must be at least 0"),
        (f"{HEAD}{KEYS}pruner: {{kind: median, column: lr}}", "s.yaml: pruner: column: the name lr does not say"),
        (f"{HEAD}{KEYS}trials: 0", "is repeated"),
        ("title: [", "s.yaml: "),
    ],
)
def test_a_mistake_in_a_file_is_one_line_with_its_key(folder, text, said):
    with pytest.raises(UserError) as error:
        read(text)
    assert said in str(error.value) and str(error.value).startswith("s.yaml: ") and "\n" not in str(error.value)


def test_a_key_that_params_yaml_has_not_is_named(folder):
    search = read(f"{HEAD}{KEYS}phases: [p1, p3]")
    with pytest.raises(UserError, match="^s.yaml: keys.phases.lr: params.yaml has no p3.lr$"):
        check_keys(Path("s.yaml"), search, BASE)
    with pytest.raises(UserError, match="^s.yaml: params.modl.rate: params.yaml has no modl.rate$"):
        check_keys(Path("s.yaml"), read(f"{HEAD}{KEYS}phases: [p1]\nparams: {{modl.rate: 1}}"), BASE)
    with pytest.raises(UserError, match="^my search.yaml: the name has characters besides letters"):
        read_search(Path("my search.yaml"))


def fits(search: Search, file: Path, pipeline: Path, recipe: str) -> None:
    base = read_params(pipeline / "params.yaml")
    check_keys(file, search, base)
    read_pipeline(pipeline / "dvc.yaml", search.target)
    for _, values in extremes(search):
        params = trial_params(search, values, copy.deepcopy(base))
        section(params, "", load_recipe(f"tailwise.recipes.{recipe}").params())


@pytest.mark.parametrize("recipe", READY)
def test_every_ready_search_fits_its_pipeline(recipe):
    """At the ends of all ranges, by the recipe."""
    assert READY[recipe]
    for file in READY[recipe]:
        fits(read_search(file), file, file.parents[1], recipe)


def test_the_file_of_the_documentation_fits_the_fouls_pipeline(folder):
    text = (ROOT / "docs/search.md").read_text("utf8").partition("```yaml\n")[2].partition("```")[0]
    fits(read(text), Path("s.yaml"), ROOT, "fouls")
