"""The motion stream's training: mirrored clips with swapped labels, learning, and what the stream then loads."""

import numpy as np
import pytest
import torch

from support.helpers import make_phase, make_run
from support.video.actions import AUGMENT, DECODE, HEAD, STREAMS, WINDOW, write_actions
from tailwise.core.errors import UserError
from tailwise.core.tables import read_table
from tailwise.data.video.augment.draws import BASE, draw
from tailwise.data.video.store.store import build_store
from tailwise.engine.batches.order import augment_keys
from tailwise.engine.train.loop import train_phase
from tailwise.models.frozen.efficientnet import EfficientNetLite0
from tailwise.models.frozen.i3d import I3D
from tailwise.models.frozen.streams import Streams
from tailwise.recipes.actions.clips.loss import balanced_loss, log_priors
from tailwise.recipes.actions.clips.mirror import preparation
from tailwise.recipes.actions.motion.task import Config, build

CONFIG = Config(STREAMS, AUGMENT)


@pytest.fixture(scope="module")
def splits(tmp_path_factory):
    root = tmp_path_factory.mktemp("motion")
    write_actions(root / "raw", root / "index", each=4)
    for split in ("train", "valid"):
        rows = read_table(root / "index" / f"{split}.csv", {})
        build_store(root / "raw", rows, WINDOW, root / "clips" / split, root / "cache", DECODE, 1)
    return root / "clips/train", root / "clips/valid"


def test_it_learns_what_only_the_order_of_frames_tells(splits):
    task = build(CONFIG, (HEAD,), *splits, seed=1)
    phase = make_phase(epochs=25, lr=1e-2, clip=1.0, augment=0.3)
    trained = train_phase(task, phase, range(12), {}, make_run(batch_size=6))
    best = trained.history[trained.best - 1]
    assert task.metrics["action"].value(np.array(best.totals["action"]))["macro_recall"] > 0.8


def test_a_mirrored_clip_has_the_label_of_its_mirror_image(splits):
    task, keys = build(CONFIG, (HEAD,), *splits, seed=1), augment_keys(1, "motion", 0, np.arange(12))
    batch = task.train.collate([task.train[i] for i in range(12)])
    found = preparation(AUGMENT, (HEAD,))(batch, 1.0, keys)
    mirrored = draw(keys, 1, 8, AUGMENT)[BASE][:, 0, 0] < 0.5
    assert 0 < mirrored.sum() < 12
    for before, after, flip in zip(batch.targets["action"].tolist(), found.targets["action"].tolist(), mirrored):
        assert after == ([1, 0, 2][before] if flip else before)
    assert found.inputs["clips"].shape == batch.inputs["clips"].shape


def test_without_strength_nothing_changes(splits):
    task = build(CONFIG, (HEAD,), *splits, seed=1)
    batch = task.train.collate([task.train[i] for i in range(3)])
    found = task.prepare(batch, 0.0, augment_keys(1, "motion", 0, np.arange(3)))
    assert torch.equal(found.inputs["clips"], batch.inputs["clips"])
    assert torch.equal(found.targets["action"], batch.targets["action"])


def test_a_pretrained_stream_is_not_trained_here(splits):
    pretrained = Streams(EfficientNetLite0("efficientnet_lite0"), I3D("", "", "i3d", "mmaction2"))
    with pytest.raises(UserError, match="kind: i3d.*motion.stages"):
        build(Config(pretrained, AUGMENT), (HEAD,), *splits, seed=1)


def test_training_corrects_for_the_shares_of_classes_and_evaluation_does_not(splits):
    task = build(CONFIG, (HEAD,), *splits, seed=1)
    batch = task.train.collate([task.train[i] for i in (0, 4, 8)])
    logits = {"action": torch.randn(3, 3)}
    priors = {"action": torch.tensor([0.7, 0.2, 0.1]).log()}
    loss = balanced_loss(priors)
    plain = torch.nn.functional.cross_entropy(logits["action"], batch.targets["action"], reduction="sum")
    torch.testing.assert_close(loss(logits, batch, None)["action"], plain)
    wanted = -(logits["action"] + priors["action"]).log_softmax(1)[range(3), batch.targets["action"]].sum()
    torch.testing.assert_close(loss(logits, batch, {})["action"], wanted)
    even = log_priors((HEAD,), None)["action"]
    assert even.tolist() == pytest.approx([np.log(1 / 3)] * 3)
