"""Each kind of image model and each of its options: shapes, a sample alone, what it changes, what is refused."""

from dataclasses import replace

import pytest
import torch

from tailwise.core.errors import UserError
from tailwise.core.heads import Head
from tailwise.core.params.typed import convert
from tailwise.losses.image.aleatoric import UNCERTAINTY
from tailwise.losses.image.members import member_output, of_members
from tailwise.models.image.classifier import Ensemble, ImageModel, last_layers
from tailwise.models.image.efficientnet import EfficientNetB1
from tailwise.models.image.small import Small
from tailwise.models.image.transformer import VisionTransformer
from tailwise.models.weights import WeightsFile

HEADS = (Head("kind", ("simple", "text", "gradient", "complex")),)
SIZE = 32
VIT = VisionTransformer("vit", width=16, depth=2, heads=2)
EFFICIENT = EfficientNetB1("efficientnet_b1")
SMALL = Small("small", width=2)
BACKBONES = {
    "vit": VIT,
    "without biases": replace(VIT, spatial_bias=False, colour_bias=False),
    "small": SMALL,
    "ensemble": Ensemble("ensemble", (VIT, SMALL)),
}
OF_FILE = {"kind": "file", "path": "b1.pth", "sha256": "0" * 64}


def model_of(backbone, **other):
    return ImageModel(backbone, fallbacks=(), **other)


def build(model, seed: int = 0, size: int = SIZE):
    """A model whose every parameter is random, also those that are 0 at the start."""
    torch.manual_seed(seed)
    net = model.build(HEADS, size).eval()
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.add_(0.2 * torch.randn_like(parameter))
    return net


