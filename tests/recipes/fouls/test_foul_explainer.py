"""What an answer to a foul rests on, on the pipeline's own model: planted views, frames and regions are found."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

from tailwise.core.batch import Batch
from tailwise.core.heads import Head
from tailwise.engine.evaluate.embeddings import watched
from tailwise.evaluation.explain.importance import gradient_saliency, occlusion, regions
from tailwise.models.video.multiview import Model
from tailwise.models.video.tiny import Tiny
from tailwise.models.video.variants import Dual, Levels, Optimized, Progressive, Simplified
from tailwise.recipes.explainer import Asked
from tailwise.recipes.fouls.explanation.explainer import EXPLAINER, answer_by_view, embed, view_importance
from tailwise.recipes.fouls.recipe import RECIPE

HEADS = (Head("action", ("red", "blue", "none")), Head("severity", ("low", "high")))
VIEWS, FRAMES, SIDE, CELLS = 2, 4, 16, 2
VARIANTS = {
    "simplified": Simplified(0.0, "simplified"),
    "progressive": Progressive(0.0, "progressive"),
    "optimized": Optimized(0.0, "optimized"),
    "dual": Dual(0.0, "dual"),
}


def planted(count, seed):
    """Dim noise, and a square in red or blue in one cell of one frame of one view; and where it is.

    Every third has none: so that the model needs the square for either colour.
    """
    rng = np.random.default_rng(seed)
    clips = rng.integers(100, 120, (count, VIEWS, FRAMES, SIDE, SIDE, 3)).astype(np.uint8)
    labels, places, size = np.arange(count) % 3, [], SIDE // CELLS
    for clip, label in zip(clips, labels):
        view, frame, row, column = (int(rng.integers(n)) for n in (VIEWS, FRAMES, CELLS, CELLS))
        square = clip[view, frame, row * size : (row + 1) * size, column * size : (column + 1) * size]
        if label < 2:
            square[:] = ((255, 0, 0), (0, 0, 255))[label]
        places.append((view, frame, row * CELLS + column))
    return torch.from_numpy(clips), torch.from_numpy(labels), places


def built(variant):
    torch.manual_seed(0)
    return Model(VARIANTS[variant], Tiny("tiny", width=8, norm="group")).build(HEADS, (FRAMES, SIDE, SIDE))


@pytest.fixture(scope="module")
def trained():
    """A model that tells the colour of the square, trained on new samples in each step."""
    model, mask = built("simplified"), torch.ones(24, VIEWS, dtype=torch.bool)
    optimizer = torch.optim.Adam(model.parameters(), 1e-2)
    for step in range(80):
        clips, labels, _ = planted(24, seed=100 + step)
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(clips, mask)["action"], labels).backward()
        optimizer.step()
    return model.eval()


def asked_of(model, views, class_id=0, head="action"):
    batch = Batch({"clips": views[None], "mask": torch.ones(1, len(views), dtype=torch.bool)}, {}, torch.zeros(1))
    task = SimpleNamespace(model=model)
    return Asked(task, 0, batch, head, None, class_id, torch.device("cpu"))  # pyright: ignore[reportArgumentType]


def test_importance_peaks_at_the_planted_view_frame_and_region(trained):
    clips, labels, places = planted(45, seed=2)
    told = trained(clips, torch.ones(len(clips), VIEWS, dtype=torch.bool))["action"].argmax(dim=1)
    assert (told == labels).float().mean() >= 0.9
    found: dict[str, list[bool]] = {"view": [], "frame": [], "region": [], "gradient": []}
    for clip, label, (view, frame, region) in zip(clips, labels.tolist(), places):
        if label == 2:
            continue
        asked = asked_of(trained, clip, label)
        embedded = embed(trained, clip)
        weight = view_importance(trained, asked, embedded) or []
        found["view"].append(int(np.argmax(weight)) == view)
        answer, mine = answer_by_view(trained, asked, embedded, view), clip[view].float()
        frames, cells = regions(mine.shape, {0: FRAMES}), regions(mine.shape, {1: CELLS, 2: CELLS})
        colour = mine.mean(dim=(0, 1, 2))
        of_frames = occlusion(answer, mine, mine.median(dim=0).values, frames)[:, label]
        of_cells = occlusion(answer, mine, colour, cells)[:, label]
        saliency = gradient_saliency(answer, mine, colour, label)
        summed = torch.stack([(saliency * cell[..., 0]).sum() for cell in cells])
        found["frame"].append(int(of_frames.argmax()) == frame)
        found["region"].append(int(of_cells.argmax()) == region)
        found["gradient"].append(int(summed.argmax()) == region)
    shares = {name: sum(of) / len(of) for name, of in found.items()}
    print(shares)
    assert min(shares.values()) >= 0.8, shares


def test_the_exhibit_has_a_part_for_each_view(trained):
    clips, _, _ = planted(1, seed=3)
    parts = EXPLAINER.exhibit(asked_of(trained, clips[0]))
    assert [part.name for part in parts] == ["view 1", "view 2"]
    assert all(len(part.steps) == part.frames == FRAMES and part.importance is not None for part in parts)
    assert EXPLAINER.exhibit(asked_of(trained, clips[0])) == parts
    (alone,) = EXPLAINER.exhibit(asked_of(trained, clips[0, :1]))
    assert alone.importance is None and alone.picture.startswith("data:image/jpeg")


def test_a_view_that_is_replaced_by_itself_answers_as_the_whole(trained):
    clips, _, _ = planted(1, seed=4)
    asked = asked_of(trained, clips[0])
    whole = trained(clips, torch.ones(1, VIEWS, dtype=torch.bool))["action"]
    for view in range(VIEWS):
        answer = answer_by_view(trained, asked, embed(trained, clips[0]), view)
        assert torch.allclose(answer(clips[0, view][None]), whole, atol=1e-5)


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_layers_are_the_last_of_the_head(variant):
    model = built(variant).eval()
    clips, mask = planted(2, seed=5)[0], torch.ones(2, VIEWS, dtype=torch.bool)
    for head in HEADS:
        (layer,) = EXPLAINER.layers(RECIPE, model, head.name)
        with watched(layer) as given:
            logits = model(clips, mask)[head.name]
        assert given[0].ndim == 2 and len(given[0]) == 2
        if not isinstance(model.fusion, Levels):
            assert torch.equal(layer(given[0]), logits)


def test_fouls_are_told_apart_by_their_number_of_views(tmp_path):
    (tmp_path / "manifest.csv").write_text("sample,view\na,0\nb,0\nb,1\n", encoding="utf8")
    assert EXPLAINER.facets(tmp_path, ["b", "a", "b"]) == {"views": ["2", "1", "2"]}
