"""The tiny backbone."""

import pytest
import torch

from tailwise.models.video.tiny import Tiny, deviations, differences

SHAPE = (4, 32, 48)


@pytest.fixture
def backbone():
    torch.manual_seed(0)
    return Tiny("tiny", 8).build(SHAPE)


def clips(n=2):
    return torch.randint(0, 256, (n, 4, 32, 48, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("width", [8, 16])
def test_an_embedding_is_four_times_as_wide(width):
    backbone = Tiny("tiny", width).build(SHAPE)
    assert backbone.dim == 4 * width and backbone(clips()).shape == (2, 4 * width)


def test_no_clip_at_all_is_no_embedding(backbone):
    assert backbone(clips(0)).shape == (0, 32)


def test_a_clip_does_not_see_its_neighbours_even_in_training(backbone):
    together, alone = backbone.train()(clips(2)), backbone(clips(2)[:1])
    torch.testing.assert_close(together[:1], alone, rtol=0, atol=1e-6)


def test_the_order_of_frames_is_seen(backbone):
    assert not torch.allclose(backbone(clips()), backbone(clips().flip(1)), atol=1e-4)


def test_bytes_and_the_same_floats_are_one_picture(backbone):
    torch.testing.assert_close(backbone(clips()), backbone(clips().float()))


@pytest.mark.parametrize("width", [0, 4, 12])
def test_an_impossible_width_is_refused(width):
    with pytest.raises(ValueError, match="width must be a multiple of 8"):
        Tiny("tiny", width)


def test_the_smallest_clip_gives_an_embedding():
    backbone = Tiny("tiny", 8).build((1, 4, 4))
    assert torch.isfinite(backbone(torch.zeros(1, 1, 4, 4, 3, dtype=torch.uint8))).all()


@pytest.mark.parametrize("shape", [(0, 16, 16), (1, 3, 16), (1, 16, 3)])
def test_a_smaller_clip_is_refused(shape):
    with pytest.raises(ValueError, match="tiny needs 1 frame of 4x4 pixels or more, found"):
        Tiny("tiny", 8).build(shape)


def test_there_are_no_weights_to_start_from(backbone):
    before = {name: tensor.clone() for name, tensor in backbone.state_dict().items()}
    Tiny("tiny", 8).pretrain(backbone)
    assert all(torch.equal(tensor, before[name]) for name, tensor in backbone.state_dict().items())


@pytest.mark.parametrize("options", [{}, {"motion": "differences"}, {"residual": True}, {"norm": "batch"}], ids=str)
def test_options_keep_shapes_and_single_frames(options):
    backbone = Tiny("tiny", 8, **options).build(SHAPE)
    assert backbone(clips()).shape == (2, 32) and backbone(clips()[:, :1]).shape == (2, 32)


def test_motion_by_hand():
    features = torch.tensor([[1.0, 4.0, 7.0]])
    assert deviations(features).tolist() == [[-3, 0, 3]] and differences(features).tolist() == [[0, 3, 3]]


def test_a_residual_layer_adds_the_mean_over_each_pair_of_frames():
    layer = Tiny("tiny", 8, residual=True).build(SHAPE).layers[1].train(False)
    torch.nn.init.zeros_(layer.layer[0].weight)
    x = torch.arange(3.0).reshape(1, 1, 3, 1, 1).expand(1, 16, 3, 2, 2)
    assert layer(x)[0, 0, :, 0, 0].tolist() == [0.5, 2.0]


@pytest.mark.parametrize("options", [{"motion": "differences"}, {"residual": True}], ids=str)
def test_an_option_changes_the_embedding(options, backbone):
    changed = Tiny("tiny", 8, **options).build(SHAPE)
    changed.load_state_dict(dict(zip(changed.state_dict(), backbone.state_dict().values(), strict=True)))
    assert not torch.allclose(changed(clips()), backbone(clips()), atol=1e-4)


@pytest.mark.parametrize(("norm", "same"), [("group", True), ("batch", False)])
def test_group_norm_hides_how_strong_a_clip_is_and_batch_norm_does_not(norm, same):
    layer = Tiny("tiny", 8, norm=norm).build(SHAPE).layers[0]
    weak = torch.randn(1, 8, 4, 8, 12, generator=torch.Generator().manual_seed(0))
    of_weak, of_strong = layer(torch.cat([weak, 10 * weak]))
    assert torch.allclose(of_weak, of_strong, rtol=0, atol=0.01) is same


def test_batch_norm_answers_a_clip_alike_in_any_company():
    backbone = Tiny("tiny", 8, norm="batch").build(SHAPE)
    backbone.train()(clips(4))
    together, alone = backbone.eval()(clips(2)), backbone(clips(2)[:1])
    torch.testing.assert_close(together[:1], alone, rtol=0, atol=1e-6)


def test_patches_are_a_linear_layer_on_their_pixels_row_by_row():
    """The layout of weights files: row, column, colour; pixels from [0, 255] to [-1, 1]; odd edges are cropped."""
    backbone = Tiny("tiny", 8).build((2, 9, 14)).double()
    clips = torch.randint(0, 256, (3, 2, 9, 14, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    found = backbone._embed_patches(clips)
    assert found.shape == (3, 2, 2, 3, 8)
    for row in range(2):
        for column in range(3):
            patch = clips[:, :, 4 * row : 4 * row + 4, 4 * column : 4 * column + 4].flatten(2).double() / 127.5 - 1
            torch.testing.assert_close(found[:, :, row, column], backbone.patches(patch), rtol=0, atol=1e-12)
