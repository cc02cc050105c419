"""Training with auxiliary heads, learned weights, dropped fouls and metadata, on a tiny clip store."""

import os
import subprocess
import sys
from dataclasses import replace
from itertools import count
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from support.helpers import make_phase, make_run, same
from support.training import annotated
from support.video.stores import HEADS, write_store
from tailwise.core.batch import Batch
from tailwise.core.errors import UserError
from tailwise.core.files import read_csv, write_csv
from tailwise.core.heads import IGNORE
from tailwise.data.video.augment.ranges import Augment
from tailwise.engine.checkpoint.recovery import Recovery
from tailwise.engine.checkpoint.weights import load_into, write_weights
from tailwise.engine.contract.strength import ClassStrength
from tailwise.engine.evaluate.evaluation import evaluate
from tailwise.engine.train.loop import PhaseResult, train_phase
from tailwise.losses.uncertainty import log_variance_output
from tailwise.models.video.multiview import view_output
from tailwise.models.video.tiny import Tiny
from tailwise.models.video.variants import Simplified
from tailwise.optim.sgd import SGD
from tailwise.recipes.fouls.annotated.model import FoulModel, as_plain
from tailwise.recipes.fouls.loss import PER_VIEW, foul_loss
from tailwise.recipes.fouls.task import Config, build, from_specification

PLAIN = FoulModel(Simplified(0.0, "simplified"), Tiny("tiny", width=8))
CONTACT = replace(PLAIN, auxiliary=("contact",))
KNOWN = replace(PLAIN, metadata=("replay", "speed", "camera"))


@pytest.fixture
def store(tmp_path):
    """12 samples: 3 with a contact label, of which the last was dropped and has an action; and their cameras."""
    write_store(tmp_path)
    rows = list(read_csv(tmp_path / "manifest.csv"))
    for row in rows:
        number, empty = int(row["sample"].partition("/")[2]), dict.fromkeys(("dropped_action", "dropped_severity"), "")
        row |= {"contact": {0: "With contact", 1: "Without contact", 11: "With contact"}.get(number, ""), **empty}
        row |= {"touch_ball": "", "camera": "Public", "replay_speed": str(1.0 + int(row["view"]))}
        if number == 11:
            row |= {"action": "", "severity": "", "dropped_action": "Dive"}
    write_csv(tmp_path / "manifest.csv", list(rows[0]), [list(row.values()) for row in rows])
    return tmp_path


def task_of(model, store):
    return build(Config(model, Augment(0.0, 0.0, 0.0, 0)), HEADS, store, store, seed=1)


def whole(split):
    return split.collate([split[i] for i in range(len(split))])


def test_labels_that_are_missing_are_masked_and_validation_has_the_official_ones_alone(store):
    task = task_of(CONTACT, store)
    targets = whole(task.train).targets
    assert targets["contact"].tolist() == [0, 1, *[IGNORE] * 9, 0]
    assert (targets["action"][11], targets["severity"][11]) == (1, IGNORE)
    valid = whole(task.valid).targets
    assert valid.keys() == {"action", "severity"} and valid["action"][11] == valid["severity"][11] == IGNORE
    assert torch.equal(valid["action"][:11], targets["action"][:11])


def test_the_masked_loss_of_a_head_by_hand():
    """Logits of the first class three times as likely: log(4 / 3), log(4) and nothing; only official heads per view."""
    sure = [[np.log(3.0), 0.0]] * 3
    outputs = {name: torch.tensor(sure) for name in ("action", "contact", view_output("action"))}
    targets = {"action": torch.tensor([IGNORE, 0, 0]), "contact": torch.tensor([0, 1, IGNORE])}
    batch = Batch({"mask": torch.ones(3, 1, dtype=torch.bool)}, targets, torch.arange(3))
    sums = foul_loss(outputs, batch, None)
    assert sums["contact"].item() == pytest.approx(np.log(4 / 3) + np.log(4)) and batch.count("contact") == 2
    assert sums["action"].item() == sums[PER_VIEW].item() == pytest.approx(2 * np.log(4 / 3))
    weighed = foul_loss({**outputs, log_variance_output("contact"): torch.tensor(1.0)}, batch, None)
    assert weighed["contact"].item() == pytest.approx(sums["contact"].item() / np.e + 2 * 0.5)


