"""A stage reads and writes only what it declares, shown by running it with nothing else present."""

import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from support.pipeline.project import STAGES, hashes
from support.slow import slow_but
from tailwise.core.params.config import read_params

UNTRACKED = (".resume/", ".cache/", ".logs/")


@pytest.mark.parametrize(
    "stage", slow_but(STAGES, "index", "decode_clips", "compute_weights", "train_phase2", "report")
)
def test_a_stage_needs_and_writes_only_what_it_declares(stage, finished, tmp_path):
    declared = finished.lock()[stage]
    plant(declared, finished.folder, tmp_path)
    before = hashes(tmp_path)

    env = {**finished.env, "DVC_ROOT": str(tmp_path), "DVC_STAGE": stage}
    done = subprocess.run(declared["cmd"], shell=True, cwd=tmp_path, env=env, text=True, stdout=-1, stderr=-2)
    assert done.returncode == 0, done.stdout

    after = {path: digest for path, digest in hashes(tmp_path).items() if not path.startswith(UNTRACKED)}
    outs = {path: digest for out in declared["outs"] for path, digest in hashes(finished.folder, out["path"]).items()}
    assert after == {**before, **outs}


def plant(declared: dict, source: Path, tree: Path) -> None:
    """The stage's dependencies in `tree`, and of params.yaml its own keys and `runtime`."""
    for dep in declared["deps"]:
        target = tree / dep["path"]
        target.parent.mkdir(parents=True, exist_ok=True)
        if (source / dep["path"]).is_dir():
            shutil.copytree(source / dep["path"], target, dirs_exist_ok=True)
        else:
            shutil.copyfile(source / dep["path"], target)
    params = {"runtime": read_params(source / "params.yaml")["runtime"]}
    for path, value in declared.get("params", {}).get("params.yaml", {}).items():
        *parents, last = path.split(".")
        place = params
        for key in parents:
            place = place.setdefault(key, {})
        place[last] = value
    (tree / "params.yaml").write_text(yaml.safe_dump(params), encoding="utf8")
