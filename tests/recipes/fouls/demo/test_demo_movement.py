"""The demo: how its figures move, and that only movement reveals the labels."""

from dataclasses import replace

import numpy as np
import pytest

from support.video.demos import FULL, SMOKE
from tailwise.recipes.fouls.demo.drawing.cameras import frame_times, project
from tailwise.recipes.fouls.demo.film import camera_of, manner_of
from tailwise.recipes.fouls.demo.scene.offence import SWINGS, swung
from tailwise.recipes.fouls.demo.scene.plan import ACTIONS, FPS, View, plan_split
from tailwise.recipes.fouls.demo.scene.poses import DELAY_S, VICTIM, VICTIM_SPEED_M_S, Manner, draw_manner, foul_poses
from tailwise.recipes.fouls.demo.scene.skeleton import CHANNELS, JOINT


def test_cameras_and_manners_do_not_know_the_labels() -> None:
    for foul in plan_split(SMOKE, "Valid")[:8]:
        other = replace(foul, action=(foul.action + 3) % 8, severity=(foul.severity + 1) % 4)
        assert camera_of(SMOKE, foul, 1) == camera_of(SMOKE, other, 1)
        assert manner_of(SMOKE, foul) == manner_of(SMOKE, other)


def test_a_standing_figure_fills_a_third_of_the_frame() -> None:
    for foul in plan_split(FULL, "Train")[:40]:
        camera = camera_of(FULL, foul, 0)
        times = frame_times(camera, FULL.frames, FPS)
        pixels, scale = project(camera, foul_poses(foul.action, foul.severity, manner_of(FULL, foul), times))
        tall = pixels[0, :, :, 1].max(axis=1) - pixels[0, :, :, 1].min(axis=1) + 0.2 * scale[0].mean(axis=1)
        assert tall.max() > FULL.height / 3


def test_slow_motion_keeps_the_contact_and_stretches_time() -> None:
    foul = plan_split(FULL, "Test")[0]
    live, slow = (
        camera_of(FULL, replace(foul, views=(View("Main camera center", speed, 0),) * 2), 1) for speed in (1.0, 2.0)
    )
    assert live.contact == slow.contact and abs(live.contact - FULL.contact) <= 2
    np.testing.assert_allclose(frame_times(live, 60, FPS), 2 * frame_times(slow, 60, FPS))


def manners(count: int, seed: int) -> list[Manner]:
    rng = np.random.default_rng(seed)
    return [draw_manner(rng) for _ in range(count)]


def seen_from_the_victim(action: int, severity: int, manner: Manner) -> np.ndarray:
    """Movement about the contact, the offender always on the left and the victim running along x."""
    joints = foul_poses(action, severity, replace(manner, heading=0.0), np.linspace(-0.4, 0.4, 9))
    return (joints * (1, manner.side, 1)).ravel()


def test_true_poses_reveal_the_actions() -> None:
    known, fresh = manners(12, 1), manners(5, 2)
    right = []
    for severity in range(4):
        centres = np.array([np.mean([seen_from_the_victim(a, severity, m) for m in known], axis=0) for a in range(8)])
        right += [
            np.argmin(np.linalg.norm(centres - seen_from_the_victim(a, severity, m), axis=1)) == a
            for a in range(8)
            for m in fresh
        ]
    assert np.mean(right) > 0.75


def reaction_of(action: int, severity: int) -> tuple[float, float]:
    """Mean over manners of how far (m) and how fast (m/s) the victim's head leaves the run it was on."""
    times, run, moved = np.arange(26) / FPS, VICTIM_SPEED_M_S * np.array([1.0, 0, 0]), []
    for manner in manners(10, 4):
        head = foul_poses(action, severity, replace(manner, heading=0.0), times)[:, VICTIM, JOINT["head"]]
        away = head - head[0] - times[:, None] * run * manner.pace
        moved.append((np.linalg.norm(away, axis=1).max(), np.linalg.norm(np.diff(away, axis=0) * FPS, axis=1).max()))
    return tuple(np.mean(moved, axis=0))


@pytest.mark.parametrize("action", range(8), ids=ACTIONS)
def test_a_harder_foul_moves_the_victim_more(action: int) -> None:
    far, fast = np.array([reaction_of(action, severity) for severity in range(4)]).T
    assert (far[1:] > 1.15 * far[:-1]).all(), far
    assert (fast[1:] > fast[:-1]).all(), fast


def test_a_diver_falls_without_contact() -> None:
    for manner in manners(20, 5):
        joints = foul_poses(ACTIONS.index("Dive"), 2, manner, np.linspace(0.0, DELAY_S, 6))
        gaps = np.linalg.norm(joints[:, 0, :, None] - joints[:, 1, None], axis=-1)
        assert gaps.min() > 0.2


OPPOSITES = {"Tackling": "Dive", "High leg": "Standing tackling", "Holding": "Pushing", "Elbowing": "Challenge"}


@pytest.mark.parametrize("name", OPPOSITES)
def test_an_action_passes_through_its_opposites_poses_in_the_reverse_order(name: str) -> None:
    times = np.linspace(-0.6, 0.6, 25)
    still = {channel: np.zeros(len(times)) for channel in CHANNELS}
    one = swung(still, SWINGS[name], 3, 1, times)
    other = swung(still, SWINGS[OPPOSITES[name]], 3, 1, times)
    for channel in CHANNELS:
        np.testing.assert_allclose(one[channel], other[channel][::-1], atol=1e-9)


def test_the_victim_does_not_reveal_the_action() -> None:
    times = np.arange(-30, 30) / FPS
    for manner in manners(3, 7):
        victims = [foul_poses(action, 2, manner, times)[:, VICTIM] for action in range(8)]
        assert all((victim == victims[0]).all() for victim in victims)


def test_bones_keep_their_length_and_nobody_sinks_into_the_ground() -> None:
    for action in range(8):
        joints = foul_poses(action, 3, manners(1, 6)[0], np.arange(-30, 30) / FPS)
        thigh = np.linalg.norm(joints[:, :, JOINT["knee_l"]] - joints[:, :, JOINT["hip_l"]], axis=-1)
        np.testing.assert_allclose(thigh, thigh[:1].repeat(len(thigh), axis=0), rtol=1e-6)
        assert joints[:, VICTIM, :, 2].min() > 0
