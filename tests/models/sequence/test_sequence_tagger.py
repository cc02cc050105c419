"""Each option of the sequence tagger: what it changes, that padding changes nothing, and its parameters."""

from dataclasses import replace

import pytest
import torch

from tailwise.core.errors import UserError
from tailwise.core.heads import Head
from tailwise.core.params.typed import convert
from tailwise.losses.sequence.crf import transitions_output
from tailwise.losses.uncertainty import log_variance_output
from tailwise.models.sequence.attention import Attention
from tailwise.models.sequence.lstm import Recurrence
from tailwise.models.sequence.positions import LearnedPositions, NoPositions, RelativePositions, Sinusoidal
from tailwise.models.sequence.projections import Projections
from tailwise.models.sequence.scales import Convolutions, Pyramid, Resolutions
from tailwise.models.sequence.tagger import SequenceModel

HEADS = (Head("section", ("verse", "chorus", "bridge")),)
FEATURES = 6
PLAIN = SequenceModel(Recurrence(hidden=8), Projections((10, 8)))
ATTENTION = replace(PLAIN, attention=Attention(heads=2))
OPTIONS = {
    "plain": PLAIN,
    "no projections": replace(PLAIN, projections=Projections()),
    "sinusoidal": replace(PLAIN, positions=Sinusoidal("sinusoidal")),
    "learned": replace(PLAIN, positions=LearnedPositions("learned", longest=6)),
    "convolutions": replace(PLAIN, convolutions=Convolutions()),
    "resolutions": replace(PLAIN, resolutions=Resolutions()),
    "coarse convolutions": replace(PLAIN, resolutions=Resolutions(layers="convolution")),
    "scale attention": replace(PLAIN, resolutions=Resolutions(join="attention")),
    "pyramid": replace(PLAIN, pyramid=Pyramid()),
    "attention": ATTENTION,
    "relative": replace(ATTENTION, positions=RelativePositions("relative", furthest=3)),
    "crf": replace(PLAIN, crf=True),
    "auxiliary": replace(PLAIN, auxiliary=("next",)),
    "all": replace(
        ATTENTION,
        positions=RelativePositions("relative"),
        convolutions=Convolutions(),
        resolutions=Resolutions(join="attention"),
        pyramid=Pyramid(),
        crf=True,
        auxiliary=("next",),
    ),
}


def build(option: SequenceModel, seed: int = 0):
    """A model whose every parameter is random, also those that are 0 at the start, in double precision."""
    torch.manual_seed(seed)
    model = option.build(FEATURES, HEADS).double().eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.3 * torch.randn_like(parameter))
    return model


def songs(*lengths, size=None, seed=1):
    """Features (B, T, D) padded with 0, and lengths."""
    rng = torch.Generator().manual_seed(seed)
    features = torch.zeros(len(lengths), size or max(lengths), FEATURES, dtype=torch.float64)
    for row, length in enumerate(lengths):
        features[row, :length] = torch.randn(length, FEATURES, generator=rng, dtype=torch.float64)
    return features, torch.tensor(lengths)


def own(outputs, lengths):
    """What each output says within each song."""
    return {name: [value[row, :length] for row, length in enumerate(lengths)] for name, value in outputs.items()}


def assert_alike(found, wanted, atol=1e-10):
    assert found.keys() == wanted.keys()
    for name in wanted:
        for one, other in zip(found[name], wanted[name]):
            torch.testing.assert_close(one, other, rtol=0, atol=atol)


@pytest.mark.parametrize("name", OPTIONS)
@pytest.mark.parametrize("filler", [0.0, 5.0])
def test_padding_changes_nothing(name, filler):
    model, lengths = build(OPTIONS[name]), (9, 4, 1)
    features, length = songs(*lengths)
    wanted = own(model(features, length), lengths)
    for size in (10, 17, 30):
        padded = torch.full((3, size, FEATURES), filler, dtype=torch.float64)
        for row, count in enumerate(lengths):
            padded[row, :count] = features[row, :count]
        assert_alike(own(model(padded, length), lengths), wanted)


@pytest.mark.parametrize("name", OPTIONS)
def test_padding_adds_nothing_to_the_rounding_of_single_precision(name):
    """By less than 1e-6; the rounding itself, against double precision, is as large on some processors."""
    torch.manual_seed(0)
    model, lengths = OPTIONS[name].build(FEATURES, HEADS).eval(), (9, 4, 1)
    plain = own(model(songs(*lengths)[0].float(), torch.tensor(lengths)), lengths)
    padded = own(model(songs(*lengths, size=23)[0].float(), torch.tensor(lengths)), lengths)
    exact = own(model.double()(songs(*lengths)[0], torch.tensor(lengths)), lengths)
    for name in exact:
        for wanted, one, other in zip(exact[name], plain[name], padded[name]):
            assert (other - wanted).abs().max() <= (one - wanted).abs().max() + 1e-6 < 1e-5


