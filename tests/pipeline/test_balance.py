"""Rebalancing in each phase of a real run: what training draws, weighs and shifts."""

from collections import Counter
from dataclasses import replace

import pytest
import torch

from support.slow import slow_but
from tailwise.balance.boosts import Inverse, Target, boost_from_counts
from tailwise.balance.files import read_rebalancing
from tailwise.balance.guard import Balance
from tailwise.balance.plan import rebalance
from tailwise.balance.subset import Balanced, Rebalance
from tailwise.core.files import read_json
from tailwise.core.params.config import read_params, section, sections
from tailwise.engine.contract.phase import Phase
from tailwise.engine.contract.run import Run, Training
from tailwise.engine.evaluate.inputs import class_boosts, read_heads, sample_indices
from tailwise.engine.train.loop import train_phase
from tailwise.recipes.fouls import task as fouls
from tailwise.recipes.fouls.recipe import RECIPE

PHASES = ("phase1", "phase2", "phase3")


@pytest.fixture
def door(finished):
    """(task, places, boosts, rebalancing) as `stages/train.py` has them for a phase."""

    def of(phase: str):
        params = read_params(finished / "params.yaml")
        heads = read_heads(finished / "data/index/heads.json")
        store = finished / "data/clips"
        task = fouls.build(sections(params, fouls.Config), heads, store / "train", store / "valid", 1)
        rebalancing = read_rebalancing(finished / f"data/weights/{phase}")
        places = sample_indices(task.train, rebalancing.samples)
        return task, places, class_boosts(rebalancing, heads, task.train, places), rebalancing

    return of


@pytest.mark.parametrize("phase", slow_but(PHASES, "phase2"))
def test_every_sample_is_drawn_as_often_as_the_weights_stage_says(door, finished, phase):
    task, places, boosts, rebalancing = door(phase)
    drawn, prepare = Counter(), task.prepare

    def watch(batch, strength, keys):
        drawn.update(batch.index.tolist())
        return prepare(batch, strength, keys)

    params = read_params(finished / "params.yaml")
    how = replace(section(params, f"{phase}.train", Phase), epochs=2)
    run = Run(phase, section(params, "training", Training), torch.device("cpu"))
    train_phase(replace(task, prepare=watch), how, places, boosts, run)
    looked_at = Counter([places[0]]) if any(len(set(b.boost.tolist())) > 1 for b in boosts.values()) else Counter()
    expected = Counter({place: 2 * times for place, times in Counter(places).items()}) + looked_at
    assert drawn == expected
    assert Counter(task.train.names[place] for place in places) == Counter(rebalancing.samples)


@pytest.mark.parametrize("phase", PHASES)
def test_boosts_keep_within_the_cap_and_act_where_the_phase_says(door, finished, phase):
    params = read_params(finished / "params.yaml")[phase]
    _, _, boosts, rebalancing = door(phase)
    assert rebalancing.apply_as == params["apply_as"]
    for of_head in boosts.values():
        assert of_head.boost.min() == 1 and of_head.boost.max() / of_head.boost.min() <= params["max_weight"] + 1e-4
        mean = (of_head.weights() * of_head.counts).sum() / of_head.counts.sum()
        assert mean.item() == pytest.approx(1)
        expected = -of_head.boost.log() if params["apply_as"] == "margin" else torch.zeros_like(of_head.boost)
        torch.testing.assert_close(of_head.margins(), expected)


def test_every_phase_sees_all_samples(door):
    for phase in PHASES:
        task, places, *_ = door(phase)
        assert sorted(places) == list(range(len(task.train)))


def test_a_balanced_phase_sees_no_class_more_often_than_its_heads_rarest_allows(finished):
    counts = read_json(finished / "reports/classes.json")["train"]
    labels = RECIPE.labels(finished / "data/clips/train", list(counts))
    how = Rebalance(1.5, Inverse("inverse"), "weight", Balanced("balanced", 2.0))
    boost = {head: dict.fromkeys(of_head, 1.0) for head, of_head in counts.items()}
    drawn = rebalance("phase1", how, boost, counts, labels, Balance(100.0))[0].samples
    chosen = [labels.samples.index(name) for name in drawn]
    assert 0 < len(set(drawn)) == len(drawn) < len(labels.samples)
    for head, whole in counts.items():
        seen = Counter(labels.classes[head][i] for i in chosen)
        assert max(seen.values()) <= 2 * min(whole.values())


def test_phase_3_starts_from_phase_2_and_with_few_samples_counts_decide(finished):
    """Validation of the smoke preset has 3 to 6 samples a class, below the least support; the rule itself: see
    test_boosts."""
    params = read_params(finished / "params.yaml")
    target, how = (
        section(params, "target", Target),
        section(params, "phase3", Rebalance, ignore=("inputs", "curriculum", "train", "teacher")),
    )
    before, after = (read_rebalancing(finished / f"data/weights/{phase}").boost for phase in ("phase2", "phase3"))
    best = read_json(finished / "reports/training/phase2/best.json")
    for head, counts in read_json(finished / "reports/classes.json")["train"].items():
        assert max(best[head]["support"].values()) < target.min_support
        by_count = boost_from_counts(counts, how.boost, how.max_weight)
        expected = {name: max(boost, by_count[name]) for name, boost in before[head].items()}
        assert after[head] == pytest.approx(expected, abs=1e-4)
