"""Forward kinematics of a figure with 17 joints.

Axes of a figure: x forward, y to its left, z up; metres and degrees. A pose maps a channel's name to an array over
time (T,). `pitch` tips the whole body forward and `sway` to its left; `bend`, `side` and `twist` move the trunk
forward, to the right and to the left about its length. Limb channels end in `_l` or `_r`: `arm` and `hip` swing
forward, `armside` and `hipside` swing sideways, `elbow` and `knee` bend.
"""

import numpy as np

JOINTS = (
    "pelvis",
    "neck",
    "head",
    "shoulder_l",
    "elbow_l",
    "hand_l",
    "shoulder_r",
    "elbow_r",
    "hand_r",
    "hip_l",
    "knee_l",
    "ankle_l",
    "toe_l",
    "hip_r",
    "knee_r",
    "ankle_r",
    "toe_r",
)
JOINT = {name: number for number, name in enumerate(JOINTS)}
LIMBS = ("arm", "armside", "elbow", "hip", "hipside", "knee")
CHANNELS = (
    "x",
    "y",
    "lift",
    "yaw",
    "pitch",
    "sway",
    "spin",
    "bend",
    "side",
    "twist",
    *(f"{limb}_{hand}" for limb in LIMBS for hand in "lr"),
)
BODY_RADIUS = 0.07
UPPER_ARM, FOREARM, THIGH, SHIN, FOOT, SPINE, NECK = 0.30, 0.27, 0.44, 0.45, 0.20, 0.52, 0.24

Pose = dict[str, np.ndarray]


def turn(axis: str, degrees: np.ndarray) -> np.ndarray:
    """Rotation matrices (T, 3, 3) about x, y or z; about y leans forward, about x to the right."""
    fixed = "xyz".index(axis)
    one, two = (fixed + 1) % 3, (fixed + 2) % 3
    cos, sin = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    matrix = np.zeros((len(degrees), 3, 3))
    matrix[:, fixed, fixed] = 1
    matrix[:, one, one] = matrix[:, two, two] = cos
    matrix[:, one, two], matrix[:, two, one] = -sin, sin
    return matrix


def body_frame(pose: Pose) -> np.ndarray:
    """The pelvis' axes in the world (T, 3, 3): spun about its own length, then tipped over."""
    towards = np.degrees(np.arctan2(pose["sway"], pose["pitch"]))
    tilted = turn("z", towards) @ turn("y", np.hypot(pose["pitch"], pose["sway"])) @ turn("z", -towards)
    return turn("z", pose["yaw"]) @ tilted @ turn("z", pose["spin"])


def limb(
    frame: np.ndarray, forward: np.ndarray, outward: np.ndarray, bend: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Axes of a limb's upper and lower part; `outward` is positive to the left, `bend` moves the end forward."""
    upper = frame @ turn("x", outward) @ turn("y", -forward)
    return upper, upper @ turn("y", -bend)


def joints_of(pose: Pose, size: float) -> np.ndarray:
    """Joints (T, 17, 3) in the world. The lowest joint touches the ground, or is `lift` metres above it."""
    body = body_frame(pose)
    chest = body @ turn("z", pose["twist"]) @ turn("y", pose["bend"]) @ turn("x", pose["side"])
    at = {"pelvis": np.zeros((len(pose["x"]), 3))}
    at["neck"] = chest @ (0, 0, SPINE)
    at["head"] = at["neck"] + chest @ turn("y", pose["bend"] * -0.4) @ (0.03, 0, NECK)
    for hand, left in (("l", 1), ("r", -1)):
        upper, lower = limb(chest, pose[f"arm_{hand}"], left * pose[f"armside_{hand}"], pose[f"elbow_{hand}"])
        at[f"shoulder_{hand}"] = at["neck"] + chest @ (0, left * 0.20, -0.04)
        at[f"elbow_{hand}"] = at[f"shoulder_{hand}"] + upper @ (0, 0, -UPPER_ARM)
        at[f"hand_{hand}"] = at[f"elbow_{hand}"] + lower @ (0, 0, -FOREARM)
        upper, lower = limb(body, pose[f"hip_{hand}"], left * pose[f"hipside_{hand}"], -pose[f"knee_{hand}"])
        at[f"hip_{hand}"] = body @ (0, left * 0.11, 0) + at["pelvis"]
        at[f"knee_{hand}"] = at[f"hip_{hand}"] + upper @ (0, 0, -THIGH)
        at[f"ankle_{hand}"] = at[f"knee_{hand}"] + lower @ (0, 0, -SHIN)
        at[f"toe_{hand}"] = at[f"ankle_{hand}"] + lower @ (FOOT, 0, -0.02)
    joints = size * np.stack([at[name] for name in JOINTS], axis=1)
    height = BODY_RADIUS + pose["lift"] - joints[:, :, 2].min(axis=1)
    return joints + np.stack([pose["x"], pose["y"], height], axis=1)[:, None]
