"""Which stages' outputs differ from the committed dvc.lock: ``compare_lock.py [FOLDER]``, of a pipeline.

Everything up to the weights must be equal. What comes from training may differ on another
processor: it rounds differently. Exit 1 if a stage before training differs.
"""

import subprocess
import sys
from pathlib import Path

import yaml

FROM_TRAINING = {
    "train_phase1",
    "train_phase2",
    "target_weak_classes",
    "train_phase3",
    "train_phase4",
    "pretrain",
    "select_model",
    "evaluate",
    "fit_decoding",
    "route",
    "calibrate",
    "intervals",
    "show_mistakes",
    "certify",
    "report",
    "draw_figures",
}


def outputs(lock: str) -> dict[str, dict[str, str]]:
    """{stage: {output: hash}}"""
    stages = yaml.safe_load(lock)["stages"]
    return {name: {out["path"]: out["md5"] for out in stage.get("outs", [])} for name, stage in stages.items()}


def main() -> int:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
    show = ["git", "show", "HEAD:./dvc.lock"]
    committed = subprocess.run(show, cwd=folder, capture_output=True, text=True, check=True).stdout
    before, now = outputs(committed), outputs((folder / "dvc.lock").read_text(encoding="utf8"))
    different = [name for name in now if now[name] != before.get(name)]
    for name in now:
        print(f"{name:<22}{'DIFFERS from' if name in different else 'equals'} the committed {folder / 'dvc.lock'}")
    return int(bool(set(different) - FROM_TRAINING))


if __name__ == "__main__":
    sys.exit(main())
