"""Fitted decodings of songs by hand-made tables, and their files."""

from dataclasses import asdict, replace

import numpy as np
import pytest
import torch

from tailwise.core.batch import answers_output
from tailwise.core.errors import UserError
from tailwise.core.files import write_json
from tailwise.core.heads import Head
from tailwise.evaluation.calibration.fitted import Platt, Uncalibrated
from tailwise.recipes.sections.decoding.fitted import (
    Adjustment,
    OfDurations,
    OfNovelty,
    Undecoded,
    decoder,
    read_decoding,
)

HEAD = Head("section", ("verse", "chorus"))
PLAIN = Adjustment(Uncalibrated("none", HEAD.classes), 0.0, (0.9, 0.1))
LASTING = OfDurations("durations", HEAD.classes, PLAIN, 1.0, ((0.0, 1.0), (1.0, 0.0)), (1.4, 1.4), (0.3, 0.3))
"""Sections of about four positions."""
BETWEEN = OfNovelty("novelty", HEAD.classes, PLAIN, 2, 0.0)


def unadjusted(classes):
    return Adjustment(Uncalibrated("none", classes), 0.0, (1 / len(classes),) * len(classes))


def answered(fitted, chorus, features=None):
    """Answers (T,) where the chorus has these probabilities."""
    likely = torch.tensor(chorus)
    logits = torch.stack([1 - likely, likely], dim=-1).log()[None]
    features = torch.zeros(1, len(chorus), 1) if features is None else torch.tensor(features)[None]
    inputs = {"features": features, "length": torch.tensor([len(chorus)])}
    found = decoder({"section": fitted})(inputs, {"section": logits})
    return found[answers_output("section")][0].tolist()


def test_one_doubtful_line_starts_no_section():
    assert answered(LASTING, [0.2, 0.2, 0.6, 0.2, 0.9, 0.9, 0.4, 0.9]) == [0, 0, 0, 0, 1, 1, 1, 1]


def test_a_sure_line_may_be_a_section_of_its_own():
    sure = 1e-6
    assert answered(LASTING, [sure, sure, sure, 1 - sure, sure, sure, sure]) == [0, 0, 0, 1, 0, 0, 0]


def test_a_light_weight_leaves_the_most_probable_classes():
    chorus = [0.2, 0.7, 0.3, 0.6, 0.9]
    assert answered(replace(LASTING, weight=1e-6), chorus) == [0, 1, 0, 1, 1] != answered(LASTING, chorus)


def test_transitions_that_never_happen_are_not_answered():
    classes = ("intro", "verse", "chorus")
    shares = ((0.0, 1.0, 0.0), (0.0, 0.0, 1.0), (0.0, 1.0, 0.0))
    fitted = OfDurations("durations", classes, unadjusted(classes), 1.0, shares, (0.7,) * 3, (0.5,) * 3)
    logits = torch.tensor([[0.8, 0.1, 0.1], [0.8, 0.1, 0.1], [0.1, 0.4, 0.5], [0.1, 0.4, 0.5]]).log()[None]
    inputs = {"features": torch.zeros(1, 4, 1), "length": torch.tensor([4])}
    assert decoder({"s": fitted})(inputs, {"s": logits})[answers_output("s")].tolist() == [[0, 0, 1, 1]]


def test_between_two_peaks_the_mean_of_the_logs_decides():
    features = np.repeat(np.eye(2, dtype=np.float32), [4, 4], axis=0)
    chorus = [0.4, 0.6, 0.4, 0.4, 0.9, 0.9, 0.4, 0.4]
    assert answered(BETWEEN, chorus, features) == [0, 0, 0, 0, 1, 1, 1, 1]
    assert answered(BETWEEN, chorus) == [1] * 8  # features without a change: one section


@pytest.mark.parametrize("fitted", [LASTING, BETWEEN])
def test_probabilities_are_calibrated_first(fitted):
    towards_verse = Platt("platt", HEAD.classes, (1.0, 1.0), (3.0, -3.0))
    chorus = [0.7, 0.7, 0.7, 0.7]
    assert answered(fitted, chorus) == [1] * 4
    assert answered(replace(fitted, adjustment=replace(PLAIN, calibrator=towards_verse)), chorus) == [0] * 4