def test_a_dropped_foul_trains_the_heads_alone_that_it_has_a_label_of(store):
    """A step on it alone: the last layers of action and contact move, that of severity does not."""
    task = task_of(CONTACT, store)
    start = {name: tensor.clone() for name, tensor in task.model.state_dict().items()}
    found = train_phase(task, make_phase(lr=1e-2, loss_weights={"contact": 0.1}), [11], {}, make_run(1)).weights
    moved = [not torch.equal(found[f"fusion.heads.{i}.bias"], start[f"fusion.heads.{i}.bias"]) for i in range(3)]
    assert moved == [True, False, True]


def test_an_auxiliary_head_counts_only_in_a_phase_that_names_it(store):
    task, start = task_of(CONTACT, store), task_of(PLAIN, store)
    samples = range(11)
    plain = train_phase(start, make_phase(epochs=2), samples, {}, make_run(4))
    unnamed = train_phase(task, make_phase(epochs=2), samples, {}, make_run(4))
    assert all(torch.equal(unnamed.weights[name], tensor) for name, tensor in plain.weights.items())
    assert unnamed.history == plain.history  # no figure has the auxiliary head
    phase = make_phase(epochs=2, loss_weights={"contact": 0.1})
    named = train_phase(task_of(CONTACT, store), phase, samples, {}, make_run(4))
    assert not torch.equal(named.weights["backbone.patches.weight"], plain.weights["backbone.patches.weight"])
    assert named.history[0].totals.keys() == plain.history[0].totals.keys()


def test_the_learned_weight_moves_by_its_gradient(store):
    """Plain gradient descent, one step: s = 0 - lr * (1 / 2 - L), with L the mean over the three labels."""
    task = task_of(replace(CONTACT, learned_weights=("contact",)), store)
    with torch.no_grad():
        loss = foul_loss(task.model.train()(**prepared(task).inputs), whole(task.train), None)["contact"].item() / 3
    phase = make_phase(epochs=1, lr=0.1, optimizer=SGD("sgd", 0.0), loss_weights={"contact": 1.0})
    trained = train_phase(task, phase, range(12), {}, make_run(12))
    rate = trained.history[0].lr
    assert trained.weights["log_variances.contact"].item() == pytest.approx(-rate * (0.5 - loss), rel=1e-4)


def prepared(task):
    return task.prepare(whole(task.train), 0.0, np.zeros((12, 4), np.int64))


def test_an_interrupted_run_with_all_of_it_resumes_to_the_byte(store, tmp_path):
    straight = train_phase(annotated.task_of(store), annotated.PHASE, range(12), {}, make_run(8))

    def run(stop: int | None) -> PhaseResult:
        task, steps = annotated.task_of(store), count()

        def loss(outputs, batch, boost):
            if torch.is_grad_enabled() and next(steps) == stop:
                raise KeyboardInterrupt
            return foul_loss(outputs, batch, boost)

        with Recovery(tmp_path / "run") as recovery:
            recovered = make_run(8, recovery=recovery, save_every=0.0)
            return train_phase(replace(task, loss=loss), annotated.PHASE, range(12), {}, recovered)

    with pytest.raises(KeyboardInterrupt):
        run(stop=3)  # in the second epoch
    resumed = run(stop=None)
    assert same(resumed.weights, straight.weights) and resumed.history == straight.history


@pytest.mark.slow
def test_two_processes_train_all_of_it_as_one_does(store, tmp_path):
    script = Path(annotated.__file__)
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    for processes in (1, 2):
        words = [sys.executable, str(script), str(store), str(tmp_path / f"{processes}"), str(processes)]
        subprocess.run(words, env=env, check=True, timeout=120)
    alone, together = (load_file(tmp_path / name) for name in ("1", "2"))
    start = annotated.task_of(store).model.state_dict()
    torch.testing.assert_close(together, alone, rtol=1e-3, atol=1e-5)
    moved = [name for name in alone if name.startswith(("log_variances", "metadata")) and alone[name].any()]
    assert len(moved) == 5 and not torch.equal(alone["fusion.heads.2.bias"], start["fusion.heads.2.bias"])


