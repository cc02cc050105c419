"""The two biases of logo-aware attention against their definitions, and the map of its attention."""

from dataclasses import replace

import pytest
import torch

from tailwise.core.heads import Head
from tailwise.models.image.attention import LogoAttention, SpatialBias
from tailwise.models.image.classifier import ImageModel
from tailwise.models.image.patches import colour_similarity, patch_colours, with_edges
from tailwise.models.image.small import Small
from tailwise.models.image.transformer import VisionTransformer

SIDE, WIDTH = 3, 8


@pytest.fixture
def attention():
    torch.manual_seed(0)
    return LogoAttention(WIDTH, 2, SIDE, spatial=True, colour=True).eval()


def patches(seed: int = 0):
    rng = torch.Generator().manual_seed(seed)
    x, colours = torch.randn(2, SIDE**2, WIDTH, generator=rng), torch.rand(2, SIDE**2, 3, generator=rng)
    return x, colour_similarity(colours, 0.3)


def test_the_spatial_bias_is_one_number_for_each_offset():
    bias = SpatialBias(1, SIDE)
    with torch.no_grad():
        bias.by_offset.copy_(torch.arange(25.0)[None])
    found = bias()[0]
    for one in range(9):
        for other in range(9):
            down, right = other // 3 - one // 3, other % 3 - one % 3
            assert found[one, other] == 5 * (down + 2) + right + 2


def test_at_the_start_it_is_plain_attention(attention):
    x, similarity = patches()
    plain = LogoAttention(WIDTH, 2, SIDE, spatial=False, colour=False)
    plain.load_state_dict(attention.state_dict(), strict=False)
    torch.testing.assert_close(attention(x, similarity), plain(x, None))
    reference = torch.nn.MultiheadAttention(WIDTH, 2, batch_first=True)
    with torch.no_grad():
        reference.in_proj_weight.copy_(plain.project.weight)
        reference.in_proj_bias.copy_(plain.project.bias)
    reference.out_proj.load_state_dict(plain.out.state_dict())
    torch.testing.assert_close(plain(x, None), reference(x, x, x)[0])


def test_each_bias_is_added_to_the_scores_of_its_head(attention):
    x, similarity = patches()
    before = attention.weights(x, similarity).log()
    with torch.no_grad():
        attention.colour_scale.copy_(torch.tensor([0.0, 2.5]))
        attention.spatial.by_offset[0] = torch.randn(25)
    after = attention.weights(x, similarity).log()
    added = torch.stack([attention.spatial()[0].expand_as(similarity), 2.5 * similarity], dim=1)
    torch.testing.assert_close(after, (before + added).log_softmax(dim=-1))


def test_patches_of_one_colour_are_seen_together_wherever_they_lie(attention):
    """With a large scale a patch looks at those of its own colour alone."""
    x, _ = patches()
    colours = torch.zeros(2, 9, 3)
    colours[:, [0, 4, 8]] = 1.0
    with torch.no_grad():
        attention.colour_scale.fill_(100.0)
    weights = attention.weights(x, colour_similarity(colours, 0.15))
    assert weights[:, :, 0, [0, 4, 8]].sum(dim=-1).min() > 0.999 and weights[:, :, 1, [0, 4, 8]].max() < 1e-6


def test_colours_are_the_means_of_the_patches():
    image = torch.zeros(1, 3, 8, 8, dtype=torch.uint8)
    image[0, 0, :4, 4:], image[0, 2, 4:] = 255, 51
    assert patch_colours(image, 4)[0].tolist() == [[0, 0, 0], [1, 0, 0], [0, 0, pytest.approx(0.2)]] + [
        [0, 0, pytest.approx(0.2)]
    ]
    found = colour_similarity(patch_colours(image, 4), 0.2)
    assert found[0].diagonal().tolist() == [1, 1, 1, 1] and found[0, 2, 3] == 1
    assert found[0, 0, 2].item() == pytest.approx(torch.tensor(-0.5).exp().item(), abs=1e-5)
    torch.testing.assert_close(found, found.transpose(1, 2))


def test_edges_are_differences_whatever_the_colours():
    """Flat parts are 0, a step of one level is log 2 / log 256 = 1 / 8, one of 255 levels is 1."""
    image = torch.zeros(1, 3, 4, 4, dtype=torch.uint8)
    image[0, 1, :, 2:], image[0, 2, 3] = 255, 1
    found = with_edges(image, torch.float64)
    assert found.shape == (1, 7, 4, 4) and found[0, 0].unique().tolist() == [-1]
    assert found[0, 3].tolist() == [[0, 1, 0, 0]] * 4
    assert found[0, 4].tolist() == [[0] * 4, [0] * 4, [pytest.approx(1 / 8)] * 4, [0] * 4]
    assert not found[0, 5].any() and found[0, 6].tolist() == [[0] * 4, [0] * 4, [1] * 4, [0] * 4]
    torch.testing.assert_close(with_edges(255 - image, torch.float64)[:, 3:], found[:, 3:])


def test_the_map_is_the_share_of_each_patch():
    backbone = VisionTransformer("vit", width=16, depth=1, heads=2)
    torch.manual_seed(0)
    net = ImageModel(backbone, fallbacks=()).build((Head("kind", ("a", "b")),), 32).eval()
    image = torch.randint(0, 256, (2, 3, 32, 32), dtype=torch.uint8)
    found = net.attention_map(image)
    assert found.shape == (2, 4, 4) and found.min() > 0
    torch.testing.assert_close(found.sum(dim=(1, 2)), torch.ones(2))
    with torch.no_grad():  # where the pooling sees one patch and the block's attention sees all alike
        net.backbone.blocks[0].attention.project.weight.zero_()
        net.backbone.blocks[0].attention.project.bias.zero_()
        pooled = net.backbone._pool(net.backbone.norm(net.backbone.blocks[0](*net.backbone._embed(image)))).mean(dim=1)
    expected = (pooled / 2 + 1 / 32).reshape(2, 4, 4)
    torch.testing.assert_close(net.attention_map(image), expected)
    assert ImageModel(Small("small"), fallbacks=()).build((Head("k", ("a", "b")),), 32).attention_map(image) is None


def test_a_flip_of_the_colours_changes_only_a_model_that_sees_them():
    """The embedding of the patches is a convolution; that of two patches' likeness is the colour bias."""
    image = torch.randint(0, 256, (1, 3, 32, 32), dtype=torch.uint8)
    torch.manual_seed(0)
    backbone = VisionTransformer("vit", width=16, depth=1, heads=2)
    net = backbone.build(32).eval()
    with torch.no_grad():
        before = net(image)
        net.blocks[0].attention.colour_scale.fill_(4.0)
    assert not torch.allclose(net(image), before, atol=1e-5)
    assert replace(backbone, colour_bias=False).build(32).blocks[0].attention.colour_scale is None