@pytest.mark.parametrize("fitted", [LASTING, BETWEEN])
def test_a_rare_class_is_answered_where_it_is_likelier_than_it_is_common(fitted):
    """Its share is 0.1: at 0.3 it is three times as likely as elsewhere, at 0.05 half as likely."""
    adjusted = replace(fitted, adjustment=replace(PLAIN, tau=1.0))
    assert answered(fitted, [0.3] * 4) == answered(adjusted, [0.05] * 4) == [0] * 4
    assert answered(adjusted, [0.3] * 4) == [1] * 4


@pytest.mark.parametrize("fitted", [LASTING, BETWEEN])
def test_songs_beside_a_song_and_padding_change_nothing(fitted):
    rng = np.random.default_rng(0)
    logits, features = torch.from_numpy(rng.normal(size=(3, 9, 2))), torch.from_numpy(rng.normal(size=(3, 9, 4)))
    lengths = [9, 5, 1]
    inputs = {"features": features, "length": torch.tensor(lengths)}
    together = decoder({"section": fitted})(inputs, {"section": logits})[answers_output("section")]
    for song, length in enumerate(lengths):
        alone = {"features": features[song : song + 1, :length], "length": torch.tensor([length])}
        found = decoder({"section": fitted})(alone, {"section": logits[song : song + 1, :length]})
        assert found[answers_output("section")][0].tolist() == together[song, :length].tolist()


def test_a_song_that_is_not_finite_is_left_to_those_who_refuse_it():
    assert answered(LASTING, [float("nan"), 0.2, 0.2]) is not None


def test_one_class_is_always_the_answer():
    fitted = OfDurations("durations", ("a",), unadjusted(("a",)), 1.0, ((0.0,),), (1.0,), (0.5,))
    inputs = {"features": torch.zeros(1, 5, 1), "length": torch.tensor([5])}
    assert decoder({"s": fitted})(inputs, {"s": torch.zeros(1, 5, 1)})[answers_output("s")].tolist() == [[0] * 5]


@pytest.mark.parametrize(("center", "spread"), [(100.0, 0.01), (-100.0, 0.01), (1.0, 1e300)])
def test_no_number_of_a_file_overflows(center, spread):
    far = replace(LASTING, weight=1000.0, center=(center,) * 2, spread=(spread,) * 2, transitions=((0.0, 0.0),) * 2)
    assert len(set(answered(far, [0.2, 0.9, 0.2]))) == 1  # no section may follow another


def test_most_probable_classes_need_no_decoder():
    assert decoder({"section": Undecoded("most_probable", HEAD.classes)}) is None


@pytest.mark.parametrize("fitted", [LASTING, BETWEEN, Undecoded("most_probable", HEAD.classes)])
def test_a_file_keeps_a_decoding(tmp_path, fitted):
    write_json(tmp_path / "d.json", {"section": asdict(fitted)})
    assert read_decoding(tmp_path / "d.json", (HEAD,)) == {"section": fitted}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ([], "d.json: no file of the stage fit_decoding: "),
        ({"section": {"kind": "crf"}}, "section.kind must be one of most_probable, durations, novelty, found 'crf'"),
        ({"section": {**asdict(LASTING), "center": [1.0]}}, "center and spread must have a value for each of the 2"),
        (
            {"section": {**asdict(LASTING), "weight": 0.0}},
            "section: weight must be in (0, 1000], and each spread 0.01 or more",
        ),
        (
            {"section": {**asdict(LASTING), "center": [1.0, 1e9]}},
            "section: center must be logs of lengths, in [-100, 100]",
        ),
        (
            {"section": {**asdict(BETWEEN), "kernel": 10**12}},
            "section: kernel must be from 2 to 1024, found 1000000000000",
        ),
        ({"section": {**asdict(LASTING), "transitions": [[0.0, 2.0], [1.0, 0.0]]}}, "must be shares in"),
        ({"section": {**asdict(BETWEEN), "kernel": 1}}, "section: kernel must be from 2 to 1024, found 1"),
        ({}, "d.json: decodes section of the classes none; the model has verse, chorus; run the stage fit_decoding"),
        ({"section": {"kind": "most_probable", "classes": ["a"]}}, "of the classes a; the model has verse, chorus"),
    ],
)
def test_another_file_is_refused_in_one_line(tmp_path, content, message):
    write_json(tmp_path / "d.json", content)
    with pytest.raises(UserError) as caught:
        read_decoding(tmp_path / "d.json", (HEAD,))
    assert message in str(caught.value) and "\n" not in str(caught.value)
