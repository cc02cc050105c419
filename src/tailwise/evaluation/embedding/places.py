"""A map of embeddings: labels that a model sees as alike lie beside each other. Pure functions.

Sources: t-SNE, https://www.jmlr.org/papers/v9/vandermaaten08a.html; UMAP, https://arxiv.org/abs/1802.03426;
trustworthiness of a map: Venna and Kaski 2001,
https://doi.org/10.1007/3-540-44668-0_68
"""

# scikit-learn and threadpoolctl are untyped here.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.manifold import TSNE, trustworthiness
from sklearn.neighbors import NearestNeighbors
from threadpoolctl import threadpool_limits

from tailwise.core.errors import UserError
from tailwise.evaluation.embedding.options import LEAST, EmbeddingMap, check_package
from tailwise.metrics.predictions import Predictions

NEIGHBOURS = 10
DIGITS = 2
"""Of a place on the map, which is SIDE wide."""
SIDE = 100.0


def embedding_map(found: Predictions, rows: np.ndarray, options: EmbeddingMap) -> dict[str, Any]:
    """A head's map, as JSON. found: labelled predictions, with probabilities; rows: (N, D), their embeddings

    samples, positions, actual, predicted, confidence, x, y: of the labels on the map; actual, predicted: class ids;
        positions of sequences alone; x, y: within 0 and SIDE
    labels: how many there are; same_class, of_classes: share of the NEIGHBOURS nearest labels in the embedding that
        are of a label's own class, of all labels and {class: of its labels}; None for fewer than two labels
    method: unless it is t-SNE
    trustworthiness: how much of the neighbourhoods on the map is so in the embedding, in [0, 1]; None for a few labels
    """
    shown = draw_labels(found.targets, options.most, options.seed)
    some, of_some = found.take(shown), rows[shown]
    places = project(of_some, options)
    confidence = some.known_probabilities[np.arange(len(some)), some.predicted]
    return {
        "labels": len(found),
        **neighbourhoods(of_some, some.targets, found.head.classes),
        "trustworthiness": trusted(of_some, places),
        **({} if options.method == "tsne" else {"method": options.method}),
        "samples": list(some.samples),
        **({} if some.positions is None else {"positions": some.positions.tolist()}),
        "actual": some.targets.tolist(),
        "predicted": some.predicted.tolist(),
        "confidence": [round(value, 4) for value in confidence.tolist()],
        "x": [round(value, DIGITS) for value in places[:, 0].tolist()],
        "y": [round(value, DIGITS) for value in places[:, 1].tolist()],
    }


def draw_labels(targets: np.ndarray, most: int, seed: int) -> np.ndarray:
    """Sorted places of up to `most` labels, as many of each class as fit. targets: class ids (N,)"""
    if len(targets) <= most:
        return np.arange(len(targets))
    order = np.random.default_rng(seed).permutation(len(targets))
    classes, counts = np.unique(targets, return_counts=True)
    left, kept = most, list[np.ndarray]()
    for nth, place in enumerate(np.argsort(counts, kind="stable")):  # the rarest class first
        mine = order[targets[order] == classes[place]][: left // (len(classes) - nth)]
        left -= len(mine)
        kept.append(mine)
    return np.sort(np.concatenate(kept))


def project(rows: np.ndarray, options: EmbeddingMap) -> np.ndarray:
    """(N, D) to places (N, 2) within 0 and SIDE. One thread: the order of its sums decides the last digits."""
    if len(rows) < LEAST:
        return np.full((len(rows), 2), SIDE / 2)
    with threadpool_limits(1):
        places = (by_umap if options.method == "umap" else by_tsne)(rows, options)
    low, high = places.min(axis=0), places.max(axis=0)
    middle, side = (low + high) / 2, max(float((high - low).max()), 1e-9)
    return SIDE * ((places - middle) / side + 0.5)


def by_tsne(rows: np.ndarray, options: EmbeddingMap) -> np.ndarray:
    """(N, 2) of any extent."""
    perplexity = min(options.perplexity, max(1.0, (len(rows) - 1) / 3))
    start = "pca" if min(rows.shape) >= 2 and np.ptp(rows, axis=0).any() else "random"
    how = TSNE(2, perplexity=perplexity, init=start, random_state=options.seed, n_jobs=1)
    return how.fit_transform(rows.astype(np.float64))


def by_umap(rows: np.ndarray, options: EmbeddingMap) -> np.ndarray:
    """(N, 2) of any extent. Its neighbours are as many as the perplexity; UserError without umap-learn.

    The start is drawn: the spectral one depends on the order of an eigensolver's sums, and needs more rows.
    """
    check_package(options)
    try:
        from umap import UMAP  # pyright: ignore[reportMissingImports]
    except ImportError as error:
        raise UserError(f"map.method: umap-learn cannot be imported: {error}") from error
    neighbours = max(2, min(round(options.perplexity), len(rows) - 1))
    how = UMAP(n_components=2, n_neighbors=neighbours, init="random", random_state=options.seed, n_jobs=1)
    return np.asarray(how.fit_transform(rows.astype(np.float32)), np.float64)


def neighbourhoods(rows: np.ndarray, targets: np.ndarray, classes: Sequence[str]) -> dict[str, Any]:
    """{"same_class", "of_classes"}, see `embedding_map`; a label is no neighbour of its own."""
    if len(rows) < 2:
        return {"same_class": None, "of_classes": dict.fromkeys(classes)}
    with threadpool_limits(1):
        near = NearestNeighbors(n_neighbors=min(NEIGHBOURS, len(rows) - 1), n_jobs=1).fit(rows).kneighbors()[1]
    same = (targets[near] == targets[:, None]).mean(axis=1)
    of_classes = {
        name: float(same[targets == place].mean()) if (targets == place).any() else None
        for place, name in enumerate(classes)
    }
    return {"same_class": float(same.mean()), "of_classes": of_classes}


def trusted(rows: np.ndarray, places: np.ndarray) -> float | None:
    """The trustworthiness of a map; None for too few labels to have NEIGHBOURS of twice as many."""
    if len(rows) <= 2 * NEIGHBOURS:
        return None
    with threadpool_limits(1):
        return float(trustworthiness(rows, places, n_neighbors=NEIGHBOURS))
