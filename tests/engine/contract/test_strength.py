"""The strength of augmentation by class: factors worked out by hand, and who gets which."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from support.helpers import HEADS, Table, make_phase, make_run, make_task
from tailwise.core.errors import UserError
from tailwise.core.heads import IGNORE
from tailwise.engine.contract.strength import ClassStrength, Strength, class_factors, rarities
from tailwise.engine.train.loop import train_phase
from tailwise.engine.train.trainer import PhaseTrainer

COUNTS = {"colour": np.array([100, 10, 1]), "size": np.array([50, 50])}
RECALLS = {"colour": {"red": 1.0, "green": 0.5, "blue": 0.0}, "size": {"small": 0.2, "large": 0.8}}


def factors(**how):
    return {head: found.tolist() for head, found in class_factors(ClassStrength(**how), HEADS, COUNTS).items()}


@pytest.mark.parametrize(("counts", "rare"), [
    ([100, 10, 1], [0, 0.5, 1]),
    ([8, 4, 0], [0, 1, 1]),
    ([7, 7], [0, 0]),
    ([1, 1, 0], [0, 0, 0]),
    ([0, 0], [0, 0]),
])  # fmt: skip
def test_rarity_is_the_logarithm_between_most_and_least(counts, rare):
    assert rarities(np.array(counts)).tolist() == pytest.approx(rare)


def test_rarer_classes_are_augmented_more():
    assert factors(rarity=0.4)["colour"] == pytest.approx([0.6, 0.8, 1.0])
    assert factors(rarity=0.4)["size"] == pytest.approx([0.6, 0.6])


def test_mastered_classes_are_augmented_more():
    assert factors(mastery=0.5, recalls=RECALLS)["colour"] == pytest.approx([1.0, 0.75, 0.5])
    both = factors(rarity=0.4, mastery=0.5, recalls=RECALLS)
    assert both["colour"] == pytest.approx([0.6, 0.6, 0.5]) and both["size"] == pytest.approx([0.36, 0.54])


def test_mastery_without_recalls_is_refused():
    with pytest.raises(UserError, match="augment_by_class.mastery needs a recall of each class, 'colour' has none"):
        factors(mastery=0.5)


def test_a_sample_gets_the_largest_factor_of_its_labels():
    strength = Strength(0.5, {"colour": np.array([0.6, 0.8, 1.0]), "size": np.array([0.7, 0.9])})
    targets = {"colour": torch.tensor([0, 2, IGNORE, IGNORE]), "size": torch.tensor([0, 0, 1, IGNORE])}
    assert strength.of(targets).tolist() == pytest.approx([0.35, 0.5, 0.45, 0.5])
    positions = {"colour": torch.tensor([[0, 1], [IGNORE, 0]])}
    of_colour = Strength(0.5, {"colour": strength.factors["colour"]})
    assert of_colour.of(positions).tolist() == pytest.approx([0.4, 0.3])


def test_without_the_option_all_have_the_phases():
    assert Strength(0.5, {}).of({"colour": torch.tensor([0, 1])}) == 0.5


def test_the_classes_are_counted_over_the_samples_of_the_phase():
    """Of samples 0 to 4 and 4 again: red four times, blue twice; green does not occur and is as rare as any."""
    table = Table({"x": torch.zeros(6, 5)}, {"colour": torch.tensor([0, 0, 0, 0, 2, 1]), "size": torch.zeros(6).long()})
    phase = make_phase(augment=1.0, augment_by_class=ClassStrength(rarity=1.0))
    trainer = PhaseTrainer(make_task(train=table), phase, [0, 1, 2, 3, 4, 4], {}, make_run())
    assert trainer.strength.factors["colour"].tolist() == [0, 1, 1]
    trainer = PhaseTrainer(
        make_task(train=table), phase, lambda epoch: [0, 1, 4] if epoch else [4, 5, 0, 2], {}, make_run()
    )
    assert trainer.strength.factors["colour"].tolist() == pytest.approx(
        [0, 1, math.log(2) / math.log(4)][:1] + [1, 0.5]
    )


def test_the_augmentation_of_each_sample_hears_its_strength():
    heard = []
    task = make_task(prepare=lambda batch, strength, keys: heard.append((batch, strength)) or batch)
    phase = make_phase(epochs=1, augment=0.8, augment_by_class=ClassStrength(rarity=0.5))
    trainer = PhaseTrainer(task, phase, range(24), {}, make_run())
    heard.clear()
    train_phase(task, phase, range(24), {}, make_run())
    assert len(heard) == 3
    for batch, strength in heard:
        np.testing.assert_array_equal(strength, trainer.strength.of(batch.targets))
        assert strength.shape == (8,) and 0.4 <= strength.min() <= strength.max() <= 0.8


@pytest.mark.parametrize(("wrong", "said"), [
    ({"rarity": 1.1}, "rarity and mastery must be within"),
    ({}, "neither rarity nor mastery is above 0: it has no effect"),
    ({"rarity": 0.5, "recalls": RECALLS}, "recalls has no effect: mastery is 0"),
])  # fmt: skip
def test_what_has_no_effect_is_refused(wrong, said):
    with pytest.raises(ValueError, match=said):
        ClassStrength(**wrong)


def test_without_augmentation_or_classes_it_is_refused():
    by_class = ClassStrength(rarity=0.5)
    with pytest.raises(ValueError, match="augment_by_class has no effect: augment is 0"):
        make_phase(augment=0.0, augment_by_class=by_class)
    with pytest.raises(UserError, match="augment_by_class has no effect: the task has no classes"):
        PhaseTrainer(
            replace(make_task(), heads=()), make_phase(augment=1.0, augment_by_class=by_class), [0], {}, make_run()
        )
