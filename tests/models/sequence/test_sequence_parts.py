"""The parts of the sequence tagger against references and by hand."""

import pytest
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from tailwise.models.sequence.attention import ScaleAttention, SelfAttention
from tailwise.models.sequence.lstm import BidirectionalLSTM
from tailwise.models.sequence.masks import rearranged, reversed_places
from tailwise.models.sequence.positions import AddLearned, RelativeBias, sinusoids
from tailwise.models.sequence.projections import Projections, geometric
from tailwise.models.sequence.scales import Convolutions, DilatedConvolutions, TemporalPyramid, part_means, pooled

LENGTHS = (7, 3, 1, 5)


def batch(width, size=7, seed=0, dtype=torch.float32):
    rng = torch.Generator().manual_seed(seed)
    return torch.randn(len(LENGTHS), size, width, generator=rng, dtype=dtype), torch.tensor(LENGTHS)


def packed_lstm(ours: BidirectionalLSTM, width: int, hidden: int, layers: int):
    """torch's bidirectional LSTM with our weights, on packed sequences."""
    theirs = nn.LSTM(width, hidden, layers, batch_first=True, bidirectional=True)
    with torch.no_grad():
        for number in range(layers):
            for part, ending in ((ours.forwards[number], ""), (ours.backwards[number], "_reverse")):
                for name, value in part.named_parameters():
                    getattr(theirs, name.replace("_l0", f"_l{number}{ending}")).copy_(value)

    def run(x, length):
        packed = pack_padded_sequence(x, length, batch_first=True, enforce_sorted=False)
        return pad_packed_sequence(theirs(packed)[0], batch_first=True, total_length=x.shape[1])[0]

    return theirs, run


@pytest.mark.parametrize("layers", [1, 2, 3])
def test_the_lstm_is_torchs_on_packed_sequences(layers):
    torch.manual_seed(0)
    ours = BidirectionalLSTM(5, 16, layers, 0.0)
    theirs, run = packed_lstm(ours, 5, 16, layers)
    x, length = batch(5)
    found, wanted = ours(x, length), run(x, length)
    for row, count in enumerate(LENGTHS):
        torch.testing.assert_close(found[row, :count], wanted[row, :count], rtol=0, atol=1e-6)
    assert sum(p.numel() for p in ours.parameters()) == sum(p.numel() for p in theirs.parameters())


def test_its_gradients_are_torchs_too():
    torch.manual_seed(0)
    ours = BidirectionalLSTM(5, 8, 2, 0.0).double()
    theirs, run = packed_lstm(ours, 5, 8, 2)
    x, length = batch(5, dtype=torch.float64)
    mask = torch.arange(7) < length[:, None]
    ours(x, length)[mask].square().sum().backward()
    run = run if theirs.double() else run
    run(x, length)[mask].square().sum().backward()
    for number in range(2):
        for part, ending in ((ours.forwards[number], ""), (ours.backwards[number], "_reverse")):
            for name, value in part.named_parameters():
                reference = getattr(theirs, name.replace("_l0", f"_l{number}{ending}")).grad
                torch.testing.assert_close(value.grad, reference, rtol=0, atol=1e-7)


def test_reversal_within_lengths_is_its_own_inverse():
    x, length = batch(1)
    places = reversed_places(length, 7)
    back = rearranged(x, places)
    assert torch.equal(back[1, :3], x[1, :3].flip(0)) and torch.equal(back[1, 3:], x[1, 3:])
    assert torch.equal(rearranged(back, places), x)


@pytest.mark.parametrize(
    ("start", "end", "ratio", "widths"),
    [(256, 64, 0.5, (256, 128, 64)), (96, 64, 0.7, (96, 64)), (100, 10, 0.5, (100, 46, 22, 10)), (9, 8, 0.1, (9, 8))],
)
def test_geometric_widths(start, end, ratio, widths):
    assert geometric(start, end, ratio) == widths


def test_projections_step_down_and_norm_each_position():
    steps = Projections((6, 4)).build(9)
    assert [layer[0].weight.shape for layer in steps.layers] == [(6, 9), (4, 6)] and steps.width == 4
    assert Projections().build(9).width == 9
    x = torch.randn(2, 3, 9)
    assert torch.equal(Projections().build(9)(x), x)


