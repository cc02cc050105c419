"""`tailwise estimate`: what a phase costs follows from the steps and validations that it will make."""

from pathlib import Path

import pytest

from support.helpers import make_phase, make_run, make_table, make_task
from tailwise.cli import estimate
from tailwise.cli.estimate import cost, training_commands
from tailwise.cli.main import main
from tailwise.core.params.config import read_params
from tailwise.engine.contract.run import Stability
from tailwise.engine.train.setup import Balance, Setup

ROOT = Path(__file__).parents[2]


def setup_of(samples, epochs: int, train=None) -> Setup:
    run, task = make_run(batch_size=8), make_task(train=train)
    balance = Balance(samples, {}, {})
    return Setup(make_phase(epochs), run.training, Stability(), run.device, task, {}, balance, None, None, ())


def test_the_time_of_a_step_is_told_apart_from_that_of_validation(monkeypatch):
    """A step takes 0.1 s and validation 3 s; the last step of an epoch has 4 samples."""
    monkeypatch.setattr(estimate, "timed", lambda setup, run, samples: 3 + 0.1 * -(-len(samples) // 8))
    found = cost(setup_of(list(range(300)), 5), make_run(batch_size=8))
    assert (found.steps, found.samples, found.epochs) == (5 * 38, 300, 5)
    assert (found.step_s, found.validation_s) == (pytest.approx(0.1), pytest.approx(3))
    assert found.seconds == pytest.approx(5 * 38 * 0.1 + 5 * 3)
    assert estimate.line(found) == (
        "phase1: 34 s: 190 steps of 0.100 s, 5 epochs of 300 samples at most, validation 3.00 s each"
    )


def test_a_curriculum_counts_the_samples_of_each_epoch(monkeypatch):
    monkeypatch.setattr(estimate, "timed", lambda setup, run, samples: 1.0)
    found = cost(setup_of(lambda epoch: list(range(8 * (epoch + 1))), 3), make_run(batch_size=8))
    assert (found.steps, found.samples) == (1 + 2 + 3, 24)


def test_real_steps_are_timed():
    found = cost(setup_of(list(range(200)), 2, make_table(200)), make_run(batch_size=8))
    assert found.seconds > 0 and found.steps == 50


@pytest.mark.parametrize("folder", [ROOT, *sorted((ROOT / "pipelines").glob("[!s]*")), ROOT / "pipelines/sections"])
def test_every_pipeline_has_phases_whose_commands_are_read(folder):
    found = list(training_commands(folder / "dvc.yaml", read_params(folder / "params.yaml")))
    assert len(found) >= 3
    for recipe, _, paths in found:
        assert recipe.split(".")[-1].isidentifier() and {"train", "valid"} <= paths.keys()
        assert not any("$" in str(path) for path in paths.values())


def test_data_that_are_not_prepared_are_told_in_one_line(folder, monkeypatch, capsys):
    for name in ("dvc.yaml", "params.yaml"):
        Path(name).write_text((ROOT / name).read_text("utf8"))
    monkeypatch.setattr(estimate, "check_folder", lambda folder: None)
    assert main(["estimate"]) == 1
    assert capsys.readouterr().err == (
        "tailwise: data/clips/train: is not there: prepare the data first, with `dvc repro compute_weights`\n"
    )
