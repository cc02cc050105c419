"""What answers rest on: importance peaks where something was planted, and streams are told by what they are worth."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from support.video.actions import CLASSES, HEAD, STREAMS, write_tokens
from tailwise.models.action.fusion import CrossAttention, OneStream
from tailwise.models.action.model import ActionModel, TwoStreams
from tailwise.recipes.actions.insight.importance import (
    frame_importance,
    gradient_shares,
    log_p,
    step_importance,
    without_stream,
)
from tailwise.recipes.actions.insight.quality import between, dimensions, quality_of
from tailwise.recipes.actions.insight.summary import summarise
from tailwise.recipes.actions.task import Config, build

OPTIONS = TwoStreams(CrossAttention("cross_attention", heads=2), width=32, dropout=0.0)
STEPS = {"semantic": 4, "motion": 2}
FRAMES = 6
PLANTED_SHARE = 0.8


def fitted(model: ActionModel, tokens: dict[str, torch.Tensor], ids: torch.Tensor, steps: int = 60) -> ActionModel:
    optimizer = torch.optim.AdamW([of for of in model.parameters() if of.requires_grad], 3e-3)
    for _ in range(steps):
        loss = nn.functional.cross_entropy(model(**tokens)["action"], ids)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return model.eval()


def basis(dim: int) -> torch.Tensor:
    """(4, D): noise is of few dimensions, so that no clip can be learned by heart."""
    return torch.randn((4, dim), generator=torch.Generator().manual_seed(dim)) / 2


def planted(count: int, seed: int) -> tuple[dict[str, torch.Tensor], torch.Tensor, torch.Tensor]:
    """(tokens, class ids, places): noise, but for one token of the semantic stream that tells the class."""
    rng = torch.Generator().manual_seed(seed)
    tokens = {
        name: torch.randn((count, of, 4), generator=rng) @ basis(STREAMS.dims[name]) for name, of in STEPS.items()
    }
    ids, places = (torch.randint(0, most, (count,), generator=rng) for most in (3, STEPS["semantic"]))
    for row in range(count):
        tokens["semantic"][row, places[row], 100 * ids[row] : 100 * ids[row] + 100] += 4
    return tokens, ids, places


@pytest.fixture(scope="module")
def told():
    """(model, tokens, mean tokens, ids, places) of held-out clips."""
    torch.manual_seed(1)
    known, labels, _ = planted(240, 1)
    model = fitted(OPTIONS.build(STREAMS, (HEAD,), (4, 2)), known, labels)
    tokens, ids, places = planted(60, 2)
    means = {name: of.mean(dim=(0, 1)) for name, of in known.items()}
    assert (model(**tokens)["action"].argmax(dim=1) == ids).float().mean() > 0.9
    return model, tokens, means, ids, places


def test_the_importance_of_steps_peaks_where_the_class_was_planted(told):
    model, tokens, means, ids, places = told
    found = step_importance(model, tokens, means, "action", ids)
    assert found["semantic"].shape == (60, 4) and found["motion"].shape == (60, 2)
    assert (found["semantic"].argmax(dim=1) == places).float().mean() >= PLANTED_SHARE


def test_the_stream_that_tells_nothing_contributes_little(told):
    model, tokens, means, ids, _ = told
    without = without_stream(model, tokens, means, "action")
    right = {name: (of.argmax(dim=1) == ids).float().mean().item() for name, of in without.items()}
    assert right["semantic"] < 0.6 and right["motion"] > 0.9
    shares = gradient_shares(model, tokens, means, "action", ids)
    torch.testing.assert_close(shares.sum(dim=1), torch.ones(60))
    assert shares[:, 0].mean() > 0.6


def test_a_stream_that_is_not_read_has_no_share(told):
    _, tokens, means, ids, _ = told
    model = TwoStreams(OneStream("one_stream", "motion"), width=32).build(STREAMS, (HEAD,), (4, 2)).eval()
    assert gradient_shares(model, tokens, means, "action", ids).tolist() == [[0.0, 1.0]] * 60


def test_importance_is_the_fall_of_the_log_probability(told):
    model, tokens, means, ids, _ = told
    changed = tokens["motion"].clone()
    changed[:, 1] = means["motion"]
    with torch.no_grad():
        expected = log_p(model, tokens, "action", ids) - log_p(model, {**tokens, "motion": changed}, "action", ids)
    torch.testing.assert_close(step_importance(model, tokens, means, "action", ids)["motion"][:, 1], expected)


def coloured(count: int, seed: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """(clips, class ids, places): grey noise that stays, but for one frame in the colour of the class."""
    rng = torch.Generator().manual_seed(seed)
    clips = torch.randint(100, 140, (count, 1, 32, 32, 3), generator=rng).repeat(1, FRAMES, 1, 1, 1)
    ids, places = (torch.randint(0, most, (count,), generator=rng) for most in (3, FRAMES))
    for row in range(count):
        clips[row, places[row], ..., ids[row]] = 255
    return clips.to(torch.uint8), ids, places


def test_the_importance_of_frames_peaks_where_one_was_planted():
    torch.manual_seed(1)
    streams = replace(STREAMS, every=1)
    model = OPTIONS.build(streams, (HEAD,), (FRAMES, 2))
    streams.semantic.pretrain(model.streams.semantic)
    clips, labels, _ = coloured(60, 1)
    fitted(model, model.streams(clips), labels)
    clips, ids, places = coloured(20, 2)
    found = [frame_importance(model, clip, "action", of) for clip, of in zip(clips, ids.tolist())]
    peaks = torch.stack([of.argmax() for of in found])
    assert found[0].shape == (FRAMES,) and (peaks == places).float().mean() >= PLANTED_SHARE


def test_a_split_is_summed_by_class(tmp_path):
    torch.manual_seed(1)
    streams = OPTIONS.build(STREAMS, (HEAD,), (4, 2)).streams
    write_tokens(tmp_path / "valid", 9, (False,), {name: streams.origin(name) for name in STREAMS.dims})
    task = build(Config(STREAMS, OPTIONS), (HEAD,), None, tmp_path / "valid", seed=1)
    task.model.expected = None
    found = summarise(replace(task, model=task.model.eval()), HEAD, torch.device("cpu"))
    assert found["clips"] == 9 and {name: of["clips"] for name, of in found["classes"].items()} == dict.fromkeys(
        CLASSES, 3
    )
    every, classes = found["all"], list(found["classes"].values())
    assert np.array(every["attention"]["semantic"]).shape == (4, 2)
    np.testing.assert_allclose(np.array(every["attention"]["motion"]).sum(axis=1), 1, atol=1e-3)
    for name in ("fall", "gradient"):
        of_classes = np.mean([of[name]["motion"] for of in classes])
        assert every[name]["motion"] == pytest.approx(of_classes, abs=2e-4)
    assert sum(every["gradient"].values()) == pytest.approx(1, abs=1e-3)


def test_quality_tells_a_stream_that_knows_the_class_and_one_that_knows_it_by_order_alone():
    rng = np.random.default_rng(1)
    labels, truth = np.arange(120) % 2, np.arange(40) % 2

    def tokens(ids: np.ndarray, by_order: bool) -> np.ndarray:
        found = rng.normal(size=(len(ids), 4, 12)).astype(np.float32)
        sign = 3.0 * (2 * ids - 1)[:, None]
        found[:, :2, 0] += sign
        found[:, 2:, 0] += -sign if by_order else sign
        return found

    plain = quality_of(tokens(labels, False), labels, tokens(truth, False), truth)
    order = quality_of(tokens(labels, True), labels, tokens(truth, True), truth)
    assert (plain.width, plain.steps) == (12, 4) and min(plain.nearest, plain.linear, plain.linear_in_order) > 0.9
    assert order.linear < 0.75 < 0.95 < order.linear_in_order
    assert order.between < 0.2 < plain.between


def test_variances_by_hand():
    rows = np.array([[0.0, 0.0], [2.0, 0.0], [0.0, 4.0], [2.0, 4.0]])
    assert between(rows, np.array([0, 0, 1, 1])) == pytest.approx(16 / 20)
    assert dimensions(rows) == pytest.approx((4 + 16) ** 2 / (4**2 + 16**2))
    assert dimensions(np.ones((3, 2))) == between(np.ones((3, 2)), np.array([0, 1, 1])) == 0