def test_sinusoids_are_those_of_the_paper():
    found = sinusoids(50, 7, 10000.0)
    assert found.shape == (50, 7)
    for position, column in ((0, 0), (3, 2), (41, 5), (49, 6)):
        angle = torch.tensor(position / 10000 ** (2 * (column // 2) / 7), dtype=torch.float64)
        assert found[position, column].item() == pytest.approx(float(angle.cos() if column % 2 else angle.sin()))


def test_learned_positions_beyond_the_longest_share_the_last():
    layer = AddLearned(3, longest=4)
    found = layer(torch.zeros(1, 6, 3))[0]
    assert torch.equal(found[4], found[3]) and torch.equal(found[5], found[3]) and not torch.equal(found[2], found[3])


def test_relative_bias_is_by_clipped_signed_distance():
    bias = RelativeBias(1, furthest=2)
    with torch.no_grad():
        bias.by_distance.copy_(torch.tensor([[-2.0, -1.0, 0.0, 1.0, 2.0]]))
    assert bias(4)[0].tolist() == [[0, 1, 2, 2], [-1, 0, 1, 2], [-2, -1, 0, 1], [-2, -2, -1, 0]]


def test_self_attention_is_torchs():
    torch.manual_seed(0)
    ours, theirs = SelfAttention(8, 2, 0.0), nn.MultiheadAttention(8, 2, batch_first=True)
    with torch.no_grad():
        theirs.in_proj_weight.copy_(ours.project.weight)
        theirs.in_proj_bias.copy_(ours.project.bias)
        theirs.out_proj.load_state_dict(ours.out.state_dict())
    x, length = batch(8)
    normed, missing = ours.norm(x), torch.arange(7) >= length[:, None]
    wanted, weights = theirs(normed, normed, normed, key_padding_mask=missing)
    torch.testing.assert_close(ours(x, length), x + wanted, rtol=0, atol=1e-6)
    torch.testing.assert_close(ours.weights(x, length).mean(1), weights, rtol=0, atol=1e-6)


def test_scale_attention_weighs_the_scales():
    torch.manual_seed(0)
    attention = ScaleAttention(4)
    scales = torch.randn(2, 3, 5, 4)
    weights = attention.weights(scales)
    torch.testing.assert_close(attention(scales), torch.einsum("bts,btsw->btw", weights, scales))
    equal = scales[:, :, :1].expand(-1, -1, 5, -1)
    torch.testing.assert_close(attention.weights(equal), torch.full((2, 3, 5), 0.2))


def test_a_coarse_copy_has_the_means_of_what_is_there():
    x = torch.tensor([[[1.0], [3.0], [5.0], [100.0], [100.0]], [[2.0], [4.0], [6.0], [8.0], [10.0]]])
    coarse, length = pooled(x, torch.tensor([3, 5]), 2)
    assert length.tolist() == [2, 3]
    assert coarse[0, :2, 0].tolist() == [2, 5] and coarse[1, :, 0].tolist() == [3, 7, 10]


def test_means_of_equal_parts_of_each_sequence():
    x = torch.tensor([[[1.0], [3.0], [5.0], [7.0], [99.0]], [[1.0], [2.0], [6.0], [99.0], [99.0]]])
    length = torch.tensor([4, 3])
    assert part_means(x, length, 2)[0, :4, 0].tolist() == [2, 2, 6, 6]
    assert part_means(x, length, 2)[1, :3, 0].tolist() == [1.5, 1.5, 6]
    assert part_means(x, length, 1)[1, :3, 0].tolist() == [3, 3, 3]
    assert part_means(x, length, 9)[1, :3, 0].tolist() == [1, 2, 6]


def test_dilations_reach_as_far_as_they_say():
    """Kernels of 3 with dilations 1, 2 and 4 reach 7 positions to each side."""
    torch.manual_seed(0)
    layer = DilatedConvolutions(4, Convolutions()).double()
    x = torch.randn(1, 31, 4, dtype=torch.float64, requires_grad=True)
    layer(x, torch.tensor([31]))[0, 15].sum().backward()
    assert x.grad is not None
    assert x.grad[0].abs().sum(-1).nonzero()[:, 0].tolist() == list(range(8, 23))


def test_the_pyramid_shows_each_position_the_whole_sequence():
    torch.manual_seed(0)
    layer = TemporalPyramid(4, (1, 2)).double()
    x = torch.randn(1, 9, 4, dtype=torch.float64, requires_grad=True)
    layer(x, torch.tensor([7]))[0, 0].sum().backward()
    assert x.grad is not None
    assert x.grad[0].abs().sum(-1).nonzero()[:, 0].tolist() == list(range(7))
