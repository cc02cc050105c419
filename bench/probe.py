"""Check the demo for shortcuts: what can be predicted of a foul without its movement, and with it.

Prints, for both heads, the validation macro recall of classifiers with less and less input, next to the limit that a
demo without shortcuts keeps:

    view fields, mean colour    cameras, replay speeds, times; red, green and blue: within 5 points of chance
    single frame, any order     the frame of contact; all frames, shuffled: at most half-way from chance to all frames
                                in the action; the severity is a victim's posture, which shows in any order
    all frames                  the pipeline's own model: the reference for those two
    true poses                  joints in metres instead of pixels: at least 0.95, so the labels are separable
    plain training              all frames, plain cross entropy: at least two classes below 0.25, so the tail matters

The test split is not read. Figures of nets come from one training run and its last epoch; the
standard error covers the sampling of fouls, not the seed of the training. About 12 minutes on 2 cores: ``make probe``.
"""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from features import colour_features, field_features, fouls_of, fresh_poses, performed
from nets import Setting, any_order, one_frame, rare_count, train
from tailwise.core.heads import Head
from tailwise.core.params.config import read_params, section
from tailwise.data.video.store.clips import Clips
from tailwise.metrics import confusion as metrics
from tailwise.recipes.fouls.demo.scene.plan import ACTIONS, SEVERITIES, Demo, plan_split

HEADS = (Head("action", ACTIONS), Head("severity", SEVERITIES))
NEAR_CHANCE, SEPARABLE, LOST, LEAST_LOST = 0.05, 0.95, 0.25, 2
FRESH_FOULS = 8000
Matrices = dict[str, np.ndarray]
"""{head: confusion counts (C, C) of the validation fouls}"""


@dataclass(frozen=True)
class Limit:
    """Upper or lower limit of a probe's macro recall."""

    most: float = 1.0
    least: float = 0.0

    def line(self, found: float) -> str:
        asked = f"at least {self.least:.3f}" if self.least else f"at most {self.most:.3f}"
        return f"{asked}: {'kept' if self.least <= found <= self.most else 'MISSED'}"


def macro_recall(matrix: np.ndarray) -> float:
    return metrics.macro(metrics.recall(matrix))


def standard_error(matrix: np.ndarray) -> float:
    """Standard error of the macro recall, treating each class's fouls as a random sample."""
    recalls, counts = metrics.recall(matrix), matrix.sum(axis=1)
    return float(np.sqrt((recalls * (1 - recalls) / counts).sum()) / len(counts))


def show(name: str, matrices: Matrices, limits: dict[str, Limit]) -> None:
    """Print one row of the table."""
    cells = []
    for head, matrix in matrices.items():
        found = macro_recall(matrix)
        verdict = limits[head].line(found) if head in limits else ""
        cells.append(f"{found:.3f} +- {standard_error(matrix):.3f}  {verdict:<24}")
    print(f"{name:<16}{'  '.join(cells)}".rstrip(), flush=True)


def fit(make: Callable, inside: np.ndarray, known: dict[str, np.ndarray], asked: np.ndarray, valid: Clips) -> Matrices:
    """Confusion on the validation fouls of one new classifier per head."""
    return {
        head.name: metrics.confusion(
            valid.labels(head.name), make().fit(inside, known[head.name]).predict(asked), len(head.classes)
        )
        for head in HEADS
    }


def forest() -> RandomForestClassifier:
    return RandomForestClassifier(500, min_samples_leaf=3, class_weight="balanced", random_state=0, n_jobs=2)


def perceptron():
    return make_pipeline(StandardScaler(), MLPClassifier((256,), alpha=1e-2, early_stopping=True, random_state=0))


def cheap_probes(demo: Demo, store: Path) -> dict[str, Matrices]:
    """Classifiers that see no frames, or only their mean colours."""
    train, valid = (Clips(store / split, HEADS) for split in ("train", "valid"))
    planned = [fouls_of(clips, plan_split(demo, split)) for clips, split in ((train, "Train"), (valid, "Valid"))]
    known = {head.name: train.labels(head.name) for head in HEADS}
    fields = [np.stack([field_features(foul) for foul in fouls]) for fouls in planned]
    colours = [np.stack([colour_features(clips[i][1]) for i in range(len(clips))]) for clips in (train, valid)]
    poses, labels = fresh_poses(FRESH_FOULS, demo.seed)
    return {
        "view fields": fit(forest, fields[0], known, fields[1], valid),
        "mean colour": fit(forest, colours[0], known, colours[1], valid),
        "true poses": fit(perceptron, poses, labels, performed(demo, planned[1]), valid),
    }


def net_probes(setting: Setting) -> dict[str, Matrices]:
    """The pipeline's model on all frames, one frame and shuffled frames; and with plain cross entropy."""
    changes = {
        "all frames": rare_count,
        "single frame": lambda task: one_frame(rare_count(task)),
        "any order": lambda task: any_order(rare_count(task)),
        "plain training": lambda task: task,
    }
    return {name: train(setting, HEADS, name, change) for name, change in changes.items()}


def limits_of(found: dict[str, Matrices]) -> dict[str, dict[str, Limit]]:
    """{probe: {head: its limit}}; half-way is from chance to what the full model finds."""
    chance = {head.name: 1 / len(head.classes) for head in HEADS}
    near = {name: Limit(most=value + NEAR_CHANCE) for name, value in chance.items()}
    half = {"action": Limit(most=(chance["action"] + macro_recall(found["all frames"]["action"])) / 2)}
    poses = {name: Limit(least=SEPARABLE) for name in chance}
    return {"view fields": near, "mean colour": near, "single frame": half, "any order": half, "true poses": poses}


def show_lost(matrices: Matrices) -> None:
    """Print the classes that plain training loses."""
    lost = [
        f"{name} {share:.2f}"
        for head in HEADS
        for name, share in zip(head.classes, metrics.recall(matrices[head.name]))
        if share < LOST
    ]
    kept = "kept" if len(lost) >= LEAST_LOST else "MISSED"
    print(f"plain training: {len(lost)} classes below {LOST}, at least {LEAST_LOST}: {kept}: {', '.join(lost)}")


def show_recalls(found: dict[str, Matrices], names: tuple[str, ...]) -> None:
    """Print the recall of each class, one column per probe."""
    print(f"\n{'recall':<20}{''.join(f'{name:>16}' for name in names)}")
    for head in HEADS:
        recalls = [metrics.recall(found[name][head.name]) for name in names]
        for label, shares in zip(head.classes, zip(*recalls)):
            print(f"{label:<20}{''.join(f'{share:16.2f}' for share in shares)}")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--clips", type=Path, default=Path("data/clips"))
    parser.add_argument("--epochs", type=int, default=40)
    args = parser.parse_args()
    if not (args.clips / "valid" / "manifest.csv").exists():
        parser.error(f"no clip store in {args.clips}: make repro")
    params = read_params()
    found = cheap_probes(section(params, "demo", Demo), args.clips)
    found |= net_probes(Setting(args.clips, params, args.epochs))
    print(f"\nMacro recall on {found['all frames']['action'].sum()} validation fouls, +- its standard error")
    limits = limits_of(found)
    for name in found:
        show(name, found[name], limits.get(name, {}))
    show_lost(found["plain training"])
    show_recalls(found, ("all frames", "single frame", "any order", "plain training"))


if __name__ == "__main__":
    main()
