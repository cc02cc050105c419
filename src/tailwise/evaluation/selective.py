"""How many mistakes are left where only the surest answers are given. Pure functions.

Coverage is the share of the answers that are given, the surest first; risk is the share of mistakes among them.
Source: https://arxiv.org/abs/1705.08500, section 2; area and excess: https://arxiv.org/abs/1805.08206, section 3
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tailwise.metrics.dotted import dotted
from tailwise.metrics.labels import Label
from tailwise.metrics.predictions import Predictions

COVERAGES = (50, 80)
"""Percent of the answers, at which the risk is a figure."""
POINTS = 50
"""Of a curve."""
NAMES = {"confidence": "the most confident answers", "uncertainty": "the least uncertain answers"}
"""{what orders the answers: the surest ones in words}"""


def selective_figures(found: Mapping[str, Predictions]) -> dict[str, Any]:
    """{"selective": {order: figures}}, with several heads {"selective": {head: {order: figures}}}.

    order: of NAMES, where it is known; without heads whose predictions have no probabilities
    """
    by_head = {
        name: {by: risk_figures(*of_order) for by, of_order in orders(of_head).items()}
        for name, of_head in found.items()
    }
    known = {name: of_head for name, of_head in by_head.items() if of_head}
    return {"selective": next(iter(known.values())) if len(found) == 1 else known} if known else {}


def selective_labels(heads: Sequence[str], orders: Sequence[str] = tuple(NAMES)) -> dict[str, Label]:
    """{dotted name: label} of what `selective_figures` has with these orders of NAMES."""
    found: dict[str, Label] = {}
    for head in heads if len(heads) > 1 else [""]:
        for by in orders:
            path, of_head = f"selective.{head}.{by}" if head else f"selective.{by}", f"{head}: " if head else ""
            family = f"{of_head}mistakes among {NAMES[by]}"
            found |= {f"{path}.error_at_{share}": Label(family, f"{share} %") for share in COVERAGES}
            found[f"{path}.error_area"] = Label(family, "mean over all shares")
            found[f"{path}.excess_error_area"] = Label(family, "mean above the best order's")
    return found


def known_labels(figures: Mapping[str, Any], heads: Sequence[str]) -> dict[str, Label]:
    """The labels of these figures, from `selective_figures`."""
    labels = selective_labels(heads)
    return {name: labels[name] for name in dotted(figures)}


def risk_curves(found: Predictions) -> dict[str, dict[str, Any]]:
    """{order: {"coverage", "risk": lists, and the figures of `risk_figures`}}, for reports."""
    curves: dict[str, dict[str, Any]] = {}
    for by, (sureness, wrong) in orders(found).items():
        counts = np.unique(np.ceil(np.arange(1, POINTS + 1) / POINTS * len(wrong)).astype(int))
        drawn = {"coverage": counts / len(wrong), "risk": risks(sureness, wrong)[counts - 1]}
        lists = {name: values.tolist() for name, values in drawn.items()}
        curves[by] = {**lists, **risk_figures(sureness, wrong)}
    return curves


def orders(found: Predictions) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """{order: (how sure each labelled answer is (N,), whether it is wrong (N,))}; empty without probabilities."""
    known = found.labelled
    if known.probabilities is None or not len(known):
        return {}
    wrong = known.predicted != known.targets
    measured = {"confidence": known.probabilities[np.arange(len(known)), known.predicted]}
    if known.uncertainty is not None:
        measured["uncertainty"] = -known.uncertainty
    return {by: (sureness.astype(np.float64), wrong) for by, sureness in measured.items()}


def risk_figures(sureness: np.ndarray, wrong: np.ndarray) -> dict[str, float]:
    """error_at_50, error_at_80: risk at these coverages; error_area: mean risk over all coverages;
    excess_error_area: above that of the best order, so that it does not depend on the accuracy alone.

    sureness: (N,); wrong: (N,) bool; N at least 1
    """
    risk, best = risks(sureness, wrong), risks(-wrong.astype(float), wrong)
    at = {f"error_at_{share}": float(risk[-(-share * len(risk) // 100) - 1]) for share in COVERAGES}
    return {**at, "error_area": float(risk.mean()), "excess_error_area": float((risk - best).mean())}


def risks(sureness: np.ndarray, wrong: np.ndarray) -> np.ndarray:
    """(N,) the risk of the 1, 2, ... N surest answers.

    Of answers that are equally sure each counts as their mean, so that the order of the rows decides nothing.
    """
    _, place, counts = np.unique(-sureness, return_inverse=True, return_counts=True)
    mean = np.repeat(np.bincount(place, wrong, len(counts)) / counts, counts)
    return mean.cumsum() / np.arange(1, len(wrong) + 1)
