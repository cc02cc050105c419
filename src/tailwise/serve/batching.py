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

    def submit(self, sample: Sample) -> Future[Prediction]:
        """Its answer to come, or what the predictor raises for this sample."""
        answer: Future[Prediction] = Future()
        self._queue.put((sample, answer))
        return answer

    def _work(self) -> None:
        """For ever: whatever is raised goes to those who wait, so that nobody waits without end."""
        while True:
            taken = [one for one in self._take() if one[1].set_running_or_notify_cancel()]  # not those who left
            try:
                for together in by_shape(taken):
                    self.count(len(together))
                    self._answer(together)
            except BaseException as error:
                for _, answer in taken:
                    if not answer.done():
                        answer.set_exception(error)

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
        """One by one where the model refuses the batch, so that a sample which it cannot take fails alone."""
        try:
            found = self.predictor.predict_together([sample for sample, _ in waiting])
        except UserError as error:
            if len(waiting) == 1:
                waiting[0][1].set_exception(error)
            else:
                for one in waiting:
                    self._answer([one])
        else:
            for (_, answer), prediction in zip(waiting, found, strict=True):
                answer.set_result(prediction)


def by_shape(waiting: Sequence[Waiting]) -> list[list[Waiting]]:
    """Samples with the same names and shapes of inputs together, in order of coming."""
    groups: dict[tuple[object, ...], list[Waiting]] = {}
    for one in waiting:
        inputs = one[0].inputs
        groups.setdefault(tuple((name, np.shape(inputs[name])) for name in sorted(inputs)), []).append(one)
    return list(groups.values())
