"""Epoch records, and the sums of a validation."""

import json
from dataclasses import asdict

import numpy as np

from support.helpers import total
from tailwise.engine.contract.record import EpochRecord, MetricSums, PartialMetrics
from tailwise.metrics.interventions import Intervention


def test_a_record_survives_json():
    acted = (Intervention(1, 2, "loss spike", "roll back", 0.5, 16, 0, 3.0, 1.0, 1.1),)
    before = EpochRecord("phase2", 1, 15, 1e-3, 0.5, 1.25, {"action": total(0.7, [[90, 10], [0, 5]])}, 0.95, acted)
    assert EpochRecord.from_json(json.loads(json.dumps(before.to_json()))) == before


def test_sums_add_parts_in_order_and_survive_json():
    parts = [
        PartialMetrics(4, {"action": np.array([1.5, 4, 3, 1])}),
        PartialMetrics(),
        PartialMetrics(3, {"action": np.array([0.1, 2, 3, 1])}),
        PartialMetrics(3, {"action": np.array([0.2, 2, 3, 1])}),
    ]
    sums = MetricSums()
    sums.add(parts[:1])
    sums = MetricSums(**json.loads(json.dumps(asdict(sums))))
    sums.add(parts[1:])
    assert sums.samples == 10
    assert sums.totals == {"action": [1.5 + 0.1 + 0.2, 8, 9, 3]}
