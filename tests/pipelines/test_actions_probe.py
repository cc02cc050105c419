"""The probe of the actions demo: its limits, what each probe sees, and a shortcut that it finds."""

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

SCRIPT = Path(__file__).parents[2] / "pipelines/actions/probe.py"


@pytest.fixture(scope="module")
def probe():
    spec = importlib.util.spec_from_file_location("actions_probe", SCRIPT)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


HONEST = {"all frames": 0.86, "any order": 0.5, "single frame": 0.4, "mean colour": 0.1, "file": 0.1}


def test_an_honest_demo_keeps_all_limits(probe, capsys):
    assert probe.Probed(HONEST, 1 / 16).told()
    said = capsys.readouterr().out
    assert "any order     0.500  at most 0.560: kept" in said
    assert "single frame  0.400  at most 0.461: kept" in said and "MISSED" not in said


@pytest.mark.parametrize(
    ("name", "value"), [("any order", 0.57), ("single frame", 0.47), ("mean colour", 0.47), ("file", 0.12)]
)
def test_each_shortcut_misses_its_limit(probe, name, value, capsys):
    assert not probe.Probed({**HONEST, name: value}, 1 / 16).told()
    assert capsys.readouterr().out.count("MISSED") == 1


def numbered() -> np.ndarray:
    """Frames (6, 2, 2, 3) of their own number."""
    return np.broadcast_to(np.arange(6, dtype=np.uint8)[:, None, None, None], (6, 2, 2, 3))


def test_what_the_probes_see(probe):
    rng = np.random.default_rng(1)
    seen = {name: change(numbered(), rng)[:, 0, 0, 0].tolist() for name, change in probe.NETS.items()}
    assert seen["all frames"] == list(range(6)) and seen["single frame"] == [3] * 6
    assert seen["any order"] != list(range(6)) and sorted(seen["any order"]) == list(range(6))


def test_a_colour_that_tells_the_class_is_found(probe):
    rng, labels = np.random.default_rng(1), np.arange(80) % 4
    frames = rng.integers(0, 100, (80, 3, 4, 4, 3)).astype(np.uint8)
    files = rng.normal(size=(80, 2))

    def told(shown: np.ndarray) -> float:
        clips = [probe.Clips(shown[part], files[part], labels[part]) for part in (slice(0, 40), slice(40, 80))]
        return probe.forest_recall(probe.colours(clips[0]), labels[:40], probe.colours(clips[1]), labels[40:], 4)

    assert told(frames) < 0.5
    frames[..., 0] += (labels * 40).astype(np.uint8)[:, None, None, None]
    assert told(frames) > 0.8


def test_a_mirrored_clip_has_the_label_of_its_mirror_image(probe):
    frames = np.zeros((40, 2, 8, 8, 3), np.uint8)
    frames[:, :, :, 0] = 200
    shown, labels = probe.augmented(frames, np.zeros(40, int), np.array([1, 0]), np.random.default_rng(1))
    assert set(labels.tolist()) == {0, 1} and shown.shape == frames.shape and shown.max() > 150
