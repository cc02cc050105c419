"""Samples of several requests are predicted together, and none waits while the model has nothing to do."""

import threading
import time

import numpy as np
import pytest

from tailwise.core.errors import UserError
from tailwise.recipes.prediction import Prediction, Sample
from tailwise.serve.batching import Batches


def sample(name: str, size: int = 2) -> Sample:
    return Sample(0, name, {"x": np.zeros(size)})


class Model:
    """Answers with the sample's name; refuses what is called bad, and breaks on what is called broken."""

    def __init__(self):
        self.batches, self.begun, self.go = [], threading.Event(), threading.Event()
        self.go.set()

    def predict_together(self, samples):
        names = [one.name for one in samples]
        self.batches.append(names)
        self.begun.set()
        assert self.go.wait(60)
        if "bad" in names:
            raise UserError("bad: cannot be taken")
        if "broken" in names:
            raise RuntimeError("broken")
        return [Prediction(name, (), ()) for name in names]


def together(batches: Batches, model: Model, samples: list[Sample]) -> dict[str, object]:
    """What each sample gets, sent while the model answers another one."""
    found: dict[str, object] = {}

    def ask(one: Sample) -> None:
        try:
            found[one.name] = batches.submit(one).result(60).name
        except Exception as error:
            found[one.name] = error

    model.go.clear()
    threads = [threading.Thread(target=ask, args=(sample("first"),))]
    threads[0].start()
    assert model.begun.wait(60)
    for one in samples:
        threads.append(threading.Thread(target=ask, args=(one,)))
        threads[-1].start()
        while batches.waiting < len(threads) - 1:
            time.sleep(0.001)
    model.go.set()
    for thread in threads:
        thread.join(60)
    return found


def test_a_sample_alone_is_answered_alone_and_those_that_come_meanwhile_together():
    model, sizes = Model(), []
    batches = Batches(model, 3, sizes.append)
    found = together(batches, model, [sample(name) for name in "abcd"])
    assert found == {name: name for name in ("first", *"abcd")}
    assert model.batches == [["first"], ["a", "b", "c"], ["d"]] and sizes == [1, 3, 1]


def test_samples_of_other_shapes_are_another_batch():
    model = Model()
    found = together(Batches(model, 8), model, [sample("a"), sample("b", 3), sample("c")])
    assert model.batches[1:] == [["a", "c"], ["b"]] and len(found) == 4


def test_a_sample_that_is_refused_fails_alone():
    model = Model()
    found = together(Batches(model, 8), model, [sample("a"), sample("bad"), sample("c")])
    assert found["a"] == "a" and found["c"] == "c" and isinstance(found["bad"], UserError)


@pytest.mark.filterwarnings("error")
def test_a_failure_of_the_program_reaches_its_batch_and_the_next_is_answered():
    model = Model()
    batches = Batches(model, 8)
    found = together(batches, model, [sample("a"), sample("broken")])
    assert isinstance(found["a"], RuntimeError) and isinstance(found["broken"], RuntimeError)
    assert batches.submit(sample("later")).result(60).name == "later"


@pytest.mark.parametrize(
    ("wrong", "raised"),
    [
        (Sample(0, "uneven", {"x": [[1, 2], [3]]}), ValueError),  # pyright: ignore[reportArgumentType]
        (sample("none"), ValueError),
        (sample("exit"), SystemExit),
    ],
)
def test_whatever_goes_wrong_is_told_and_the_next_sample_is_answered(wrong, raised):
    class Odd(Model):
        def predict_together(self, samples):
            if samples[0].name == "exit":
                raise SystemExit(1)
            return [] if samples[0].name == "none" else super().predict_together(samples)

    batches = Batches(Odd(), 8)
    assert isinstance(batches.submit(wrong).exception(60), raised)
    assert batches.submit(sample("later")).result(60).name == "later"


def test_who_leaves_while_waiting_takes_no_answer_from_others():
    model = Model()
    batches = Batches(model, 8)
    model.go.clear()
    first = batches.submit(sample("first"))
    assert model.begun.wait(60)
    left, stays = batches.submit(sample("left")), batches.submit(sample("stays"))
    assert left.cancel()
    model.go.set()
    assert (first.result(60).name, stays.result(60).name) == ("first", "stays")
    assert model.batches == [["first"], ["stays"]]
