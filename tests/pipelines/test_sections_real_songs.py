"""The figures of real songs, on answers written by hand."""

import json

import numpy as np
import pytest

import real_songs
from tailwise.core.files import write_csv
from tailwise.core.heads import Head
from tailwise.evaluation.calibration.fitted import Temperature, write_calibration
from tailwise.metrics.predictions import Predictions, write_predictions

CLASSES = ("verse", "chorus", "other")
ACTUAL = [0, 0, 0, 0, 1, 1, 1, 1, 2, 2]
ANSWER = [0, 0, 0, 0, 0, 1, 1, 2, 2, 2]
PROBABILITIES = np.array([[0.6, 0.3, 0.1], [0.2, 0.7, 0.1], [0.1, 0.4, 0.5]])[ANSWER]


@pytest.fixture
def run(tmp_path):
    """A folder with the answers for one song of half-second positions."""
    head, count = Head("section", CLASSES), len(ACTUAL)
    (tmp_path / "index").mkdir()
    (tmp_path / "index" / "heads.json").write_text(json.dumps({"section": CLASSES}))
    write_csv(tmp_path / "index" / "valid.csv", ["sample", "seconds"], [["a", "0.5"]])
    found = Predictions(
        head, ["a"] * count, ["g"] * count, np.array(ACTUAL), np.array(ANSWER), PROBABILITIES, np.arange(count)
    )
    write_predictions(tmp_path / "section.csv", found)
    return tmp_path


def of(folder):
    return dict(real_songs.figures(folder, folder / "index" / "valid.csv", folder / "calibration.json"))


def test_figures_of_one_song(run):
    found = of(run)
    assert found["accuracy"] == pytest.approx(0.8)
    verse, chorus, other = 8 / 9, 4 / 6, 4 / 5
    assert [found[f"F1 {name}"] for name in CLASSES] == pytest.approx([verse, chorus, other])
    assert found["macro F1"] == pytest.approx((verse + chorus + other) / 3)
    assert found["verse/chorus macro F1, among all"] == pytest.approx((verse + chorus) / 2)
    # of the two, the seventh answer is chorus, the more probable of the two: one of eight is wrong
    assert found["verse/chorus macro F1, of the two"] == pytest.approx((8 / 9 + 6 / 7) / 2)


def test_boundaries_trimmed_and_untrimmed(run):
    found = of(run)  # both boundaries are found at one position's distance
    assert found["boundary F1 0.5s, trimmed, mean of songs"] == found["boundary F1 3s, trimmed, together"] == 1
    write_predictions(run / "section.csv", constant())
    found = of(run)
    assert found["boundary F1 3s, trimmed, together"] == 0
    assert found["boundary F1 0.5s, untrimmed, together"] == pytest.approx(2 * 2 / (4 + 2))  # start and end of the song


def constant():
    """The same answer everywhere."""
    count = len(ACTUAL)
    probabilities, answers = np.tile(PROBABILITIES[:1], (count, 1)), np.zeros(count, np.int64)
    head = Head("section", CLASSES)
    return Predictions(head, ["a"] * count, ["g"] * count, np.array(ACTUAL), answers, probabilities, np.arange(count))


def test_calibration_is_shown_where_it_was_fitted(run):
    before = of(run)
    assert "ECE after calibration" not in before
    write_calibration(run / "calibration.json", {"section": Temperature("temperature", CLASSES, 0.5)})
    after = of(run)
    assert after["ECE before calibration"] == before["ECE before calibration"] != after["ECE after calibration"]
    low, high = (after[f"ECE after calibration, {end}"] for end in ("low", "high"))
    assert low == pytest.approx(high) == pytest.approx(after["ECE after calibration"])  # of one song


def test_the_error_of_other_songs_spreads_as_songs_differ():
    """Two songs answered with 0.7: one always right, one always wrong; most splits have one of them alone, or both."""
    head, targets = Head("section", CLASSES), np.array([1] * 5 + [0] * 5)
    groups, likely = ["a"] * 5 + ["b"] * 5, np.tile([0.2, 0.7, 0.1], (10, 1))
    both = Predictions(head, groups, groups, targets, np.ones(10, np.int64), likely, np.arange(10))
    assert real_songs.spread_of_error(both) == pytest.approx((0.2, 0.7))  # 0.3 where the first song is drawn twice
    one = both.take(targets == 1)
    assert real_songs.spread_of_error(one) == pytest.approx((0.3, 0.3))


def test_songs_of_lines_are_refused(run, capsys):
    write_csv(run / "index" / "valid.csv", ["sample", "seconds"], [["a", ""]])
    arguments = ["--answers", run, "--index", run / "index" / "valid.csv", "--calibration", run / "calibration.json"]
    assert real_songs.main([str(argument) for argument in arguments]) == 1
    assert "its songs are lines" in capsys.readouterr().err
