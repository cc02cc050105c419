"""Records of epochs."""

import json
from dataclasses import asdict

import numpy as np

from tailwise.core.batch import Head
from tailwise.engine.contract.record import EpochRecord, HeadMetrics, MetricSums, PartialMetrics, line

HEAD = Head("action", ("often", "rare"))


def record(epoch=1, hits=5, support=5, **heads):
    matrix = [[90, 10], [support - hits, hits]]
    return EpochRecord("phase2", epoch, 15, 1e-3, 0.5, 1.25, heads or {"action": HeadMetrics(0.7, matrix)})


def test_a_record_survives_json():
    before = record()
    assert EpochRecord.from_json(json.loads(json.dumps(before.to_json()))) == before


def test_the_score_is_the_mean_of_macro_recalls_over_the_heads_that_have_labels():
    half, full, none = ([[1, 1], [1, 1]], [[3, 0], [0, 1]], [[0, 0], [0, 0]])
    cases = {0.5: [half], 0.75: [half, full], 1.0: [full, none], 0.0: [none]}
    for score, matrices in cases.items():
        assert record(**{str(i): HeadMetrics(0.0, matrix) for i, matrix in enumerate(matrices)}).score == score


def test_the_score_does_not_depend_on_the_order_of_the_heads():
    assert 0.1 + 0.2 + 0.3 != 0.3 + 0.2 + 0.1
    heads = [(name, HeadMetrics(1.0, [[found, 10 - found], [0, 0]])) for name, found in (("a", 1), ("b", 2), ("c", 3))]
    one, other = (EpochRecord("phase1", 1, 1, 0.1, 1.0, 1.0, dict(order)) for order in (heads, heads[::-1]))
    assert one.score == other.score


def test_an_epoch_is_one_line():
    text = line(record(2, 0), (HEAD,))
    assert "\n" not in text and "phase2 epoch  2/15" in text and "norm 1.25" in text and "lowest 0.00 rare" in text


def test_a_head_without_labels_has_a_line_too():
    assert "recall nan" in line(record(action=HeadMetrics(0.0, np.zeros((2, 2), int).tolist())), (HEAD,))


def test_a_tally_sums_parts_and_survives_json():
    counts = np.array([[3, 1], [0, 2]])
    tally, parts = (
        MetricSums(),
        [
            PartialMetrics(4, {"action": (1.5, 4, counts)}),
            PartialMetrics(),
            PartialMetrics(3, {"action": (0.5, 2, counts)}),
        ],
    )
    tally.add(parts[:1])
    tally = MetricSums(**json.loads(json.dumps(asdict(tally))))
    tally.add(parts[1:])
    assert tally.samples == 7
    assert tally.record(HEAD) == HeadMetrics(2.0 / 6, [[6, 2], [0, 4]])


def test_a_tally_of_nothing_is_zeros():
    assert MetricSums().record(HEAD) == HeadMetrics(0.0, [[0, 0], [0, 0]])
