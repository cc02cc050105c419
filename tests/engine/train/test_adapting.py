"""Losses that adapt: factors by the epoch's training recalls, in the history, saved, resumed and handed over."""

from dataclasses import replace

import pytest
import torch

from support.helpers import HEADS, Linear, make_phase, make_run, make_table, make_task, metrics_of, noisy, same
from tailwise.core.batch import Batch, Mix
from tailwise.core.files import read_csv
from tailwise.core.heads import IGNORE
from tailwise.engine.checkpoint.hand_over import read_hand_over, write_hand_over
from tailwise.engine.checkpoint.recovery import Recovery
from tailwise.engine.monitor.history import write_history
from tailwise.engine.monitor.observers import scalars
from tailwise.engine.train.loop import train_phase
from tailwise.losses.head.adaptive import AdaptiveFocal
from tailwise.losses.head.boost import ClassBoost
from tailwise.losses.head.factors import count_hits
from tailwise.losses.head.focal import Focal
from tailwise.optim.adamw import AdamW
from tailwise.optim.linear import Linear as Line
from tailwise.optim.sam import SAM
from tailwise.optim.sgd import SGD

RULE = AdaptiveFocal("adaptive_focal", smoothing=0.5, prior_samples=1.0)
BOOST = {
    head.name: ClassBoost(torch.ones(len(head.classes)), torch.full((len(head.classes),), 8.0), loss=RULE)
    for head in HEADS
}
PHASE = make_phase(epochs=3, lr=3e-2, augment=0.5)


class Stop(BaseException):
    pass


class Stops(Linear):
    """Ends the process, as it were, at one evaluation of the model."""

    def __init__(self, at: int | None = None):
        super().__init__(5, HEADS, dropout=0.2)
        self.at, self.calls = at, 0

    def forward(self, x):
        self.calls += 1
        if self.calls == self.at:
            raise Stop
        return super().forward(x)


def train(model=None, phase=PHASE, boost=BOOST, handed=None, **run):
    task = make_task(model or Stops(), make_table(20), prepare=noisy)
    return train_phase(task, phase, range(20), boost, make_run(accumulate=2, **run), handed)


def test_hits_are_of_labels_that_are_there():
    outputs = {"colour": torch.tensor([[1.0, 0, 0], [0, 1, 0], [0, 1, 0], [0, 0, 1]])}
    batch = Batch({}, {"colour": torch.tensor([0, 1, 0, IGNORE])}, torch.arange(4))
    assert count_hits(BOOST, outputs, batch)["colour"].tolist() == [[1, 1, 0], [2, 1, 0]]
    mixed = replace(batch, mix=Mix(torch.tensor([1, 0, 3, 2]), 0.75))
    assert count_hits(BOOST, outputs, mixed)["colour"].tolist() == [[0.75, 0.75, 0], [0.75 * 2 + 0.5, 1, 0]]
    assert count_hits({}, outputs, batch) == {}
    assert count_hits({"colour": replace(BOOST["colour"], loss=Focal("focal", 1.0))}, outputs, batch) == {}


def test_factors_of_an_epoch_follow_from_the_recalls_of_those_before():
    """The model does not move, and its dropout is off: training recall is what the same model finds on the samples."""
    model, table = Linear(5, HEADS), make_table(20)
    task = make_task(model, table, table)
    trained = train_phase(task, make_phase(epochs=2, lr=1e-12), range(20), BOOST, make_run())
    one, two = trained.history
    assert one.factors == {"colour": [1.0] * 3, "size": [1.0] * 2}
    for head in HEADS:
        matrix = metrics_of()[head.name].matrix(one.totals[head.name])
        recalls = RULE.follow([], matrix.diagonal().tolist(), matrix.sum(axis=1).tolist())
        assert two.factors[head.name] == pytest.approx(RULE.factors(recalls))
        assert max(two.factors[head.name]) > 1


def test_they_change_what_is_learned():
    plain = {name: replace(boost, loss=Focal("focal", RULE.gamma)) for name, boost in BOOST.items()}
    one, other = train(), train(boost=plain)
    assert one.history[0].loss == other.history[0].loss
    assert not same(one.weights, other.weights)
    assert [record.factors for record in other.history] == [{}] * 3


@pytest.mark.parametrize("optimizer", [AdamW("adamw", 0.1), SAM("sam", SGD("sgd", 0.0))], ids=["adamw", "sam"])
def test_a_run_that_ends_anywhere_resumes_as_if_uninterrupted(tmp_path, optimizer):
    phase = replace(PHASE, optimizer=optimizer)
    model = Stops()
    straight = train(model, phase)
    for at in range(1, model.calls + 1, 3):
        with pytest.raises(Stop), Recovery(tmp_path / f"run{at}") as recovery:
            train(Stops(at), phase, recovery=recovery, save_every=0)
        with Recovery(tmp_path / f"run{at}") as recovery:
            resumed = train(Stops(), phase, recovery=recovery)
        assert same(resumed.weights, straight.weights) and resumed.history == straight.history, at


def test_sam_counts_and_records_its_first_evaluation():
    """So the hits of the second one, at other weights, are not added."""
    straight = train(phase=replace(PHASE, optimizer=SAM("sam", SGD("sgd", 0.0), rho=1e-9), epochs=2))
    plain = train(phase=replace(PHASE, optimizer=SGD("sgd", 0.0), epochs=2))
    assert straight.history[1].factors == plain.history[1].factors
    assert [record.sharpness for record in plain.history] == [None, None]
    assert straight.history[0].sharpness == pytest.approx(0, abs=1e-6)


def test_sharpness_is_the_rise_to_the_worst_weights_nearby():
    """To first order rho times the gradient's norm."""
    sam = SAM("sam", SGD("sgd", 0.0), rho=1e-3)
    record = train(phase=replace(PHASE, optimizer=sam, epochs=1), boost={}).history[0]
    assert record.sharpness == pytest.approx(1e-3 * record.norm, rel=0.05)
    assert scalars(record, metrics_of(), {})["sharpness"] == record.sharpness


def test_they_are_handed_over_with_the_rest_of_the_state(tmp_path):
    phase = replace(PHASE, hand_over="last", schedule=Line("linear"))
    first = train(phase=replace(phase, epochs=2)).last
    write_hand_over(tmp_path / "state.safetensors", first)
    handed = read_hand_over(tmp_path / "state.safetensors", {}, first.optimizer)
    found = train(phase=replace(phase, epochs=1), handed=handed).history[0].factors
    assert found == train(phase=phase).history[2].factors and max(found["colour"]) > 1


def test_every_epoch_s_factors_and_sharpness_are_in_the_files(tmp_path):
    trained = train(phase=replace(PHASE, optimizer=SAM("sam", SGD("sgd", 0.0))))
    write_history(tmp_path, trained.history, metrics_of(), {})
    rows = [row for row in read_csv(tmp_path / "classes.csv") if row["class"] == "green"]
    assert [float(row["factor"]) for row in rows] == pytest.approx([r.factors["colour"][1] for r in trained.history])
    found = [float(row["sharpness"]) for row in read_csv(tmp_path / "epochs.csv")]
    assert found == pytest.approx([record.sharpness for record in trained.history], rel=1e-3)
    assert (
        scalars(trained.history[-1], metrics_of(), {})["factor/colour/green"]
        == trained.history[-1].factors["colour"][1]
    )
    write_history(tmp_path, train(boost={}).history, metrics_of(), {})
    assert "factor" not in read_csv(tmp_path / "classes.csv")[0]
    assert "sharpness" not in read_csv(tmp_path / "epochs.csv")[0]
