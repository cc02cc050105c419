"""TimeSformer: what the package transformers gives, its published size, and what its attention sees."""

import pytest
import torch

from support.video.frozen import filled, pixels
from tailwise.models.action.timesformer import TimeSformer

SMALL = TimeSformer("timesformer", width=32, depth=2, heads=4, patch=8)


def test_at_full_size_it_has_the_papers_parameters():
    with torch.device("meta"):
        net = TimeSformer("timesformer").build((8, 224, 224))
    classifier = 768 * 400 + 400
    assert sum(parameter.numel() for parameter in net.parameters()) + classifier == 121_566_352  # 121.4 M, table 1


@torch.no_grad()
def test_it_gives_what_the_package_transformers_gives():
    found = filled(SMALL.build((4, 16, 16)))(pixels(4, 16, 16))[0, :4]
    assert found.tolist() == pytest.approx(TRANSFORMERS, abs=1e-4)


TRANSFORMERS = [0.2384590, 0.1452641, 0.7550563, 1.5526339]


@torch.no_grad()
def test_the_order_of_frames_counts_once_times_are_learned():
    torch.manual_seed(1)
    net, clip = SMALL.build((4, 16, 16)).eval(), torch.randint(0, 255, (1, 4, 16, 16, 3), dtype=torch.uint8)
    torch.testing.assert_close(net(clip), net(clip.flip(1)))  # as a block starts as that of an image transformer
    torch.nn.init.normal_(net.times)
    for block in net.blocks:
        torch.nn.init.normal_(block.after_time.weight, std=0.1)
    assert not torch.allclose(net(clip), net(clip.flip(1)), atol=1e-3)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [({"heads": 5}, "heads 5 does not divide"), ({"depth": 0}, "at least 1"), ({"dropout": 1.0}, "dropout")],
)
def test_wrong_options_are_refused(wrong, said):
    with pytest.raises(ValueError, match=said):
        TimeSformer("timesformer", **wrong)
    with pytest.raises(ValueError, match="multiples of 8"):
        SMALL.build((4, 16, 20))
