"""Maps of embeddings."""

import numpy as np
import pytest

from tailwise.core.errors import UserError
from tailwise.core.heads import Head
from tailwise.evaluation.embedding.options import EmbeddingMap, check_package
from tailwise.evaluation.embedding.places import draw_labels, embedding_map, neighbourhoods, project
from tailwise.metrics.predictions import Predictions

CLASSES = ("a", "b", "c")


def clusters(each=15, width=6, seed=1):
    """Embeddings of three classes far from each other, and their class ids."""
    rng, targets = np.random.default_rng(seed), np.repeat(np.arange(3), each)
    return (10 * np.eye(3, width)[targets] + rng.normal(size=(3 * each, width))).astype(np.float32), targets


def predictions(targets, positions=None):
    names = [f"s{i}" for i in range(len(targets))]
    likely = np.full((len(targets), 3), 0.2)
    likely[:, 0] = 0.6
    answers = np.zeros(len(targets), int)
    return Predictions(Head("kind", CLASSES), names, names, targets, answers, likely, positions)


def test_labels_that_are_alike_lie_beside_each_other():
    rows, targets = clusters()
    made = embedding_map(predictions(targets), rows, EmbeddingMap(perplexity=8))
    places = np.stack([made["x"], made["y"]], axis=1)
    assert places.min() >= 0 and places.max() <= 100 and np.ptp(places, axis=0).max() == pytest.approx(100, abs=0.01)
    apart = np.linalg.norm(places[:, None] - places[None], axis=-1) + 1e9 * np.eye(len(places))
    assert (targets[apart.argmin(axis=1)] == targets).all()
    assert made["same_class"] == 1 and made["of_classes"] == dict.fromkeys(CLASSES, 1.0)
    assert made["trustworthiness"] > 0.8 and made["labels"] == len(made["samples"]) == 45
    assert made["actual"] == targets.tolist() and set(made["predicted"]) == {0} and set(made["confidence"]) == {0.6}


def test_the_same_seed_gives_the_same_bytes():
    rows, targets = clusters()
    one, same, other = (project(rows, EmbeddingMap(perplexity=each)) for each in (5, 5, 9))
    assert one.tobytes() == same.tobytes() and one.tobytes() != other.tobytes()


@pytest.mark.parametrize("count", [1, 2, 3, 4, 7])
def test_a_few_labels_have_a_map_too(count):
    rows, targets = clusters()
    made = embedding_map(predictions(targets[:count]), rows[:count], EmbeddingMap())
    assert len(made["x"]) == count and np.isfinite([*made["x"], *made["y"]]).all() and made["trustworthiness"] is None
    assert (made["same_class"] is None) == (count == 1)


@pytest.mark.parametrize("rows", [np.zeros((9, 4)), np.ones((9, 1)), np.arange(9.0)[:, None]])
def test_embeddings_that_are_all_the_same_or_of_one_number(rows):
    assert np.isfinite(project(rows, EmbeddingMap())).all()


def test_of_too_many_labels_the_rare_classes_stay_whole():
    targets = np.repeat([0, 1, 2], [100, 5, 40])
    shown = draw_labels(targets, 65, seed=1)
    assert np.bincount(targets[shown]).tolist() == [30, 5, 30] and (np.diff(shown) > 0).all()
    assert draw_labels(targets, 145, seed=1).tolist() == list(range(145))
    assert (draw_labels(targets, 65, 1) == shown).all() and (draw_labels(targets, 65, 2) != shown).any()
    made = embedding_map(predictions(targets, np.arange(145)), np.eye(145)[:, :9], EmbeddingMap(most=20))
    assert len(made["x"]) == 20 and made["labels"] == 145 and len(made["positions"]) == 20


def test_neighbours_by_hand():
    rows, targets = np.array([[0.0], [1.0], [3.0], [3.5]]), np.array([0, 0, 0, 1])
    found = neighbourhoods(rows, targets, CLASSES)
    assert found["same_class"] == pytest.approx((2 / 3 * 3 + 0) / 4)
    assert found["of_classes"] == {"a": pytest.approx(2 / 3), "b": 0.0, "c": None}


@pytest.mark.parametrize("wrong", [{"perplexity": 0.5}, {"most": 2}, {"seed": -1}])
def test_options_are_checked(wrong):
    with pytest.raises(ValueError, match="perplexity must be 1 or more"):
        EmbeddingMap(**wrong)


def test_umap_is_refused_in_one_line_where_it_is_absent(monkeypatch):
    monkeypatch.setattr("tailwise.evaluation.embedding.options.find_spec", lambda name: None)
    check_package(EmbeddingMap())
    for refused in (check_package, lambda options: project(clusters()[0], options)):
        with pytest.raises(UserError, match="^map.method: umap needs umap-learn: pip install -r requirements-umap.txt"):
            refused(EmbeddingMap(method="umap"))


@pytest.mark.parametrize("count", [3, 4, 60])
def test_umap_keeps_neighbours_together_and_gives_the_same_bytes(count):
    pytest.importorskip("umap", reason="umap-learn is not installed: pip install -r requirements-umap.txt")
    rows, targets = clusters()
    options = EmbeddingMap(method="umap", perplexity=10)
    made, again = (embedding_map(predictions(targets[:count]), rows[:count], options) for _ in range(2))
    assert made == again and made["method"] == "umap"
    assert made["trustworthiness"] is None or made["trustworthiness"] > 0.8