@pytest.mark.parametrize("name", OPTIONS)
def test_a_song_alone_is_answered_as_in_a_batch_down_to_one_position(name):
    model, lengths = build(OPTIONS[name]), (9, 4, 1)
    features, length = songs(*lengths)
    wanted = own(model(features, length), lengths)
    for row, count in enumerate(lengths):
        alone = own(model(features[row : row + 1, :count], length[row : row + 1]), [count])
        assert_alike(alone, {key: values[row : row + 1] for key, values in wanted.items()})


@pytest.mark.parametrize("name", OPTIONS)
def test_training_reaches_every_parameter(name):
    model = build(OPTIONS[name]).train()
    outputs = model(*songs(9, 4, 1))
    sum((value * torch.randn_like(value)).sum() for value in outputs.values()).backward()
    assert not [key for key, p in model.named_parameters() if p.grad is None or not p.grad.any()]


@pytest.mark.parametrize("name", OPTIONS)
def test_the_same_seed_gives_the_same_model_and_answers(name):
    first, second = build(OPTIONS[name]), build(OPTIONS[name])
    batch = songs(9, 4)
    assert all(torch.equal(a, b) for a, b in zip(first(*batch).values(), second(*batch).values()))


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("learned", "positions"),
        ("convolutions", "convolutions"),
        ("resolutions", "resolutions"),
        ("coarse convolutions", "resolutions"),
        ("scale attention", "resolutions"),
        ("pyramid", "pyramid"),
        ("attention", "attention"),
        ("relative", "attention.bias"),
        ("crf", "chains"),
    ],
)
def test_an_option_has_an_effect_by_parameters_of_its_own(name, part):
    """Its answers change when its own parameters are set to 0, and all else is the plain model's."""
    model, batch = build(OPTIONS[name]), songs(9, 4)
    before = model(*batch)["section"]
    parts = {key: p for key, p in model.named_parameters() if key.startswith(f"{part}.")}
    others = {key for key, _ in model.named_parameters()} - parts.keys()
    base = OPTIONS["attention"] if name == "relative" else PLAIN
    assert parts and others == {key for key, _ in build(base).named_parameters()}
    with torch.no_grad():
        for parameter in parts.values():
            parameter.zero_()
    assert (model(*batch)["section"] - before).abs().max() > 1e-3


def test_sinusoids_tell_equal_positions_apart():
    """Of features that are all alike, and layers that see one position."""
    features = torch.ones(1, 12, FEATURES, dtype=torch.float64)
    spreads = []
    for name in ("plain", "sinusoidal"):
        x = (model := build(OPTIONS[name])).positions(model.projections(features))
        spreads.append(float(x.std(dim=1).max().detach()))
    assert spreads[0] < 1e-12 and spreads[1] > 0.3


def test_the_plain_model_has_the_parameters_of_its_layers():
    model = SequenceModel(Recurrence(256), Projections((96, 64))).build(60, HEADS)
    sizes = {name: sum(p.numel() for p in part.parameters()) for name, part in model.named_children()}
    lstm = torch.nn.LSTM(64, 256, 2, bidirectional=True)
    # nn.LSTM has two biases a gate, as each of our directions has
    assert sizes["recurrence"] == sum(p.numel() for p in lstm.parameters()) == 2236416
    assert sizes["projections"] == 60 * 96 + 96 + 2 * 96 + 96 * 64 + 64 + 2 * 64
    assert sizes["heads"] == 512 * 3 + 3
    assert sum(sizes.values()) == sizes["recurrence"] + sizes["projections"] + sizes["heads"]


def test_a_crf_adds_its_transitions():
    added = sum(p.numel() for p in build(OPTIONS["crf"]).parameters()) - sum(
        p.numel() for p in build(PLAIN).parameters()
    )
    assert added == 3 * 3 + 2 * 3


def test_the_answers_of_a_crf_are_log_probabilities_and_its_scores_are_trained():
    model, (features, length) = build(OPTIONS["crf"]), songs(9, 4)
    found = model(features, length)["section"]
    torch.testing.assert_close(found[1, :4].exp().sum(-1), torch.ones(4, dtype=torch.float64))
    scores = model.train()(features, length)
    assert scores[transitions_output("section")].shape == (5, 3)
    assert (scores["section"].exp().sum(-1) - 1).abs().max() > 1e-3


def test_auxiliary_outputs_are_those_of_the_first_head():
    outputs = build(OPTIONS["auxiliary"])(*songs(9, 4))
    assert outputs["next"].shape == (2, 9, 3) and outputs["until"].shape == (2, 9)
    assert OPTIONS["auxiliary"].auxiliary_losses == ("next", "until") and PLAIN.auxiliary_losses == ()


def test_learned_weights_are_among_the_outputs_of_training_alone():
    model = build(replace(OPTIONS["auxiliary"], learned_weights=("section", "until")))
    names = {log_variance_output("section"), log_variance_output("until")}
    assert not names & model(*songs(4)).keys() and names < model.train()(*songs(4)).keys()


