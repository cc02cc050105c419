"""Batches by length: each sample as often as before, little padding, another order each epoch."""

from collections import Counter

import numpy as np
import pytest

from support.helpers import make_phase, make_run, make_table, make_task
from tailwise.engine.batches.buckets import POOL, bucketed, evaluation_order, training_order
from tailwise.engine.batches.order import epoch_order, steps_of
from tailwise.engine.checkpoint.recovery import Recovery
from tailwise.engine.evaluate.evaluation import evaluate
from tailwise.engine.evaluate.validate import totals
from tailwise.engine.train.loop import train_phase
from tailwise.engine.train.saving import largest_sample
from tailwise.engine.train.trainer import PhaseTrainer

WHERE = (1, "phase1", 0)


def lognormal(n: int, seed: int = 0, spread: float = 0.3) -> np.ndarray:
    """Lengths as of songs in lines."""
    return np.random.default_rng(seed).lognormal(np.log(40), spread, n).astype(int) + 1


def padding(order, lengths, batch_size: int) -> float:
    """Share of the positions of an epoch's batches that are padding."""
    batches = [lengths[step] for (step,) in steps_of(order, batch_size, batch_size)]
    return 1 - sum(map(np.sum, batches)) / sum(len(batch) * batch.max() for batch in batches)


@pytest.mark.parametrize("n", [1, 5, 31, 32, 33, 512, 513, 1000, 1025])
@pytest.mark.parametrize("batch_size", [1, 7, 32])
def test_every_sample_is_there_as_often_as_in_the_order(n, batch_size):
    lengths = lognormal(n)
    drawn = [*range(n), 0, 0, n - 1]
    found = training_order(drawn, lengths, batch_size, WHERE)
    assert Counter(found.tolist()) == Counter(drawn)


@pytest.mark.parametrize(("n", "spread"), [(640, 0.3), (2000, 0.5), (5000, 0.5)])
@pytest.mark.parametrize("seed", range(5))
def test_little_of_a_batch_is_padding(n, spread, seed):
    lengths = lognormal(n, seed, spread)
    position = (seed, "phase1", 2)
    assert padding(training_order(range(n), lengths, 32, position), lengths, 32) < 0.15
    assert padding(epoch_order(range(n), *position), lengths, 32) > 0.35


def test_samples_of_a_batch_come_from_one_pool_of_the_random_order():
    n = 3 * POOL * 8
    order, lengths = epoch_order(range(n), *WHERE), lognormal(n)
    pools = [set(pool.tolist()) for pool in np.split(order, 3)]
    for (step,) in steps_of(bucketed(order, lengths, 8, WHERE), 8, 8):
        assert sum(bool(pool & set(step)) for pool in pools) == 1


def test_batches_come_in_no_order_of_length():
    lengths = lognormal(2000)
    means = [lengths[step].mean() for (step,) in steps_of(training_order(range(2000), lengths, 20, WHERE), 20, 20)]
    assert abs(np.corrcoef(means, range(len(means)))[0, 1]) < 0.3


@pytest.mark.parametrize("other", [(2, "phase1", 0), (1, "phase2", 0), (1, "phase1", 1)])
def test_the_order_follows_from_its_position(other):
    lengths = lognormal(300)
    first, again, second = (training_order(range(300), lengths, 16, where) for where in (WHERE, WHERE, other))
    assert (first == again).all() and (first != second).any()
    same = bucketed(epoch_order(range(300), *WHERE), lengths, 16, other)  # the order of batches, too
    assert (first != same).any()


def test_the_batch_that_is_not_full_may_have_any_length():
    lengths = np.arange(1, 81)
    last = {training_order(range(80), lengths, 32, (1, "p", epoch))[64:].max() for epoch in range(40)}
    assert len(last) >= 3 and min(last) < 30 < 70 < max(last)


def test_a_set_of_few_batches_has_others_in_every_epoch():
    lengths = lognormal(320)
    first, second = (training_order(range(320), lengths, 32, (1, "p", epoch)).reshape(10, 32) for epoch in (0, 1))
    shared = max(len(set(one) & set(other)) for one in first.tolist() for other in second.tolist())
    beside = {(a, b) for batch in first.tolist() for a in batch for b in batch if a < b}
    again = {(a, b) for batch in second.tolist() for a in batch for b in batch if a < b}
    assert shared < 32 and len(beside & again) < 0.8 * len(beside)


