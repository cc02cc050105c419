"""Samples of many requests, predicted together."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from queue import Empty, SimpleQueue
from typing import Protocol

import numpy as np

from tailwise.core.errors import UserError
from tailwise.recipes.prediction import Prediction, Sample

Waiting = tuple[Sample, "Future[Prediction]"]


class Predictor(Protocol):
    def predict(self, sample: Sample) -> Prediction: ...
    def predict_together(self, samples: Sequence[Sample]) -> list[Prediction]: ...


class Batches:
    """Predicts what waits: a sample that comes alone at once, and those that come meanwhile as the next batch.

    So no sample waits for others to come, and a batch grows with the load. most: samples of a batch, whose inputs have
    the same shapes; count: called with the size of each
    """

    def __init__(self, predictor: Predictor, most: int, count: Callable[[int], object] = lambda size: None):
        self.predictor, self.most, self.count = predictor, most, count
        self._queue: SimpleQueue[Waiting] = SimpleQueue()
        threading.Thread(target=self._work, daemon=True).start()

    @property
    def waiting(self) -> int:
        """Samples that the model has not begun."""
        return self._queue.qsize()

    def predict(self, sample: Sample) -> Prediction:
        """Waits for the answer. Raises what the predictor raises for this sample."""
        answer: Future[Prediction] = Future()
        self._queue.put((sample, answer))
        return answer.result()

    def _work(self) -> None:
        while True:
            waiting = self._take()
            for together in by_shape(waiting):
                self.count(len(together))
                self._answer(together)

    def _take(self) -> list[Waiting]:
        """One sample or more, those that wait already."""
        taken = [self._queue.get()]
        while len(taken) < self.most:
            try:
                taken.append(self._queue.get_nowait())
            except Empty:
                break
        return taken

    def _answer(self, waiting: Sequence[Waiting]) -> None:
        try:
            found = self.predictor.predict_together([sample for sample, _ in waiting])
        except Exception as error:
            return self._answer_each(waiting, error)
        for (_, answer), prediction in zip(waiting, found):
            answer.set_result(prediction)

    def _answer_each(self, waiting: Sequence[Waiting], error: Exception) -> None:
        """One by one, so that a sample which the model cannot take fails alone."""
        if len(waiting) == 1 or not isinstance(error, UserError):
            for _, answer in waiting:
                answer.set_exception(error)
        else:
            for one in waiting:
                self._answer([one])


def by_shape(waiting: Sequence[Waiting]) -> list[list[Waiting]]:
    """Samples with the same names and shapes of inputs together, in order of coming."""
    groups: dict[tuple[object, ...], list[Waiting]] = {}
    for one in waiting:
        inputs = one[0].inputs
        groups.setdefault(tuple((name, np.shape(inputs[name])) for name in sorted(inputs)), []).append(one)
    return list(groups.values())
