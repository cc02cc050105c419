"""Statistics of rows that are made by hand, against scipy."""

import numpy as np
import pytest
from scipy.stats import ttest_rel

from support.compare.made import answers, revision
from tailwise.compare.analysis import analyze, choose_figures
from tailwise.compare.rows import make_rows
from tailwise.compare.text import markdown, terminal
from tailwise.core.errors import UserError

RNG = np.random.default_rng(11)
SEEDS = range(1, 6)


def spread(name, shift, seeds=SEEDS, **params):
    """Revisions of a configuration, one a seed."""
    draws = RNG.uniform(0.4, 0.6, (len(seeds), 2)) + shift
    return [revision(f"{name}-{seed}", seed, params, tuple(map(float, of))) for seed, of in zip(seeds, draws)]


def comparison(*groups, named=(), answers=None):
    rows = make_rows([each for group in groups for each in group])
    return analyze(rows, choose_figures(rows, named), 0.02, answers or {})


def test_differences_are_those_of_a_paired_test_with_holms_correction():
    base, near, far = spread("base", 0, rate=1), spread("near", 0.02, rate=2), spread("far", 0.3, rate=3)
    found = comparison(base, near, far)
    values = [[each.figures["tag.macro_recall"] for each in group] for group in (base, near, far)]
    p = [ttest_rel(of_row, values[0]).pvalue for of_row in values[1:]]
    small, large = found.differences["tag.macro_recall"][1], found.differences["tag.macro_recall"][0]
    assert small.p == pytest.approx(min(2 * p[1], 1)) and large.p == pytest.approx(max(p[0], 2 * p[1]))
    assert small.estimate.mean == pytest.approx(np.mean(values[2]) - np.mean(values[0]))
    interval = ttest_rel(values[2], values[0]).confidence_interval()
    assert 2 * small.estimate.half == pytest.approx(interval.high - interval.low)


def test_pairs_are_corrected_for_all_pairs_and_agree_with_the_differences():
    found = comparison(spread("a", 0, rate=1), spread("b", 0.1, rate=2), spread("c", 0.2, rate=3))
    pairs = found.pairs["tag.macro_recall"]
    assert set(pairs) == {(0, 1), (0, 2), (1, 2)}
    for number, each in enumerate(found.differences["tag.macro_recall"], start=1):
        assert pairs[0, number].estimate.mean == pytest.approx(-each.estimate.mean)
        assert pairs[0, number].p >= each.p


def test_only_common_seeds_are_paired():
    found = comparison(spread("a", 0, range(1, 4), rate=1), spread("b", 0.1, range(3, 8), rate=2))
    assert found.differences["score"][0].estimate.count == 1 and found.differences["score"][0].p is None
    apart = comparison(spread("a", 0, range(1, 3), rate=1), spread("b", 0.1, range(3, 5), rate=2))
    assert (
        apart.differences["score"] == [None] and "rate=2: has no seed in common with a-1 and 1 more" in apart.notes[0]
    )
    assert "rate=2" in terminal(apart)


def test_figures_are_the_named_first_then_those_of_heads_then_the_scores():
    rows = make_rows(spread("a", 0))
    assert [each.name for each in choose_figures(rows, ["tag.loss"])] == [
        "tag.loss",
        "tag.macro_recall",
        "tag.macro_f1",
        "score",
    ]
    assert choose_figures(rows, ["tag.loss"])[0].lower and choose_figures(rows, [])[2].unit == "%"
    with pytest.raises(
        UserError, match="--metric: the pipeline has no figure 'tag.macro_recal'; did you mean tag.macro"
    ):
        choose_figures(rows, ["tag.macro_recal"])


def test_seeds_are_counted_in_the_unit_of_the_figure():
    found = comparison(spread("a", 0, rate=1), spread("b", 0.05, rate=2))
    assert found.differences["score"][0].needed == found.differences["tag.macro_recall"][0].needed > 2
    assert found.differences["score"][0].effect == pytest.approx(found.differences["tag.macro_recall"][0].effect)


def test_classes_have_their_labels_and_paired_differences():
    found = comparison(spread("a", 0, rate=1), spread("b", 0.25, rate=2))
    first, second = found.classes["tag"][0]
    assert (first.name, first.labels, second.labels) == ("a", 30, 8)
    whole = found.differences["tag.macro_recall"][0].estimate.mean
    assert (first.estimate.mean + second.estimate.mean) / 2 == pytest.approx(whole)


def test_two_single_models_are_compared_on_their_predictions():
    own, other = answers(RNG.random(80) < 0.9), answers(RNG.random(80) < 0.6)
    given = {"one": {"tag": other}, "two": {"tag": own}}
    found = comparison([revision("one")], [revision("two", params={"rate": 2})], answers=given)
    assert found.models[0][0].differences["accuracy"].value > 0
    assert found.spans["tag.macro_recall"].keys() == {0, 1}
    assert "Fixed models" in markdown(found) and "[" in terminal(found).splitlines()[4]
    other = {**given, "two": {"tag": answers([1, 0])}}
    found = comparison([revision("one")], [revision("two", params={"rate": 2})], answers=other)
    assert found.models == [[]] and "other samples" in found.notes[-1]


def test_markdown_escapes_what_a_name_may_hold():
    text = markdown(comparison([revision("one")], [revision("two", params={"rate": "a|b<script>*_`\n[x](y)"})]))
    row = next(line for line in text.splitlines() if line.startswith("| rate="))
    assert "<script" not in row and "a\\|b&lt;script>\\*\\_\\` \\[x\\](y)" in row


def test_one_row_has_no_differences():
    found = comparison(spread("a", 0))
    assert found.differences["score"] == [] and "Differences" not in markdown(found)
