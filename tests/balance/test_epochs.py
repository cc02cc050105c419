"""The epochs of a phase with a curriculum: planned, held to the guard's limit, described."""

import runpy
import sys
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import pytest

from tailwise.balance.counts import count_classes
from tailwise.balance.curriculum import Curriculum
from tailwise.balance.epochs import check_curriculum, curricula, plan_curriculum
from tailwise.balance.files import Rebalancing
from tailwise.balance.guard import Balance
from tailwise.balance.labels import Labels
from tailwise.core.errors import UserError
from tailwise.core.files import write_json

NAMES = [f"train/{i}" for i in range(8)]
LABELS = Labels(NAMES, {"action": list("AAAABBBB")})
COUNTS = count_classes(LABELS.classes, {"action": "AB"})
HARD = dict(zip(NAMES, [0.1, 0.2, 0.3, 0.4, 0.6, 0.7, 0.8, 0.9]))
HOW = Curriculum("linear", 0.5, 3, 0.25)
BOOST = {"action": {"A": 1.0, "B": 2.0}}
PHASE = Rebalancing("margin", BOOST, NAMES)


def test_epochs_are_planned_by_name():
    schedule = plan_curriculum("phase2", HOW, HARD, PHASE, LABELS)
    assert schedule == {1: NAMES[:3] + [NAMES[4]], 2: NAMES[:6], 3: NAMES}


def test_the_draws_of_every_epoch_are_described():
    """In epoch 1 3 of 4 A are drawn, and 1 of 4 B, whose margin doubles it: 0.75 against 0.5."""
    schedule = plan_curriculum("phase2", HOW, HARD, PHASE, LABELS)
    lines = check_curriculum("phase2", schedule, PHASE, COUNTS, LABELS, Balance(3.0, max_margin_ratio=2.0))
    assert lines == [
        "from epoch 1 on, phase2: 4 draws of 4 of 8 samples an epoch",
        "  action, largest effective ratio between two classes 1.5:",
        "    A                        3 drawn, 0.75 draws x 1.00 weight x 1.00 margin = 0.75",
        "    B                        1 drawn, 0.25 draws x 1.00 weight x 2.00 margin = 0.50",
        "from epoch 2 on, phase2: 6 draws of 6 of 8 samples an epoch",
        "from epoch 3 on, phase2: 8 draws of 8 of 8 samples an epoch",
    ]


def test_a_first_epoch_that_alone_is_too_uneven_is_refused():
    even = Rebalancing("margin", {"action": {"A": 1.0, "B": 1.0}}, NAMES)
    schedule = plan_curriculum("phase2", HOW, HARD, even, LABELS)
    assert check_curriculum("phase2", schedule, even, COUNTS, LABELS, Balance(3.0))
    with pytest.raises(
        UserError, match="^epoch 1 .* draws x weight of A would be 3.0 .* or raise phase2.curriculum.min_share"
    ):
        check_curriculum("phase2", schedule, even, COUNTS, LABELS, Balance(2.9))


def test_a_curriculum_that_admits_all_at_once_is_refused():
    labels = Labels(NAMES, {"action": list("ABCDEFGH")})
    with pytest.raises(UserError, match="phase2.curriculum has no effect: start and min_share admit all samples"):
        plan_curriculum("phase2", HOW, HARD, PHASE, labels)


def test_a_sample_that_was_not_measured_is_refused():
    with pytest.raises(UserError, match="difficulty of train/0 is not known: run the stage measure_difficulty again"):
        plan_curriculum("phase2", HOW, {}, PHASE, LABELS)


@dataclass(frozen=True)
class Section:
    curriculum: Curriculum | None = None


@dataclass(frozen=True)
class Params:
    model: int
    phase1: Section
    phase2: Section


def test_a_curriculum_that_training_would_not_read_is_refused():
    dvc_yaml = "train.py phase2 --curriculum data/epochs/phase2.csv"
    assert curricula(Params(1, Section(), Section(HOW)), dvc_yaml) == {"phase1": None, "phase2": HOW}
    assert curricula(Params(1, Section(), Section()), "") == {"phase1": None, "phase2": None}
    with pytest.raises(UserError, match="phase1.curriculum has no effect: no stage .* plans data/epochs/phase1.csv"):
        curricula(Params(1, Section(HOW), Section(HOW)), dvc_yaml)


SONGS = Labels(["long", "short", "middle", "shortest"], {"section": [["a"] * 9, ["a"] * 3, ["a"] * 5, ["a"]]})
ALL_SONGS = Rebalancing("margin", {"section": {"a": 1.0}}, SONGS.samples)


def test_by_length_the_shortest_come_first_whatever_their_difficulty():
    hard = {"long": 0.1, "short": 0.9, "middle": 0.2, "shortest": 0.8}
    by_length = plan_curriculum("phase2", replace(HOW, by="length"), {}, ALL_SONGS, SONGS)
    assert by_length == {1: ["short", "shortest"], 2: ["short", "middle", "shortest"], 3: list(SONGS.samples)}
    assert plan_curriculum("phase2", HOW, hard, ALL_SONGS, SONGS)[1] == ["long", "middle"]


def test_samples_without_a_length_have_no_curriculum_by_length():
    with pytest.raises(UserError, match="phase2.curriculum.by length has no effect: samples have one label"):
        plan_curriculum("phase2", replace(HOW, by="length"), HARD, PHASE, LABELS)


def test_nothing_is_measured_for_a_curriculum_by_length(monkeypatch, tmp_path, capsys):
    """Neither the recipe nor the weights are read."""
    monkeypatch.chdir(tmp_path)
    for name, asked in (("phase1", None), ("phase2", asdict(replace(HOW, by="length")))):
        write_json(tmp_path / f"curricula/{name}.json", asked)
    monkeypatch.setattr(sys, "argv", ["measure", "no.recipe", "no-weights", "no-split", "--curricula", "curricula"])
    runpy.run_path(str(Path(__file__).parents[2] / "stages/measure_difficulty.py"), run_name="__main__")
    assert capsys.readouterr().out == "no phase has a curriculum by difficulty: nothing is measured\n"
    assert (tmp_path / "data/difficulty/train.csv").read_text() == "sample,difficulty\n"
