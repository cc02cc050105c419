"""CAST: its size as published, what of it starts at zero, and that both experts hear each other."""

import pytest
import torch

from tailwise.models.action.cast import Cast

SMALL = Cast("cast", width=32, depth=2, heads=4, patch=8)
CLIP = (4, 16, 24)


@pytest.fixture
def net():
    torch.manual_seed(1)
    return SMALL.build(CLIP).eval()


def clip() -> torch.Tensor:
    torch.manual_seed(2)
    return torch.randint(0, 255, (2, *CLIP, 3), dtype=torch.uint8)


def test_at_full_size_about_a_fifth_is_trained():
    with torch.device("meta"):
        net = Cast("cast").build((16, 224, 224))
    sizes = {name: parameter.numel() for name, parameter in net.named_parameters()}
    moving = sum(size for name, size in sizes.items() if not name.startswith("experts."))
    assert (sum(sizes.values()), moving) == (218_308_992, 45_068_160)


def adapters_of_a_block() -> int:
    """Parameters of one block's exchange at full size, by hand."""
    adapter = 768 * 192 + 192 + 192 * 768 + 768
    down_and_up = 2 * (768 * 384 + 384 + 384 * 768 + 768) + 2 * 2 * 384
    cross = 384 * 384 + 384 + 384 * 768 + 768 + 384 * 384 + 384
    return 4 * adapter + down_and_up + 2 * cross + 2 * (8 + 196) * 384


def test_the_trained_part_is_twelve_exchanges_and_two_adapters():
    assert 12 * adapters_of_a_block() + 2 * (768 * 192 + 192 + 192 * 768 + 768) == 45_068_160


@torch.no_grad()
def test_it_starts_as_its_experts_alone(net):
    before = net(clip())
    for name, parameter in net.named_parameters():
        if name.startswith("exchanges.") and ".up." not in name:
            torch.nn.init.normal_(parameter)
    torch.testing.assert_close(net(clip()), before)


@torch.no_grad()
def test_experts_hear_each_other_through_the_exchange(net):
    """The first frame is the temporal expert's alone: it moves the spatial expert only through the exchange."""
    heard = []

    def keep(_, given, found):
        heard.append(found)

    norm = net.experts.space.norm.register_forward_hook(keep)
    changed = clip()
    changed[:, 0] = 255 - changed[:, 0]
    net(clip()), net(changed)
    assert torch.equal(heard[0], heard[1])
    for exchange in net.exchanges:
        torch.nn.init.normal_(exchange.up["space"].weight, std=0.5)
    net(clip()), net(changed)
    norm.remove()
    assert not torch.allclose(heard[2], heard[3], atol=1e-4)


def test_every_part_is_trained(net):
    torch.manual_seed(3)
    for name, parameter in net.named_parameters():
        if ".up." in name:
            torch.nn.init.normal_(parameter, std=0.1)
    net.train()(clip()).square().sum().backward()
    assert all(parameter.grad is not None for parameter in net.parameters())


@pytest.mark.parametrize(("shape", "said"), [((5, 16, 16), "even number of frames"), ((4, 16, 20), "multiples of 8")])
def test_shapes_that_do_not_fit_are_refused(shape, said):
    with pytest.raises(ValueError, match=said):
        SMALL.build(shape)
    with pytest.raises(ValueError, match="must be a multiple of heads times bottleneck"):
        Cast("cast", width=36, heads=4, bottleneck=2, adapter=3)
