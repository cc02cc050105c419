"""Time and memory of stages, kept by what they ran on."""

from pathlib import Path

import pytest

from support.compare.made import revision
from tailwise.compare.rows import make_rows
from tailwise.compare.sweeps.costs import FOLDER, MEMORY, SECONDS, Watch, read_costs
from tailwise.core.files import write_json

STAGES = frozenset({"train1", "train2"})


@pytest.fixture
def clock(monkeypatch):
    """Each look at it is a second later."""
    ticks = iter(range(100))
    monkeypatch.setattr("tailwise.compare.sweeps.costs.time.monotonic", lambda: float(next(ticks)))


def watch(*lines: str) -> Watch:
    made = Watch()
    for line in lines:
        made.see(line)
    made.end()
    return made


def test_a_stage_lasts_until_the_next_one_begins(clock):
    found = watch(
        "Running stage 'a':", "loss 0.5", "Running stage 'pipelines/x/dvc.yaml:b':", "done", "Stage 'c' is cached"
    )
    assert found.seconds == {"a": 1.0, "b": 1.0} and not found.resumed


def test_a_stage_that_went_on_from_a_killed_run_is_known():
    assert watch("Running stage 'a':", "epoch 3: resumed", "Running stage 'b':").resumed == {"a"}


def log(identity: str, seconds: float, peak_mb: float) -> None:
    write_json(FOLDER / f"{identity}.json", {"stage": "train", "seconds": seconds, "peak_mb": peak_mb})


def test_a_row_costs_what_its_stages_did_wherever_they_ran(folder):
    log("shared", 10, 300)
    log("own1", 5, 400)
    log("own2", 7, 200)
    seeds = [
        revision("a", 1, stages={"train1": "shared", "train2": "own1", "evaluate": "e"}),
        revision("b", 2, stages={"train1": "shared", "train2": "own2"}),
        revision("c", 3, stages={"train1": "shared", "train2": "unknown"}),
    ]
    assert read_costs(Path("."), make_rows(seeds), STAGES) == [{SECONDS: 16.0, MEMORY: 350.0}]


def test_a_row_without_logs_has_no_cost(folder):
    assert read_costs(Path("."), make_rows([revision("a", stages={"train1": "unknown"})]), STAGES) == [{}]
    assert read_costs(Path("."), make_rows([revision("a")]), STAGES) == [{}]
