"""Importance against what is computed by hand on a linear model, and on planted cases."""

import pytest
import torch
from torch import nn

from tailwise.evaluation.explain.importance import gradient_saliency, occlusion, pooled, regions

WEIGHTS = torch.tensor([[2.0, 0.0, -1.0, 0.5], [0.0, 3.0, 0.0, 0.0]])
SAMPLE, BASELINE = torch.tensor([1.0, 2.0, 3.0, 4.0]), torch.tensor([0.0, 1.0, 0.0, 4.0])


def linear(x):
    return x.flatten(1) @ WEIGHTS.T


def test_occlusion_is_the_difference_of_log_probabilities():
    found = occlusion(linear, SAMPLE, BASELINE, regions((4,), {0: 4}))
    full = torch.log_softmax(torch.tensor([1.0, 6.0]), 0)  # 2 - 3 + 2, and 3 x 2
    changed = torch.tensor([[-1.0, 6.0], [1.0, 3.0], [4.0, 6.0], [1.0, 6.0]])
    assert torch.allclose(found, full - torch.log_softmax(changed, 1))
    assert found[3].tolist() == [0.0, 0.0]  # its baseline is what it is


def test_occlusion_does_not_depend_on_the_batch():
    masks = regions((4,), {0: 4})
    assert torch.equal(occlusion(linear, SAMPLE, BASELINE, masks), occlusion(linear, SAMPLE, BASELINE, masks, 3))


def test_gradient_is_that_of_the_log_probability():
    found = gradient_saliency(linear, SAMPLE, BASELINE, 0, over=())
    p = torch.softmax(torch.tensor([1.0, 6.0]), 0)
    by_hand = (WEIGHTS[0] - p @ WEIGHTS) * (SAMPLE - BASELINE)
    assert torch.allclose(found, by_hand.abs())


def test_gradient_sums_colours_before_the_absolute_value():
    sample = SAMPLE.view(2, 2)
    every = gradient_saliency(linear, sample, torch.zeros(()), 1, over=())
    p = torch.softmax(torch.tensor([1.0, 6.0]), 0)
    product = ((WEIGHTS[1] - p @ WEIGHTS) * SAMPLE).view(2, 2)
    assert torch.allclose(every, product.abs())
    assert torch.allclose(gradient_saliency(linear, sample, torch.zeros(()), 1), product.sum(dim=1).abs())


def test_a_small_step_to_the_baseline_is_the_gradient():
    near = SAMPLE.double() * (1 - 1e-4)
    fall = occlusion(lambda x: x @ WEIGHTS.double().T, SAMPLE.double(), near, torch.ones(1, 4, dtype=torch.bool))[0, 0]
    whole = gradient_saliency(linear, SAMPLE, SAMPLE * (1 - 1e-4), 0, over=(0,))
    assert fall.abs().item() == pytest.approx(whole.item(), rel=1e-2)


def test_regions_cut_every_place_once():
    masks = regions((5, 4, 3), {0: 2, -1: 3})
    assert masks.shape == (6, 5, 1, 3) and masks.sum(dim=0).unique().tolist() == [1]
    assert masks[0, :, 0, 0].tolist() == [True, True, True, False, False]
    assert masks[1, :, 0, 1].tolist() == [True, True, True, False, False]  # the last axis varies fastest
    with pytest.raises(ValueError, match="axis 1 of length 4 cannot be cut into 5 pieces"):
        regions((5, 4), {1: 5})


def test_pooled_is_the_mean_of_cells():
    assert pooled(torch.arange(16.0).view(1, 4, 4), 2, 2).tolist() == [[[2.5, 4.5], [10.5, 12.5]]]
    assert pooled(torch.ones(2, 3, 1, 2), 4, 4).shape == (2, 3, 1, 2)


VIEWS, FRAMES, SIDE, CLASSES = 2, 4, 12, 3
CELLS = 3
"""Of each side; the planted square fills one of them."""


class Net(nn.Module):
    """clips (B, V, T, H, W, 3) to logits (B, C), by what is brightest anywhere."""

    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Conv2d(3, 8, 4, stride=2), nn.ReLU())
        self.head = nn.Linear(8, CLASSES)

    def forward(self, clips):
        maps = self.layers(clips.flatten(0, 2).permute(0, 3, 1, 2))
        return self.head(maps.flatten(2).amax(dim=2).unflatten(0, clips.shape[:3]).flatten(1, 2).amax(dim=1))


def planted(count, seed):
    """Noise, and a square in the colour of the class in one cell of one frame of one view; and where it is."""
    rng = torch.Generator().manual_seed(seed)
    clips = 0.3 * torch.rand(count, VIEWS, FRAMES, SIDE, SIDE, 3, generator=rng)
    labels, places = torch.arange(count) % CLASSES, []
    for clip, label in zip(clips, labels):
        view, frame, row, column = (int(torch.randint(n, (), generator=rng)) for n in (VIEWS, FRAMES, CELLS, CELLS))
        size = SIDE // CELLS
        clip[view, frame, row * size : (row + 1) * size, column * size : (column + 1) * size, label] = 1.0
        places.append((view, frame, row * CELLS + column))
    return clips, labels, places


@pytest.fixture(scope="module")
def trained():
    torch.manual_seed(0)
    net, (clips, labels, _) = Net(), planted(48, seed=1)
    optimizer = torch.optim.Adam(net.parameters(), 1e-2)
    for _ in range(40):
        optimizer.zero_grad()
        nn.functional.cross_entropy(net(clips), labels).backward()
        optimizer.step()
    return net.eval()


def peaks(net, clip, label, parts):
    """The place of the peak, by occlusion of the parts and by the gradient that is summed over them."""
    baseline = clip.mean(dim=(0, 1, 2, 3))
    masks = regions(clip.shape, parts)
    occluded = occlusion(net, clip, baseline, masks)[:, label]
    saliency = gradient_saliency(net, clip, baseline, label)
    summed = torch.stack([(saliency * mask[..., 0]).sum() for mask in masks])
    return int(occluded.argmax()), int(summed.argmax())


def test_importance_peaks_at_the_planted_place(trained):
    clips, labels, places = planted(30, seed=2)
    with torch.no_grad():
        assert (trained(clips).argmax(dim=1) == labels).float().mean() > 0.95
    axes = {"view": {0: VIEWS}, "frame": {1: FRAMES}, "region": {2: CELLS, 3: CELLS}}
    for nth, (what, parts) in enumerate(axes.items()):
        found = [peaks(trained, clip, int(label), parts) for clip, label in zip(clips, labels)]
        for way, name in enumerate(("occlusion", "gradient")):
            share = sum(peak[way] == place[nth] for peak, place in zip(found, places)) / len(places)
            print(f"{name}: {100 * share:.0f} % of peaks at the planted {what}")
            assert share >= 0.8, (name, what)
