"""What Prometheus reads of a server: requests, latency, queue, batches, inputs, answers, drift."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from tailwise.serve.uploads import Upload

TENTHS = [place / 10 for place in range(1, 11)]
POWERS = [2**place for place in range(8)]
SIZES = [10**place for place in range(3, 10)]


class Figures:
    """One registry for each server."""

    def __init__(self):
        own = self.registry = CollectorRegistry()
        self.requests = Counter("tailwise_requests", "Requests, by status.", ["status"], registry=own)
        self.seconds = Histogram("tailwise_seconds", "From the whole request to its answer.", registry=own)
        self.waiting = 0
        queue = Gauge("tailwise_queue", "Requests that wait or are being answered.", registry=own)
        queue.set_function(lambda: self.waiting)
        self.batch = Histogram(
            "tailwise_batch", "Samples that the model answered together.", buckets=POWERS, registry=own
        )
        self.files = Histogram("tailwise_files", "Files of a request, zips unpacked.", buckets=POWERS, registry=own)
        self.bytes = Histogram("tailwise_file_bytes", "Bytes of a file.", buckets=SIZES, registry=own)
        self.predicted = Counter("tailwise_predicted", "Answers, by class.", ["head", "label"], registry=own)
        of_answers = "tailwise_confidence", "Probability of the answer.", ["head"]
        self.confidence = Histogram(*of_answers, buckets=TENTHS, registry=own)
        corrections = "tailwise_corrected", "Corrections, and whether the answer was right."
        self.corrected = Counter(*corrections, ["head", "right"], registry=own)
        of_window = "tailwise_drift", "Of the last window from the reference; psi, js or p."
        self.drift = Gauge(*of_window, ["head", "of", "measure"], registry=own)
        self.alarm = Gauge("tailwise_drift_alarm", "1 if the last window drifted.", registry=own)

    def count(self, samples: Sequence[dict[str, Any]]) -> None:
        """Count the answers of one request."""
        for sample in samples:
            for head, found in sample["heads"].items():
                for row in found if isinstance(found, list) else [found]:
                    self.predicted.labels(head, row["class"]).inc()
                    self.confidence.labels(head).observe(row["confidence"])

    def count_files(self, files: Sequence[Upload]) -> None:
        """Count what one request sent."""
        self.files.observe(len(files))
        for file in files:
            self.bytes.observe(len(file.content))

    def count_correction(self, answers: Mapping[str, Any], labels: Mapping[str, str]) -> None:
        """Count whether the model had answered so before a person did."""
        for head, label in labels.items():
            self.corrected.labels(head, str(answers[head]["class"] == label).lower()).inc()

    def set_drift(self, last: dict[str, Any]) -> None:
        """last: of `Watch.as_json`"""
        self.alarm.set(last["alarm"])
        for head, found in last["heads"].items():
            for of, drift in found.items():
                for measure, value in drift.items():
                    self.drift.labels(head, of, measure).set(value)

    def text(self) -> bytes:
        """In Prometheus' text format."""
        return generate_latest(self.registry)
