"""Check that the guards do not intervene in healthy runs: phases 1 to 3 of the default pipeline with several seeds.

The pipeline's own commands, in a folder of its own that shares the decoded clips, which must be there.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml

from tailwise.core.files import read_csv
from tailwise.core.params.config import read_params

STAGES = ("train_phase1", "train_phase2", "target_weak_classes", "train_phase3")
SHARED = (
    *("src", "stages", "requirements.txt", "reports/classes.json"),
    *("data/index", "data/clips", "data/chosen", "data/weights/phase1", "data/weights/phase2"),
)
PHASES = ("phase1", "phase2", "phase3")


def interventions(seed: int) -> list[dict[str, str]]:
    """Interventions in the three phases with this seed."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        lay_out(folder, seed)
        for stage, command in commands().items():
            env = {**os.environ, "DVC_ROOT": made, "DVC_STAGE": stage}
            if subprocess.run(command, shell=True, cwd=folder, env=env, stdout=subprocess.DEVNULL).returncode:
                sys.exit(f"healthy: {stage} failed with seed {seed}, see above")
        files = [folder / "reports" / "training" / phase / "interventions.csv" for phase in PHASES]
        return [{"phase": file.parent.name, **row} for file in files for row in read_csv(file)]


def lay_out(folder: Path, seed: int) -> None:
    """Link the inputs that all seeds share, and write params.yaml with this seed."""
    for path in SHARED:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).symlink_to(Path(path).resolve())
    params = read_params()
    params["training"]["seed"] = seed
    (folder / "params.yaml").write_text(yaml.safe_dump(params), encoding="utf8")


def commands() -> dict[str, str]:
    """{stage: command}, from dvc.yaml."""
    known = yaml.safe_load(Path("dvc.yaml").read_text(encoding="utf8"))
    found = {stage: known["stages"][stage]["cmd"] for stage in STAGES}
    for name, value in known["vars"][0].items():
        found = {stage: command.replace(f"${{{name}}}", value) for stage, command in found.items()}
    return found


def show(seeds: int) -> None:
    """Print one line per seed."""
    for seed in range(1, seeds + 1):
        found = interventions(seed)
        faults = ", ".join(f"{row['phase']} epoch {row['epoch']}: {row['fault']}" for row in found)
        print(f"seed {seed}, phases 1 to 3: {faults or 'no intervention'}", flush=True)
