"""The methods of calibration side by side, for reports/calibration.json."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from tailwise.evaluation.calibration.fitted import Fitted, Temperature, calibrated
from tailwise.evaluation.calibration.measures import confidence_histogram, measure_calibration, reliability_bins
from tailwise.evaluation.calibration.options import Calibration, Method
from tailwise.metrics.predictions import Predictions


def compare_methods(
    found: Predictions, by_method: Mapping[Method, Fitted], options: Calibration, decoded: bool = False
) -> dict[str, Any]:
    """A head's figures with each method, as JSON.

    found: predictions of a split that nothing was fitted to; by_method: from `fit_all`
    decoded: the answers come from a decoding, and the figures are of the most probable classes instead
    "method" names the chosen one; {method: FIGURES}; what the report draws is in lists, which DVC does not show.
    """
    found = most_probable(found) if decoded else found
    tables: dict[Method, Predictions] = {method: calibrated(found, one) for method, one in by_method.items()}
    return compare_tables(tables, by_method[options.method], options)


def compare_tables(tables: Mapping[Method, Predictions], fitted: Fitted, options: Calibration) -> dict[str, Any]:
    """As `compare_methods`. tables: {method: the head's predictions with it}; fitted: of the chosen method"""
    return {
        "method": options.method,
        **({"fitted_temperature": fitted.temperature} if isinstance(fitted, Temperature) else {}),
        **{method: measure_calibration(table, options.bins) for method, table in tables.items()},
        "reliability": {method: reliability_bins(table, options.bins) for method, table in tables.items()},
        "histogram": {method: confidence_histogram(table) for method, table in tables.items()},
    }


def chosen_figures(compared: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Of reports/calibration.json the figures of the chosen methods, in the form of `calibration_figures`."""
    return _of_heads({name: of_head[of_head["method"]] for name, of_head in compared.items()})


def calibration_figures(
    found: Mapping[str, Predictions], by_head: Mapping[str, Fitted], bins: int, decoded: bool = False
) -> tuple[dict[str, Any], list[str]]:
    """(figures of the calibrated predictions, limits as sentences). With one head its figures, else {head: figures}.

    found: uncalibrated predictions of each head; by_head: calibrators; decoded: see `compare_methods`
    """
    tables = {
        name: calibrated(most_probable(of_head) if decoded else of_head, by_head[name])
        for name, of_head in found.items()
    }
    figures = {name: measure_calibration(table, bins) for name, table in tables.items()}
    return _of_heads(figures), list(_limits(found, tables, by_head, decoded))


def _limits(
    found: Mapping[str, Predictions], tables: Mapping[str, Predictions], by_head: Mapping[str, Fitted], decoded: bool
) -> Iterator[str]:
    """Sentences on answers that are not those of the figures. tables: calibrated"""
    for name, table in tables.items():
        count, total = int((found[name].predicted != table.predicted).sum()), len(table)
        if count and decoded:
            yield (
                f"{name}: decoding changes {count} of {total} answers; the figures of calibration are of the most "
                "probable classes."
            )
        elif count:
            yield (
                f"{name}: {by_head[name].kind} calibration changes {count} of {total} answers; only the figures of "
                "calibration are of the changed ones."
            )


def most_probable(found: Predictions) -> Predictions:
    """The same probabilities, answered by the most probable classes."""
    return replace(found, predicted=found.known_probabilities.argmax(axis=1))


def _of_heads(figures: dict[str, Any]) -> dict[str, Any]:
    return next(iter(figures.values())) if len(figures) == 1 else figures
