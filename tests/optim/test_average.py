"""Averages of weights against hand-written means."""

import pytest
import torch

from support.helpers import HEADS, Linear, same
from tailwise.optim.average import EMA, SWA, WeightAverage, ema_share


def moved(model, value):
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.fill_(value)
    return model


def values(average):
    return {round(float(p.flatten()[0]), 6) for p in average.model.parameters()}


@pytest.mark.parametrize(("updates", "share"), [(0, 0.9), (8, 0.5), (80, 0.1), (10**6, 0.1)])
def test_the_share_of_the_new_weights(updates, share):
    assert ema_share(updates, 0.9) == pytest.approx(share)


def test_an_ema_follows_the_steps():
    model = moved(Linear(5, HEADS), 0.0)
    average = WeightAverage(EMA("ema", 0.5), model)
    assert not average.started
    average.after_step(moved(model, 1.0))
    average.after_epoch(model, 0)
    average.after_step(moved(model, 2.0))
    first = 0.9
    second = 1 - 2 / 11
    assert average.started and values(average) == {round(first + second * (2.0 - first), 6)}


def test_a_swa_is_the_mean_of_the_last_epochs():
    model = moved(Linear(5, HEADS), 0.0)
    average = WeightAverage(SWA("swa", 3), model)
    for epoch in range(5):
        average.after_step(moved(model, float(epoch)))
        average.after_epoch(model, 4 - epoch)
        assert average.started == (epoch >= 2)
    assert values(average) == {3.0}


@pytest.mark.parametrize("how", [EMA("ema", 0.9), SWA("swa", 3)])
def test_it_comes_back_from_its_tensors(how):
    ended = []
    for cut in (False, True):
        model = moved(Linear(5, HEADS), 0.0)
        average = WeightAverage(how, model)
        for epoch in range(3):
            average.after_step(moved(model, epoch + 0.1))
            average.after_epoch(model, 2 - epoch)
            if cut:
                kept, average = average.tensors(), WeightAverage(how, model)
                average.restore({name: tensor.clone() for name, tensor in kept.items()})
        ended.append(average.tensors())
    assert same(*ended)


@pytest.mark.parametrize("wrong", [lambda: EMA("ema", 0.0), lambda: EMA("ema", 1.0), lambda: SWA("swa", 1)])
def test_impossible_values_are_refused(wrong):
    with pytest.raises(ValueError):
        wrong()