@pytest.mark.parametrize("part", ["projections", "recurrence", "attention", "convolutions", "last"])
def test_each_dropout_acts_in_training_alone(part):
    option = {
        "projections": replace(PLAIN, projections=Projections((10, 8), dropout=0.5)),
        "recurrence": replace(PLAIN, recurrence=Recurrence(8, dropout=0.5)),
        "attention": replace(PLAIN, attention=Attention(2, dropout=0.5)),
        "convolutions": replace(PLAIN, convolutions=Convolutions(dropout=0.5)),
        "last": replace(PLAIN, dropout=0.5),
    }[part]
    model, batch = build(option), songs(9, 4)
    assert torch.equal(model(*batch)["section"], model(*batch)["section"])
    model.train()
    assert not torch.equal(model(*batch)["section"], model(*batch)["section"])


def test_maps_of_both_attentions():
    model, lengths = build(OPTIONS["all"]), (9, 4, 1)
    maps = model.attention_maps(*songs(*lengths))
    assert maps["attention"].shape == (3, 9, 9) and maps["scales"].shape == (3, 9, 3)
    assert maps["pyramid"].shape == (3, 9, 1 + len(OPTIONS["all"].pyramid.parts))
    for values in maps.values():
        torch.testing.assert_close(values.sum(-1), torch.ones(3, 9, dtype=torch.float64))
    assert not maps["attention"][1, :, 4:].any() and maps["attention"][2, 0, 0] == 1
    assert build(PLAIN).attention_maps(*songs(4)) == {}


def test_the_map_of_scales_tells_what_each_gave():
    """Scales and parts whose projection is 0 give nothing; positions of one coarse mean have one weight."""
    model = build(replace(PLAIN, resolutions=Resolutions((2,), join="concatenate"), pyramid=Pyramid((1,))))
    before = model.attention_maps(*songs(8))
    assert (before["scales"] > 0).all() and before["scales"][0, :2, 1].unique().numel() == 2
    width = model.recurrence.width
    with torch.no_grad():
        model.resolutions.join.weight[:, width:] = 0
        model.pyramid.join.weight *= 0
    after = model.attention_maps(*songs(8))
    torch.testing.assert_close(after["scales"], torch.tensor([1.0, 0], dtype=torch.float64).expand(1, 8, 2))
    torch.testing.assert_close(after["pyramid"], torch.tensor([1.0, 0], dtype=torch.float64).expand(1, 8, 2))


def test_the_fallback_is_the_plain_model_and_then_none():
    assert OPTIONS["all"].fallback() == replace(PLAIN, auxiliary=("next",))
    assert PLAIN.fallback() is None


def test_it_is_read_from_params():
    section = {
        "recurrence": {"hidden": 8},
        "projections": {"widths": [8], "start": 32, "ratio": 0.5},
        "positions": {"kind": "relative", "furthest": 5},
        "attention": {"heads": 2},
        "resolutions": {"factors": [2], "layers": "convolution"},
        "auxiliary": ["next"],
    }
    model = convert(SequenceModel, section, "model")
    assert model.projections.steps() == (32, 16, 8) and model.positions == RelativePositions("relative", 5)
    assert convert(SequenceModel, {"positions": {"kind": "none"}}, "model").positions == NoPositions("none")


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ({"positions": {"kind": "relative"}}, "they need attention"),
        ({"positions": {"kind": "absolute"}}, "model.positions.kind must be one of none, sinusoidal"),
        ({"recurrence": {"layers": 1, "dropout": 0.1}}, "between layers, and there is one"),
        ({"recurrence": {"hidden": 0}}, "must be positive"),
        ({"dropout": 1.0}, "dropout must be in"),
        ({"projections": {"widths": [8], "ratio": 0.5}}, "start and ratio go together"),
        ({"projections": {"widths": [40], "start": 32, "ratio": 0.5}}, "must be below start"),
        ({"projections": {"widths": [4], "start": 32, "ratio": 2}}, "ratio must be in"),
        ({"projections": {"widths": [0]}}, "must be positive"),
        ({"projections": {"dropout": 0.5}}, "there are no projections"),
        ({"convolutions": {"kernel": 4}}, "kernel must be odd"),
        ({"convolutions": {"dilations": []}}, "dilations must name"),
        ({"resolutions": {"factors": [1, 2]}}, "different numbers from 2"),
        ({"pyramid": {"parts": [2, 2]}}, "different positive numbers"),
        ({"attention": {"heads": 0}}, "heads must be positive"),
        ({"positions": {"kind": "learned", "longest": 1}}, "longest must be at least 2"),
        ({"positions": {"kind": "sinusoidal", "longest_wave": 1}}, "above 1"),
        ({"positions": {"kind": "relative", "furthest": 0}, "attention": {}}, "furthest must be positive"),
        ({"learned_weights": ["next"]}, "auxiliary does not name next"),
        ({"auxiliary": ["next", "next"]}, "names something twice"),
    ],
)
def test_contradictions_are_refused(section, message):
    with pytest.raises(UserError, match=message):
        convert(SequenceModel, section, "model")


def test_heads_that_do_not_divide_the_width_are_refused():
    with pytest.raises(ValueError, match="does not divide the width 16"):
        replace(PLAIN, attention=Attention(heads=3)).build(FEATURES, HEADS)
