"""Folds and shares of the labelled data: whole groups, every sample once, rare classes in each fold, nested shares."""

from collections import Counter
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from tailwise.core.errors import UserError
from tailwise.data.tables.resampling import Resampling, fold_of, linked_groups, resample
from tailwise.data.tables.rows import Index

CLASSES = ("often", "seldom", "rarely")


def table(split: str, count: int, groups: int, views: int = 1) -> pd.DataFrame:
    """Samples on a long tail, of several views each; the groups know nothing of the classes."""
    draw = np.random.default_rng([count, groups])
    labels, group = draw.choice(CLASSES, count, p=[0.8, 0.15, 0.05]), draw.integers(groups, size=count)
    rows = [
        {
            "sample": f"{split}/{i}",
            "view": str(view),
            "group": f"{split} g{group[i]}",
            "content": f"{split}{i}{view}",
            "tag": labels[i],
        }
        for i in range(count)
        for view in range(views)
    ]
    return pd.DataFrame(rows)


@pytest.fixture
def index() -> Index:
    rows = {"train": table("train", 300, 40, 2), "valid": table("valid", 100, 15, 2), "test": table("test", 60, 9)}
    dropped = {"train": {"no label": 3}, "valid": {"no label": 1}, "test": {}}
    return Index({"tag": CLASSES}, rows, dropped, {split: [] for split in rows})


def groups_of(rows: pd.DataFrame) -> set[str]:
    return set(rows["group"])


def test_without_a_wish_the_index_stays_as_it_is(index):
    assert resample(index, Resampling()) is index


def test_each_sample_is_held_out_once_and_groups_stay_whole(index):
    made = [resample(index, Resampling(folds=4, fold=number)) for number in range(4)]
    held_out = pd.concat([one.rows["valid"] for one in made])
    both = pd.concat([index.rows["train"], index.rows["valid"]])
    assert sorted(held_out["content"]) == sorted(both["content"])
    for one in made:
        assert not groups_of(one.rows["train"]) & groups_of(one.rows["valid"])
        assert len(one.rows["train"]) + len(one.rows["valid"]) == len(both)
        assert one.rows["test"] is index.rows["test"]
        assert one.dropped["train"] == {"no label": 4} and one.dropped["valid"] == {"no label": 0}
    assert made[2].notes["valid"] == ["fold 2 of 4 (resampling): this fold of the train and valid of the data"]


def test_every_fold_has_its_part_of_the_rare_class(index):
    made = [resample(index, Resampling(folds=4, fold=number)) for number in range(4)]
    counts = [Counter(one.rows["valid"].drop_duplicates("sample")["tag"])["rarely"] for one in made]
    assert max(counts) - min(counts) <= 2 and min(counts) >= 2


def test_another_seed_draws_other_folds_and_the_same_one_the_same(index):
    first, again, other = (resample(index, Resampling(folds=4, seed=seed)) for seed in (1, 1, 2))
    assert first.rows["valid"].equals(again.rows["valid"]) and not first.rows["valid"].equals(other.rows["valid"])


def test_groups_that_share_a_file_are_never_apart(index):
    index.rows["train"].loc[0, "content"] = index.rows["valid"].loc[0, "content"]
    for number in range(4):
        made = resample(index, Resampling(folds=4, fold=number)).rows
        linked = {index.rows["train"].loc[0, "group"], index.rows["valid"].loc[0, "group"]}
        assert len(linked & groups_of(made["valid"])) in (0, 2)


def test_groups_are_linked_through_others_and_not_by_unknown_contents():
    groups, contents = ["b", "a", "a", "c", "d", "e"], ["x", "x", "y", "y", "", ""]
    assert linked_groups(groups, contents).tolist() == ["a", "a", "a", "a", "d", "e"]


def test_a_smaller_share_is_part_of_a_larger_one(index):
    found = [groups_of(resample(index, Resampling(train_share=share)).rows["train"]) for share in (0.25, 0.5, 0.75, 1)]
    assert all(less < more for less, more in pairwise(found))
    assert [len(groups) for groups in found] == pytest.approx([10, 20, 30, 40], abs=2)
    half = resample(index, Resampling(train_share=0.5))
    assert half.rows["valid"] is index.rows["valid"] and half.notes["train"][0].endswith("(resampling.train_share 0.5)")


def test_a_class_of_a_single_group_stays():
    rows = table("train", 200, 30)
    rows.loc[0, ["tag", "group"]] = ["unique", "alone"]
    index = Index({"tag": (*CLASSES, "unique")}, {"train": rows}, {"train": {}}, {"train": []})
    assert "unique" in set(resample(index, Resampling(train_share=0.1)).rows["train"]["tag"])


def test_songs_are_stratified_by_the_rarest_class_of_their_positions():
    cells = ["verse|verse", "verse|solo"] * 10
    rows = pd.DataFrame(
        {"sample": [f"s{i}" for i in range(20)], "group": [f"g{i}" for i in range(20)], "content": "", "section": cells}
    )
    empty = {"train": {}, "valid": {}}
    index = Index(
        {"section": ("verse", "solo")},
        {"train": rows[:15], "valid": rows[15:]},
        empty,
        {"train": [], "valid": []},
        positions=True,
    )
    for number in range(5):
        assert Counter(resample(index, Resampling(folds=5, fold=number)).rows["valid"]["section"]) == {
            "verse|verse": 2,
            "verse|solo": 2,
        }


def test_too_few_groups_are_refused():
    with pytest.raises(UserError, match=r"resampling\.folds is 5, and train and valid have 3 groups"):
        fold_of(["a"] * 9, ["x", "y", "z"] * 3, 5, 1)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"folds": 1}, "folds must be 0"),
        ({"folds": 3, "fold": 3}, "fold must be within 0 and 2"),
        ({"fold": 1}, "fold must be within 0 and 0"),
        ({"train_share": 0}, "train_share"),
        ({"seed": -1}, "seed"),
    ],
)
def test_impossible_wishes_are_refused(values, said):
    with pytest.raises(ValueError, match=said):
        Resampling(**values)
