"""A preset changes the values it names, and nothing else of params.yaml."""

from pathlib import Path

import pytest

from tailwise.cli.preset import apply, main, rewrite, upgrade
from tailwise.core.errors import UserError
from tailwise.core.params.config import read_params, section
from tailwise.core.params.effective import effective
from tailwise.recipes.fouls.params import Params

ROOT = Path(__file__).parents[2]
PARAMS = """\
# Every knob.
phase1:            # the first
  lr: 2e-3         # rate
  samples: {kind: balanced, max_ratio: 8}
  text: 'yes'
seed: 1
"""


@pytest.fixture
def preset(folder):
    """Writes a preset and applies it; returns params.yaml as text."""
    (folder / "presets").mkdir()
    (folder / "params.yaml").write_text(PARAMS)

    def run(text: str) -> str:
        (folder / "presets" / "small.yaml").write_text(text)
        main("small")
        return (folder / "params.yaml").read_text()

    return run


def test_comments_order_and_other_values_stay(preset, capsys):
    assert preset("phase1: {lr: 0.5}\n") == PARAMS.replace("2e-3 ", "0.5  ")
    assert capsys.readouterr().out == "phase1.lr: 0.002 -> 0.5\n"


def test_applied_twice_it_changes_nothing_more(preset, capsys):
    once = preset("seed: 2\n")
    capsys.readouterr()
    assert preset("seed: 2\n") == once
    assert "has these values already" in capsys.readouterr().out


def test_another_kind_replaces_the_whole_choice(preset):
    preset("phase1: {samples: {kind: all}}\n")
    assert read_params()["phase1"]["samples"] == {"kind": "all"}


def test_a_table_of_targets_is_replaced_as_a_whole():
    params = {"above": {"a.f1_1": 0.8, "a.f1": 0.7}, "lr": 1}
    assert len(apply(params, {"above": {"a.f1_3s": 0.4}})) == 1
    assert params == {"above": {"a.f1_3s": 0.4}, "lr": 1}


@pytest.mark.parametrize("text", ["phase1: {rate: 1}\n", "phase9: {lr: 1}\n"])
def test_an_unknown_key_is_refused_and_nothing_is_written(preset, folder, text):
    with pytest.raises(UserError, match=r"the preset sets phase\d\.?\w*, which params.yaml does not have"):
        preset(text)
    assert (folder / "params.yaml").read_text() == PARAMS


def test_an_unknown_preset_is_refused_with_the_known_ones(preset):
    preset("seed: 2\n")
    with pytest.raises(UserError, match="no preset smal; there are: small"):
        main("smal")


def test_parameters_that_cannot_be_read_are_refused_before_ruamel_reads_them(preset, folder):
    bomb = "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 30))
    (folder / "params.yaml").write_text(f"a0: &a0 [x]\n{bomb}")
    with pytest.raises(UserError, match="params.yaml: more than 100000 values"):
        preset("a0: [y]\n")


@pytest.mark.parametrize("path", sorted((ROOT / "presets").glob("*.yaml")), ids=lambda path: path.stem)
def test_every_preset_of_the_repository_gives_valid_params(path):
    params = read_params(ROOT / "params.yaml")
    assert apply(params, read_params(path))
    section(params, "", Params)


def test_the_params_of_the_repository_are_valid():
    assert section(read_params(ROOT / "params.yaml"), "", Params).phase1.max_weight == 50


def test_a_saved_configuration_is_loaded_back_as_params(folder, capsys):
    ours = (ROOT / "params.yaml").read_text(encoding="utf8")
    params = section(read_params(ROOT / "params.yaml"), "", Params)
    (folder / "reports").mkdir()
    (folder / "reports/config.yaml").write_text(effective(params))
    (folder / "params.yaml").write_text(ours)
    main("reports/config.yaml")
    assert "has these values already" in capsys.readouterr().out
    other = ours.replace("stride: 5", "stride: 3").replace(
        "samples: {kind: all}  ", "samples: {kind: balanced, max_ratio: 8}  "
    )
    assert other.count("samples: {kind: all}") == ours.count("samples: {kind: all}") - 1
    (folder / "params.yaml").write_text(other)
    main("reports/config.yaml")
    assert section(read_params(), "", Params) == params
    assert "window.stride: 3 -> 5" in capsys.readouterr().out


OLD = """\
phase1:
  boost: {kind: inverse}
  acts: logits               # as margins in the logits
  samples: {kind: all}
phase2: {acts: loss, max_weight: 2}  # in a line
steps:
  - {acts: loss}
"""
NEW = OLD.replace("acts: logits ", "apply_as: margin ").replace("acts: loss", "apply_as: weight")


def test_the_last_versions_names_are_upgraded_where_they_stand(folder, capsys):
    (folder / "params.yaml").write_text(OLD)
    rewrite(upgrade)
    text = (folder / "params.yaml").read_text()
    assert read_params() == {
        "phase1": {"boost": {"kind": "inverse"}, "apply_as": "margin", "samples": {"kind": "all"}},
        "phase2": {"apply_as": "weight", "max_weight": 2},
        "steps": [{"apply_as": "weight"}],
    }
    assert [line.split() for line in text.splitlines()] == [line.split() for line in NEW.splitlines()]
    assert capsys.readouterr().out.splitlines() == [
        "phase1.acts: logits -> apply_as: margin",
        "phase2.acts: loss -> apply_as: weight",
        "steps[0].acts: loss -> apply_as: weight",
    ]
    rewrite(upgrade)
    assert (folder / "params.yaml").read_text() == text
    assert capsys.readouterr().out == "params.yaml has these values already\n"


def test_the_last_versions_names_are_read_with_a_warning(folder, capsys):
    (folder / "params.yaml").write_text(OLD)
    assert read_params()["phase2"] == {"apply_as": "weight", "max_weight": 2}
    warning = capsys.readouterr().err.splitlines()[0]
    assert warning.startswith("WARNING: params.yaml: of an earlier version: phase1.acts: logits -> apply_as: margin;")
    assert warning.endswith("`python3 -m tailwise preset --upgrade` rewrites params.yaml")


def test_the_config_of_a_run_of_the_last_version_is_a_preset_still(folder):
    (folder / "params.yaml").write_text("phase1: {apply_as: weight}\n")
    (folder / "config.yaml").write_text("phase1: {acts: logits}\n")
    main("config.yaml")
    assert read_params() == {"phase1": {"apply_as": "margin"}}


def test_a_section_that_an_alias_repeats_is_upgraded_once():
    shared = {"acts": "loss"}
    assert upgrade({"a": shared, "b": shared}) and shared == {"apply_as": "weight"}
