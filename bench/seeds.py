"""The default pipeline with several seeds, and what it is to reach: ``make seeds``.

Figures are of the validation split, which also chose the best epochs, so they flatter a little.
"""

import argparse

import numpy as np

from experiments import run_experiment

TARGETS = {"macro_recall": 0.45, "macro_f1": 0.40, "min_recall": 0.25, "loss": 5.0}


def reached(figure: str, value: float) -> bool:
    return value < TARGETS[figure] if figure == "loss" else value > TARGETS[figure]


def show_head(head: str, runs: list[dict]) -> None:
    """A line a figure: its value with each seed, the mean, and the target."""
    for figure, target in TARGETS.items():
        values = [run[head][figure] for run in runs]
        verdict = "reached by all" if all(reached(figure, v) for v in values) else "MISSED"
        told = "  ".join(f"{value:6.3f}" for value in values)
        print(f"  {head:<10}{figure:<14}{told}  mean {np.mean(values):6.3f}  target {target:g}: {verdict}")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=3)
    seeds = range(1, parser.parse_args().seeds + 1)
    runs = []
    for seed in seeds:
        print(f"seed {seed} ...", flush=True)
        runs.append(run_experiment(f"seed-{seed}", {"training.seed": seed}))
    print(f"\nValidation figures of the default pipeline, seeds {', '.join(map(str, seeds))}")
    for head in (name for name, value in runs[0].items() if isinstance(value, dict)):
        show_head(head, runs)


if __name__ == "__main__":
    main()
