"""The untrained baselines of song sections on songs made of blocks."""

import numpy as np
import pytest

import baselines
from baselines import Novelty, Spectral, along_diagonals
from tailwise.data.sequences.store import SplitWriter, write_features
from tailwise.metrics.sequence.boundaries import boundaries, detection
from tailwise.metrics.sequence.clustering import v_measure
from tailwise.models.sequence.novelty import Foote, novelty

LABELS = np.repeat([0, 1, 0, 2, 1], [20, 16, 20, 16, 16])


def blocks(labels=LABELS, noise=0.3, seed=0):
    """Features (T, 12) around a point of each label's own."""
    rng = np.random.default_rng(seed)
    return rng.normal(size=(3, 12))[labels] + noise * rng.normal(size=(len(labels), 12))


def test_novelty_is_highest_at_the_changes():
    curve = novelty(blocks(noise=0.05), 6)
    assert len(curve) == len(LABELS) and curve[0] == 0
    assert sorted(np.argsort(curve)[-4:].tolist()) == boundaries(LABELS).tolist()


def test_the_median_keeps_repetitions_that_last():
    table = np.zeros((9, 9))
    table[[1, 2, 3, 4], [4, 5, 6, 7]], table[8, 0] = 1, 1
    found = along_diagonals(table, 3)
    assert found.sum() == 4 and found[1, 4] == 1 and found[8, 0] == 0


@pytest.mark.parametrize("baseline", [Novelty(Foote(6)), Spectral(3)])
def test_a_baseline_finds_clear_sections(baseline):
    found = baseline(blocks())
    assert found.shape == LABELS.shape and detection(LABELS, found, 1)[2] > 0.85
    assert (baseline(blocks()) == found).all()


def test_clusters_tell_which_sections_are_alike():
    assert v_measure(LABELS, Spectral(3)(blocks()))[2] > 0.85
    assert v_measure(LABELS, Novelty(Foote(6))(blocks()))[2] < 0.85  # every section is one of its own


@pytest.mark.parametrize("baseline", [Novelty(), Spectral()])
@pytest.mark.parametrize("size", [1, 2, 5])
def test_short_songs_have_an_answer(baseline, size):
    assert baseline(blocks(np.zeros(size, np.int64))).shape == (size,)
    assert baseline(np.zeros((size, 3))).shape == (size,)


@pytest.mark.parametrize(("seconds", "columns"), [("", "exact"), ("0.5", "0.5 s")])
def test_the_script_prints_a_line_each(tmp_path, capsys, seconds, columns):
    names = ["verse", "chorus", ""]
    writer = SplitWriter(tmp_path / "valid", ["sample", "group", "path", "content", "seconds", "section"])
    for number in range(3):
        cell = "|".join(names[label] for label in LABELS)
        row = [f"song {number}", f"group {number}", f"{number}.txt", "", seconds, cell]
        writer.add(dict(zip(writer.columns, row)), blocks(seed=number))
    writer.close()
    write_features(tmp_path / "features.json", writer.moments.features([f"x{i}" for i in range(12)]))
    assert baselines.main([str(tmp_path / "valid"), "--clusters", "3"]) == 0
    header, *rows = capsys.readouterr().out.splitlines()
    assert header.split()[0] == columns.split()[0] and [row.split()[0] for row in rows] == ["foote", "spectral"]
    assert all(float(figure) > 0.5 for row in rows for figure in row.split()[1:2])


def test_a_split_without_boundaries_is_refused(tmp_path, capsys):
    (tmp_path / "manifest.csv").write_text("sample,section,seconds\na,verse|verse,\n")
    assert baselines.main([str(tmp_path)]) == 1
    assert "fewer than two classes" in capsys.readouterr().err