def test_without_lengths_the_order_is_the_random_one():
    assert (training_order(range(50), None, 8, WHERE) == epoch_order(range(50), *WHERE)).all()
    assert list(evaluation_order(4, None)) == [0, 1, 2, 3]
    assert list(evaluation_order(4, [2, 9, 2, 3])) == [1, 3, 0, 2]


def test_each_step_takes_samples_of_similar_length():
    lengths, seen = lognormal(96).tolist(), []

    def prepare(batch, strength, keys):
        seen.append((int(keys[0, 2]), batch.index.tolist()))
        return batch

    task = make_task(train=make_table(96), prepare=prepare, lengths=lengths)
    train_phase(task, make_phase(epochs=2), range(96), {}, make_run(batch_size=16, accumulate=2))
    for epoch in range(2):
        steps = [index for number, index in seen if number == epoch][-12:]  # the first only tries the model
        assert sorted(sum(steps, [])) == list(range(96))
        spans = [max(lengths[i] for i in step) - min(lengths[i] for i in step) for step in steps]
        assert np.median(spans) < np.ptp(lengths) / 8


def test_repeated_samples_keep_their_numbers():
    """By them each repetition is augmented in another way."""
    keys = []

    def prepare(batch, strength, found):
        keys.extend(found[:, 3].tolist())
        return batch

    task = make_task(train=make_table(8), prepare=prepare, lengths=[5] * 8)
    train_phase(task, make_phase(epochs=1), [3, 3, 3, 1], {}, make_run(batch_size=4))
    assert sorted(keys[-4:]) == [1, 3, 11, 19]


def test_memory_is_tried_with_the_longest_sample_of_the_first_epoch():
    samples = [4, 2, 7]
    known = make_task(lengths=[9 - i if i in samples else 99 for i in range(24)])
    for task, expected in ((known, 2), (make_task(), 4)):
        assert largest_sample(PhaseTrainer(task, make_phase(), samples, {}, make_run())) == expected


@pytest.mark.parametrize("accumulate", [1, 4])
def test_an_evaluation_by_length_gives_its_answers_in_the_order_of_the_dataset(accumulate):
    plain, lengths = make_task(valid=make_table(21, seed=3)), [i * 5 % 13 for i in range(21)]
    by_length = make_task(valid=make_table(21, seed=3), valid_lengths=lengths)
    run = make_run(batch_size=8, accumulate=accumulate)
    found, expected = evaluate(by_length, run), evaluate(plain, run)
    for name, answers in found.predictions.items():
        assert answers.samples == expected.predictions[name].samples
        np.testing.assert_allclose(answers.probabilities, expected.predictions[name].probabilities, atol=1e-6)
        assert found.figures[name]["recall"] == expected.figures[name]["recall"]
        assert totals(by_length, run)[name][1:] == totals(plain, run)[name][1:]


def test_lengths_are_one_a_sample():
    for name in ("lengths", "valid_lengths"):
        with pytest.raises(ValueError, match=f"{name} has 3 numbers for 24 samples"):
            make_task(**{name: [1, 2, 3]})


class Stop(BaseException):
    pass


def test_resumed_equals_straight(tmp_path):
    lengths = lognormal(40).tolist()

    def train(stop=None, **run):
        calls = []

        def prepare(batch, strength, keys):
            calls.append(1)
            if len(calls) == stop:
                raise Stop
            return batch

        task = make_task(train=make_table(40), prepare=prepare, lengths=lengths, valid_lengths=lognormal(24).tolist())
        return train_phase(task, make_phase(epochs=3), range(40), {}, make_run(accumulate=2, **run))

    straight = train()
    for stop in range(2, 31, 4):
        with pytest.raises(Stop), Recovery(tmp_path / f"{stop}") as recovery:
            train(stop, recovery=recovery, save_every=0.0)
        with Recovery(tmp_path / f"{stop}") as recovery:
            resumed = train(recovery=recovery)
        assert resumed.history == straight.history and resumed.best == straight.best
        assert all((resumed.weights[name] == tensor).all() for name, tensor in straight.weights.items())
