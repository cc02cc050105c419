"""The default pipeline with several seeds, and what it is to reach: ``make seeds``.

Each seed is an experiment in a folder of its own, started as a user would; what DVC's cache has is not run again.
Figures are of the validation split, which also chose the best epochs, so they flatter a little.
"""

import argparse
import json
import subprocess

import numpy as np

TARGETS = {"macro_recall": 0.45, "macro_f1": 0.40, "min_recall": 0.25, "loss": 5.0}


def run_seed(seed: int) -> dict:
    """The metrics of the pipeline with this seed."""
    name = f"seed-{seed}"
    command = ["dvc", "exp", "run", "--temp", "--name", name, "-S", f"training.seed={seed}", "evaluate"]
    if experiment(name):
        subprocess.run(["dvc", "exp", "remove", name], check=True, stdout=subprocess.DEVNULL)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    found = subprocess.run(
        ["git", "show", f"{experiment(name)}:reports/metrics.json"], check=True, stdout=-1, text=True
    )
    return json.loads(found.stdout)


def experiment(name: str) -> str:
    """The commit of an experiment, "" if there is none."""
    return printed("git", "for-each-ref", "--format=%(objectname)", f"refs/exps/*/*/*/{name}").strip()


def printed(*command: str) -> str:
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def reached(figure: str, value: float) -> bool:
    return value < TARGETS[figure] if figure == "loss" else value > TARGETS[figure]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=3)
    seeds = range(1, parser.parse_args().seeds + 1)
    runs = []
    for seed in seeds:
        print(f"seed {seed} ...", flush=True)
        runs.append(run_seed(seed))
    print(f"\nValidation figures of the default pipeline, seeds {', '.join(map(str, seeds))}")
    for head in (name for name, value in runs[0].items() if isinstance(value, dict)):
        for figure, target in TARGETS.items():
            values = [run[head][figure] for run in runs]
            verdict = "reached by all" if all(reached(figure, v) for v in values) else "MISSED"
            told = "  ".join(f"{value:6.3f}" for value in values)
            print(f"  {head:<10}{figure:<14}{told}  mean {np.mean(values):6.3f}  target {target:g}: {verdict}")


if __name__ == "__main__":
    main()
