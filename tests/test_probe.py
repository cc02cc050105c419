"""The probe of the demo: what it removes from a foul, and what it keeps."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
import torch

from tailwise.core.batch import Batch
from tailwise.losses.head.boost import ClassBoost
from tailwise.recipes.fouls.demo.scene.plan import CAMERAS, Foul, View
from tailwise.recipes.fouls.demo.scene.poses import draw_manner, foul_poses


def load(name: str):
    """A module of bench/, which is no package."""
    spec = importlib.util.spec_from_file_location(name, Path(__file__).parents[1] / "bench" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


features, nets = load("features"), load("nets")
FRAMES = np.arange(8 * 2 * 2 * 3, dtype=np.uint8).reshape(8, 2, 2, 3)


def test_contact_alone_repeats_the_middle_frame():
    assert (nets.contact_alone(FRAMES, (0, 0)) == FRAMES[4]).all()
    assert nets.contact_alone(FRAMES, (0, 0)).shape == FRAMES.shape


def test_shuffle_keeps_each_frame_and_depends_on_the_key_alone():
    orders = [nets.shuffle(FRAMES, (n, 0))[:, 0, 0, 0].tolist() for n in range(20)]
    assert all(sorted(order) == FRAMES[:, 0, 0, 0].tolist() for order in orders)
    assert orders == [nets.shuffle(FRAMES, (n, 0))[:, 0, 0, 0].tolist() for n in range(20)]
    assert len(set(map(tuple, orders))) == 20


def test_views_are_shuffled_each_by_its_own_key():
    clips = torch.from_numpy(FRAMES).expand(2, 3, *FRAMES.shape)
    mask = torch.tensor([[True, True, False], [True, True, True]])
    batch = Batch({"clips": clips, "mask": mask}, {}, torch.arange(2))
    keys = np.array([[1, 2, 3, 0], [1, 2, 3, 1]])
    shuffled = nets.shuffle_views(batch, keys).inputs["clips"]
    orders = shuffled[:, :, :, 0, 0, 0]
    assert orders[0, 2].tolist() == FRAMES[:, 0, 0, 0].tolist()
    assert len({tuple(order.tolist()) for order in orders[mask]}) == 5
    assert not torch.equal(nets.shuffle_views(batch, keys + (0, 0, 1, 0)).inputs["clips"], shuffled)
    assert torch.equal(clips[0, 0], torch.from_numpy(FRAMES))


def test_balanced_softmax_is_plain_for_even_classes_and_lifts_rare_ones():
    logits, targets = torch.tensor([[1.0, 0.0, -1.0]]), torch.tensor([2])
    batch = Batch({}, {"head": targets}, torch.arange(1))
    boosts = [ClassBoost(torch.ones(3), torch.tensor(counts)) for counts in ([5.0, 5.0, 5.0], [8.0, 1.0, 1.0])]
    even, skewed = (nets.balanced_softmax({"head": logits}, batch, {"head": boost})["head"] for boost in boosts)
    assert even.item() == pytest.approx(torch.nn.functional.cross_entropy(logits, targets).item())
    assert skewed.item() == pytest.approx(-np.log(np.exp(-1) / (8 * np.e + 1 + np.exp(-1))), rel=1e-5)


def test_field_features_have_one_length_and_know_no_label():
    views = tuple(View(camera, 1.5, 60_000 + 10 * n) for n, camera in enumerate(CAMERAS[:4]))
    fouls = [Foul("Train", 3, 1, action, 0, views[:count]) for action, count in ((0, 2), (7, 2), (0, 4))]
    first, second, more = (features.field_features(foul) for foul in fouls)
    assert first.tolist() == second.tolist() and first.shape == more.shape and first.tolist() != more.tolist()


def test_colour_features_are_means_over_views():
    views = [np.full((2, 4, 4, 3), 10, np.uint8), np.full((2, 4, 4, 3), (30, 10, 10), np.uint8)]
    assert features.colour_features(views).tolist() == [20, 10, 10, 0, 0, 0]


def test_pose_features_depend_on_no_heading_and_few_values_are_lost():
    manner = draw_manner(np.random.default_rng(0))
    times = features.POSE_TIMES
    given = features.pose_features(foul_poses(2, 1, manner, times), manner.side, manner.heading)
    turn = np.array([[0, -1, 0], [1, 0, 0], [0, 0, 1]])
    turned = features.pose_features(foul_poses(2, 1, manner, times) @ turn.T, manner.side, manner.heading + 90)
    assert np.allclose(given, turned) and given.std() > 0.1
