"""What Prometheus reads of a server: requests, latency, queue, predicted classes, confidence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

TENTHS = [place / 10 for place in range(1, 11)]


class Figures:
    """One registry for each server."""

    def __init__(self):
        own = self.registry = CollectorRegistry()
        self.requests = Counter("tailwise_requests", "Requests, by status.", ["status"], registry=own)
        self.seconds = Histogram("tailwise_seconds", "From the whole request to its answer.", registry=own)
        self.waiting = 0
        queue = Gauge("tailwise_queue", "Requests that wait or are being answered.", registry=own)
        queue.set_function(lambda: self.waiting)
        self.predicted = Counter("tailwise_predicted", "Answers, by class.", ["head", "label"], registry=own)
        of_answers = "tailwise_confidence", "Probability of the answer.", ["head"]
        self.confidence = Histogram(*of_answers, buckets=TENTHS, registry=own)

    def count(self, samples: Sequence[dict[str, Any]]) -> None:
        """Count the answers of one request."""
        for sample in samples:
            for head, found in sample["heads"].items():
                for row in found if isinstance(found, list) else [found]:
                    self.predicted.labels(head, row["class"]).inc()
                    self.confidence.labels(head).observe(row["confidence"])

    def text(self) -> bytes:
        """In Prometheus' text format."""
        return generate_latest(self.registry)