def pictures(n: int = 3, size: int = SIZE, seed: int = 1) -> torch.Tensor:
    """Of three flat colours in blocks of 4 pixels."""
    rng = torch.Generator().manual_seed(seed)
    colours = torch.randint(0, 256, (n, 3, 3), dtype=torch.uint8, generator=rng)
    which = torch.randint(0, 3, (n, size // 4, size // 4), generator=rng)
    which = which.repeat_interleave(4, dim=1).repeat_interleave(4, dim=2)
    return torch.stack([of_one[:, places] for of_one, places in zip(colours, which)])


@pytest.mark.parametrize("name", BACKBONES)
def test_outputs_are_logits_of_each_head_and_a_log_variance(name):
    outputs = build(model_of(BACKBONES[name]))(image=pictures())
    assert outputs["kind"].shape == (3, 4) and outputs[UNCERTAINTY].shape == (3, 1)
    assert all(value.isfinite().all() for value in outputs.values())


@pytest.mark.parametrize("name", BACKBONES)
def test_an_answer_does_not_depend_on_the_pictures_beside_it(name):
    net, image = build(model_of(BACKBONES[name], dropout=0.0)), pictures(4)
    for training in (False, True):
        net.train(training)
        for part in net.modules():
            if isinstance(part, torch.nn.Dropout):
                part.p = 0.0
        together, alone = net(image=image), net(image=image[2:3])
        torch.testing.assert_close(alone["kind"][0], together["kind"][2], rtol=0, atol=1e-5)


@pytest.mark.parametrize("name", [*BACKBONES, "efficientnet"])
def test_every_parameter_gets_a_gradient_from_one_sample(name):
    backbone = {**BACKBONES, "efficientnet": EFFICIENT}[name]
    net = build(model_of(backbone)).train()
    outputs = net(image=pictures(1))
    names = [own for output in ("kind", UNCERTAINTY) for own in of_members(output, outputs)]
    sum((outputs[own] * torch.arange(outputs[own].shape[-1])).sum() for own in names).backward()
    without = [own for own, parameter in net.named_parameters() if parameter.grad is None]
    assert not without


@pytest.mark.parametrize(("option", "other"), [
    ("patch", 4), ("depth", 3), ("hidden", 1), ("width", 32),
    ("edges", False), ("spatial_bias", False), ("colour_bias", False),
])  # fmt: skip
def test_each_option_changes_the_model(option, other):
    net, changed = (build(model_of(each)) for each in (VIT, replace(VIT, **{option: other})))
    own, found = ({name: tuple(p.shape) for name, p in each.named_parameters()} for each in (net, changed))
    assert own != found


def test_edges_change_the_small_net_too():
    assert next(SMALL.build(SIZE).parameters()).shape[1] == 7
    assert next(replace(SMALL, edges=False).build(SIZE).parameters()).shape[1] == 3


def test_heads_of_attention_change_the_answer():
    one = build(model_of(replace(VIT, spatial_bias=False, colour_bias=False)))
    other = build(model_of(replace(VIT, spatial_bias=False, colour_bias=False, heads=4)))
    assert not torch.allclose(one(image=pictures())["kind"], other(image=pictures())["kind"])


def test_dropout_acts_in_training_alone():
    for option in (model_of(replace(VIT, dropout=0.5), dropout=0.0), model_of(replace(VIT, dropout=0.0), dropout=0.5)):
        net = build(option)
        assert torch.equal(net(image=pictures())["kind"], net(image=pictures())["kind"])
        net.train()
        assert not torch.equal(net(image=pictures())["kind"], net(image=pictures())["kind"])


def test_checkpoints_change_no_gradient():
    image, found = pictures(), []
    for backbone in (VIT, replace(VIT, checkpoint=True)):
        net = build(model_of(backbone)).train()
        torch.manual_seed(3)
        net(image=image)["kind"].square().sum().backward()
        found.append({name: p.grad for name, p in net.named_parameters() if p.grad is not None})
    assert found[0].keys() == found[1].keys()
    for name in found[0]:
        torch.testing.assert_close(found[0][name], found[1][name], rtol=1e-5, atol=1e-6)


def test_an_ensemble_answers_by_the_mean_of_its_members():
    net, image = build(model_of(BACKBONES["ensemble"])), pictures()
    found = [member(image)["kind"].softmax(dim=-1) for member in net.members]
    torch.testing.assert_close(net(image=image)["kind"].exp(), torch.stack(found).mean(dim=0))
    assert set(net(image=image)) == {"kind", UNCERTAINTY}
    trained = net.train()(image=image)
    assert {member_output("kind", number) for number in (0, 1)} < set(trained)
    assert of_members("kind", trained) == ["kind of member 0", "kind of member 1"]


def test_embeddings_are_what_the_last_layers_read():
    net, image = build(model_of(VIT)), pictures()
    (layer,) = last_layers(net, "kind")
    torch.testing.assert_close(layer(net.backbone(image)), net(image=image)["kind"])
    several = last_layers(build(model_of(BACKBONES["ensemble"])), "kind")
    assert [each.in_features for each in several] == [16, 32]


def test_fallbacks_take_over_in_their_order():
    model = ImageModel(VIT, fallbacks=(EFFICIENT, SMALL))
    first = model.fallback()
    assert first.backbone == EFFICIENT and first.fallback().backbone == SMALL and first.fallback().fallback() is None
    assert model.bare() == model_of(VIT)


@pytest.mark.parametrize(("section", "says"), [
    ({"backbone": {"kind": "vit", "width": 30, "heads": 4}}, "heads 4 does not divide width 30"),
    ({"backbone": {"kind": "vit", "patch": 12}}, "patch must be 2, 4, 8, 16 or 32"),
    ({"backbone": {"kind": "vit", "dropout": 1.0}}, r"dropout must be in \[0, 1\)"),
    ({"backbone": {"kind": "vit", "depth": 0}}, "must be positive"),
    ({"backbone": {"kind": "small", "width": 3}}, "width must be even"),
    ({"backbone": {"kind": "resnet"}}, "vit, efficientnet_b1, lite0, small, ensemble"),
    ({"backbone": {"kind": "ensemble", "members": [{"kind": "small"}]}}, "2 models or more"),
    ({"backbone": {"kind": "efficientnet_b1", "norm": "frozen"}}, "norm frozen keeps the statistics"),
    ({"backbone": {"kind": "efficientnet_b1", "weights": OF_FILE}}, "norm group does not fit"),
    ({"fallbacks": [{"kind": "vit"}]}, "the same vit would take over from itself"),
    ({"dropout": -0.1}, r"dropout must be in \[0, 1\)"),
])  # fmt: skip
def test_contradictions_are_refused(section, says):
    with pytest.raises(UserError, match=says):
        convert(ImageModel, section, "model")


@pytest.mark.parametrize(("backbone", "size", "says"), [
    (VIT, 36, "patch 8 must divide pictures of 36"),
    (VIT, 8, "2 x 2 patches or more"),
    (SMALL, 8, "16 pixels or more"),
    (replace(EFFICIENT, norm="batch"), 32, "33 pixels or more"),
    (BACKBONES["ensemble"], 36, "patch 8 must divide"),
])  # fmt: skip
def test_pictures_that_do_not_fit_are_refused(backbone, size, says):
    with pytest.raises(ValueError, match=says):
        ImageModel(backbone, fallbacks=()).check(size)
    with pytest.raises(ValueError, match=says):
        ImageModel(backbone, fallbacks=()).build(HEADS, size)


def test_a_fallback_must_fit_the_pictures_too():
    ImageModel(SMALL, fallbacks=(VIT,)).check(32)
    with pytest.raises(ValueError, match="patch 8 must divide"):
        ImageModel(SMALL, fallbacks=(VIT,)).check(36)


def test_a_head_cannot_have_the_name_of_the_uncertainty():
    with pytest.raises(ValueError, match="cannot be named uncertainty"):
        model_of(SMALL).build((Head(UNCERTAINTY, ("a", "b")),), SIZE)


def test_without_uncertainty_there_is_no_such_output():
    assert set(build(model_of(VIT, uncertainty=False))(image=pictures())) == {"kind"}


def test_frozen_batch_norm_keeps_the_statistics_of_the_weights():
    frozen = EfficientNetB1("efficientnet_b1", WeightsFile(**OF_FILE), norm="frozen")
    net = frozen.build(SIZE).train()
    norms = [part for part in net.modules() if isinstance(part, torch.nn.BatchNorm2d)]
    before = [norm.running_mean.clone() for norm in norms]
    net(pictures(1))
    assert norms and all(torch.equal(norm.running_mean, was) for norm, was in zip(norms, before))
    assert frozen.bare() == replace(EFFICIENT, norm="batch").bare()
