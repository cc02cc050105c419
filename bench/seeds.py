"""The default pipeline with several seeds, compared with its targets: ``make seeds``.

Figures are of the validation split, which also chose the best epochs, so they flatter a little.
"""

import argparse
from dataclasses import asdict

import numpy as np

from experiments import run_experiment
from tailwise.core.params.config import read_params, section
from tailwise.evaluation.certificate import Targets


def reached(figure: str, value: float, target: float) -> bool:
    return value < target if figure == "loss" else value > target


def show_head(head: str, runs: list[dict], targets: dict[str, float]) -> None:
    """Print one line per metric: its value for each seed, the mean, and the target."""
    for figure, target in targets.items():
        values = [run[head][figure] for run in runs]
        verdict = "reached by all" if all(reached(figure, v, target) for v in values) else "MISSED"
        shown = "  ".join(f"{value:6.3f}" for value in values)
        print(f"  {head:<10}{figure:<14}{shown}  mean {np.mean(values):6.3f}  target {target:g}: {verdict}")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=3)
    asked = section(read_params(), "certificate", Targets)
    targets = {**asdict(asked), "min_recall": asked.class_recall}
    del targets["class_recall"]
    seeds = range(1, parser.parse_args().seeds + 1)
    runs = []
    for seed in seeds:
        print(f"seed {seed} ...", flush=True)
        runs.append(run_experiment(f"seed-{seed}", {"training.seed": seed}))
    print(f"\nValidation figures of the default pipeline, seeds {', '.join(map(str, seeds))}")
    for head in (name for name, value in runs[0].items() if isinstance(value, dict) and "macro_recall" in value):
        show_head(head, runs, targets)


if __name__ == "__main__":
    main()
