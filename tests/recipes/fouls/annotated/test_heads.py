"""Auxiliary labels, and the labels of fouls that the official rule drops."""

import pytest

from support.fouls import every_class, foul, write_data_set, write_split
from tailwise.balance.counts import count_classes
from tailwise.core.errors import UserError
from tailwise.core.heads import Head
from tailwise.recipes.fouls.annotated.heads import AUXILIARY, auxiliary_heads, official_label, training_label
from tailwise.recipes.fouls.soccernet.reader import HEADS, Soccernet, drop_reason, read_split

ACTION = Head("action", HEADS["action"])
KEEP = Soccernet("soccernet", keep_dropped=True)


@pytest.mark.parametrize(
    ("name", "cell", "label"),
    [
        ("contact", "With contact", "With contact"),
        ("contact", "", ""),
        ("bodypart", "Under body", "Under body"),
        ("upper_body_part", "Use of shoulder", "Use of shoulder"),
        ("upper_body_part", "Use of shoulders", "Use of shoulder"),
        ("try_to_play", "yes", "Yes"),
        ("touch_ball", "Maybe", "Maybe"),
    ],
)
def test_a_cell_is_a_class_of_its_head(name, cell, label):
    (head,) = auxiliary_heads((name,))
    assert training_label({name: cell}, head) == label and head.classes == AUXILIARY[name]


def test_an_unknown_cell_names_what_is_known():
    with pytest.raises(ValueError, match="unknown label 'Perhaps'; known: No, Yes, Maybe"):
        training_label({"touch_ball": "Perhaps"}, *auxiliary_heads(("touch_ball",)))


def test_training_alone_has_the_label_of_a_dropped_foul():
    dropped, kept = {"action": "", "dropped_action": "Dive"}, {"action": "Holding", "dropped_action": ""}
    assert [training_label(row, ACTION) for row in (dropped, kept, {"action": ""})] == ["Dive", "Holding", ""]
    assert [official_label(row, ACTION) for row in (dropped, kept)] == ["", "Holding"]


DROPPED = [
    ({"action": "Dont know", "severity": "3.0"}, "", "Yellow card"),
    ({"action": "Dont know", "offence": "No Offence", "severity": ""}, "", "No offence"),
    ({"action": "Dont know", "offence": "Between", "severity": "3.0"}, "", ""),
    ({"action": "", "severity": "2.0"}, "", ""),
    ({"action": "Pushing", "offence": "Between", "severity": "3.0"}, "Pushing", ""),
    ({"action": "Pushing", "offence": "", "severity": "1.0"}, "Pushing", ""),
    ({"action": "Pushing", "severity": "2.0"}, "Pushing", ""),
    ({"action": "Pushing", "severity": "4.0"}, "Pushing", ""),
    ({"action": "Pushing", "severity": ""}, "Pushing", ""),
]
"""Fouls that the rule drops, and the action and severity that they have."""


@pytest.mark.parametrize(("values", "action", "severity"), DROPPED, ids=str)
def test_a_dropped_foul_has_no_official_label_and_what_is_sure_of_them(tmp_path, values, action, severity):
    assert drop_reason(values["action"], values.get("offence", "Offence"), values["severity"])
    write_data_set(tmp_path, Train=[*every_class(), foul(**values)])
    rows = KEEP.read(tmp_path).rows["train"]
    last, first = rows.iloc[-1], rows.iloc[0]
    assert (last["action"], last["severity"], last["contact"]) == ("", "", "With contact")
    assert (last["dropped_action"], last["dropped_severity"]) == (action, severity)
    assert first["action"] and not first["dropped_action"] and not first["dropped_severity"]


def test_dropped_fouls_are_kept_in_training_alone_and_change_no_count(tmp_path):
    fouls = [foul(**values) for values, *_ in DROPPED]
    write_data_set(tmp_path, **{split: [{**of, "UrlLocal": split} for of in [*every_class(), *fouls]] for split in
                                ("Train", "Valid", "Test")})  # fmt: skip
    usual, kept = Soccernet("soccernet").read(tmp_path), KEEP.read(tmp_path)
    samples = {split: len(set(kept.rows[split]["sample"]) - set(usual.rows[split]["sample"])) for split in kept.rows}
    assert samples == {"train": len(DROPPED), "valid": 0, "test": 0} and kept.dropped == usual.dropped
    labels = [{head: index.rows["train"][head].to_list() for head in HEADS} for index in (usual, kept)]
    assert count_classes(labels[0], HEADS) == count_classes(labels[1], HEADS)
    assert kept.notes["train"][3] == f"{len(DROPPED)} of the dropped fouls stay in train for the labels that they have"
    assert len(kept.notes["valid"]) == len(usual.notes["valid"]) == len(usual.notes["train"]) == 3
    for split, rows in usual.rows.items():
        assert kept.rows[split].loc[kept.rows[split]["action"] != "", list(rows)].reset_index(drop=True).equals(rows)
        assert list(kept.rows[split]) == [*list(rows)[:7], "dropped_action", "dropped_severity", *list(rows)[7:]]


def test_a_dropped_foul_without_any_label_is_left_out(tmp_path):
    nothing = {"Contact": "", "Bodypart": "", "Upper body part": "", "Try to play": "", "Touch ball": ""}
    fouls = [foul("Dont know", "", "", **nothing), foul("Dont know", "", "", **{**nothing, "Touch ball": "No"})]
    write_data_set(tmp_path, Train=[*every_class(), *fouls])
    rows, before = KEEP.read(tmp_path).rows["train"], len(every_class())
    assert list(dict.fromkeys(rows["sample"]))[before:] == [f"train/{before + 1}"]


def test_the_official_number_of_fouls_does_not_count_those_that_stay(tmp_path):
    fouls = [foul(clips=1)] * 2319 + [foul(severity="2.0", clips=1)] * (2916 - 2319)
    write_split(tmp_path, fouls)
    for split in ("Valid", "Test"):
        write_split(tmp_path, [foul()], split)
    notes = KEEP.read(tmp_path).notes["train"]
    assert notes[3].startswith("597 of the dropped fouls stay") and notes[4].startswith("2319 of 2916 fouls kept, as")


def test_a_dropped_foul_with_an_unknown_grade_is_refused_when_it_is_read(tmp_path):
    write_data_set(tmp_path, Train=[*every_class(), foul("Dont know", severity="9")])
    assert len(Soccernet("soccernet").read(tmp_path).rows)
    with pytest.raises(UserError, match="unknown Severity '9'"):
        KEEP.read(tmp_path)


def test_only_fouls_that_are_dropped_still_leave_nothing_to_train_on(tmp_path):
    write_data_set(tmp_path, Train=[foul(severity="2.0")])
    with pytest.raises(UserError, match="the label rule keeps none of its 1 fouls"):
        KEEP.read(tmp_path)
    with pytest.raises(UserError, match="the label rule keeps none"):
        read_split(tmp_path, "train")
