"""Baselines that are trained from pixels, on the clip store."""

import json

import pytest

from support.helpers import make_phase, make_run
from support.video.actions import AUGMENT, DECODE, HEAD, WINDOW, write_actions
from tailwise.core.errors import UserError
from tailwise.core.tables import read_table
from tailwise.data.video.store.store import build_store
from tailwise.engine.contract.metric import figures_of
from tailwise.engine.train.loop import train_phase
from tailwise.models.action.cast import Cast
from tailwise.models.action.timesformer import TimeSformer
from tailwise.recipes.actions.baseline.task import BaselineStage, Config, build

PHASE = make_phase(epochs=12, lr=1e-2, clip=1.0, augment=0.0)
NETS = [
    TimeSformer("timesformer", width=32, depth=2, heads=4, patch=8),
    Cast("cast", width=32, depth=2, heads=4, patch=8),
]


@pytest.fixture(scope="module")
def splits(tmp_path_factory):
    root = tmp_path_factory.mktemp("baseline")
    write_actions(root / "raw", root / "index", each=3)
    for split in ("train", "valid"):
        rows = read_table(root / "index" / f"{split}.csv", {})
        build_store(root / "raw", rows, WINDOW, root / "clips" / split, root / "cache", DECODE, 1)
    return root / "clips/train", root / "clips/valid"


def config(net) -> Config:
    return Config(BaselineStage(("baseline",), net, PHASE), AUGMENT)


@pytest.mark.parametrize("net", NETS, ids=lambda net: net.kind)
def test_it_learns_and_has_the_figures_of_the_pipeline(net, splits):
    task = build(config(net), (HEAD,), *splits, seed=1)
    trained = train_phase(task, PHASE, range(9), {}, make_run(batch_size=3))
    first, last = (figures_of(task.metrics, trained.history[epoch].totals) for epoch in (0, -1))
    assert last.keys() == {"action", "top", "confidence"}
    assert trained.history[-1].loss < 0.8 * trained.history[0].loss
    assert last["action"]["loss"] < first["action"]["loss"] + 1
    assert json.loads(json.dumps(task.spec))["net"]["kind"] == net.kind


def test_patches_that_do_not_fill_the_frames_are_refused(splits):
    with pytest.raises(UserError, match="baseline.model: timesformer needs sides.*see window"):
        build(config(TimeSformer("timesformer", width=32, heads=4, patch=14)), (HEAD,), *splits, seed=1)