def test_strength_by_class_follows_the_official_heads(store):
    phase = make_phase(loss_weights={"contact": 0.1}, augment=1.0, augment_by_class=ClassStrength(rarity=0.5))
    assert train_phase(task_of(CONTACT, store), phase, range(12), {}, make_run(4)).best == 1


def test_metadata_is_read_for_every_view_and_padded(store):
    task = task_of(KNOWN, store)
    batch = whole(task.train)
    assert batch.inputs["metadata"].shape == (12, 3, 3)
    assert batch.inputs["metadata"][2].tolist() == [[1, 1, 12], [2, 3, 12], [2, 4, 12]]
    assert batch.inputs["metadata"][0].tolist() == [[1, 1, 12], [0, 0, 0], [0, 0, 0]]
    assert task.train.collate([task.train[0]]).inputs["metadata"].tolist() == [[[1, 1, 12]]]
    assert torch.equal(whole(task.valid).inputs["metadata"], batch.inputs["metadata"])
    assert prepared(task).inputs["metadata"] is not None


def test_training_moves_the_embeddings_that_views_have(store):
    trained = train_phase(task_of(KNOWN, store), make_phase(), range(12), {}, make_run(4)).weights
    assert trained["metadata.of.replay.weight"].any(dim=1).tolist() == [False, True, True]
    assert trained["metadata.of.camera.weight"].any(dim=1).nonzero().flatten().tolist() == [12]


@pytest.mark.parametrize("model", [CONTACT, KNOWN, replace(CONTACT, learned_weights=("contact", "action"))], ids=str)
def test_the_weights_file_has_all_that_evaluation_needs(store, tmp_path, model):
    task = task_of(model, store)
    write_weights(tmp_path / "w", task.model.state_dict(), task.spec, task.spec)
    loaded, read = from_specification(task.spec)
    load_into(loaded, task.spec, tmp_path / "w")
    assert same(loaded.state_dict(), task.model.state_dict()) and read.model == model
    assert [head.name for head in read.heads] == ["action", "severity"]
    assert list(evaluate(task, make_run()).figures) == ["balanced_accuracy", "action", "severity"]
    with pytest.raises(UserError, match="weights of another model"):
        load_into(task_of(PLAIN, store).model, task_of(PLAIN, store).spec, tmp_path / "w")


def test_the_default_leaves_the_specification_and_the_batch_as_they_were(store):
    assert as_plain(PLAIN).keys() == {"variant", "backbone"}
    assert as_plain(PLAIN)["backbone"].keys() == {"kind", "width", "motion", "residual", "norm"}
    task = task_of(PLAIN, store)
    assert task.spec["model"].keys() == {"variant", "backbone"} and task.auxiliary == (PER_VIEW,)
    batch = whole(task.valid)
    assert batch.inputs.keys() == {"clips", "mask"} and batch.targets.keys() == {"action", "severity"}


@pytest.mark.parametrize(
    ("model", "said"),
    [
        (
            replace(PLAIN, auxiliary=("touch_ball",)),
            "model.auxiliary: no sample of .* has a label touch_ball: leave it",
        ),
        (replace(PLAIN, auxiliary=("try_to_play",)), "manifest.csv: column try_to_play: 'try_to_play'"),
    ],
    ids=str,
)
def test_an_auxiliary_head_without_labels_is_refused(store, model, said):
    with pytest.raises(UserError, match=said):
        task_of(model, store)


def test_metadata_that_the_manifest_lacks_is_refused(tmp_path):
    with pytest.raises(UserError, match="manifest.csv: column 'replay_speed'"):
        task_of(KNOWN, write_store(tmp_path))
