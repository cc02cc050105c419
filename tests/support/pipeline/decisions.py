"""What DVC considers changed and reruns, with stub stages (see `stub`), and what dvc.yaml declares."""

import json
import os
import re
import sys
from collections.abc import Iterable
from contextlib import contextmanager
from functools import reduce
from operator import getitem
from pathlib import Path

import pytest
import yaml
from dvc.repo import Repo
from dvc.utils import strictyaml
from dvc.utils.serialize import _yaml
from fsspec.implementations.memory import MemoryFileSystem

from support.pipeline import stub
from support.pipeline.project import DEFINED, ROOT, STAGES, Project
from tailwise.core.params.config import read_params

# Outputs that follow from less than all that their stage declares. The real stages keep this:
# see test_caching and data/test_index.
NARROW = {
    "data/checked.txt": {"params": [], "deps": []},
    "data/effective.yaml": {"deps": []},
    "reports/config.yaml": {"deps": ["data/effective.yaml"]},
    "data/index": {"params": ["data.root", "data.reader", "data.pseudo", "resampling"]},
    "reports/index.json": {"params": ["data.root", "data.reader", "data.pseudo", "resampling"]},
    "data/chosen/phase1.json": {"params": [], "deps": []},
    "data/chosen/phase2.json": {"params": [], "deps": []},
    "data/chosen/phase3.json": {"params": [], "deps": []},
    "data/weights/phase1": {"params": ["phase1.max_weight", "phase1.boost", "phase1.apply_as", "phase1.samples"]},
    "data/weights/phase2": {"params": ["phase2.max_weight", "phase2.boost", "phase2.apply_as", "phase2.samples"]},
    "data/curricula": {"params": ["phase2.curriculum"], "deps": []},
    "data/difficulty": {"params": [], "deps": ["data/curricula"]},  # without a curriculum nothing is measured
    "data/epochs/phase2.csv": {"params": [], "deps": ["data/curricula/phase2.json"]},
    "reports/difficulty.json": {"deps": ["data/difficulty"]},
    "data/weights/phase3": {
        "params": ["target", "phase3.max_weight", "phase3.boost", "phase3.apply_as", "phase3.samples"]
    },
}


def set_parameter(project: Project, path: str, change) -> None:
    """Change one value of params.yaml, and write it as JSON, which YAML contains and DVC reads sooner."""
    params = read_params(project / "params.yaml")
    *parents, last = path.split(".")
    place = params
    for key in parents:
        place = place[key]
    place[last] = change(place[last])
    (project / "params.yaml").write_text(json.dumps(params, indent=2))


def other(value):
    """Another value, of the same type unless it is None; stubs take any."""
    if isinstance(value, list):
        return [*value, "more"]
    if isinstance(value, dict):
        return {**value, "more": ["x"]}
    return f"{value}x" if value is None or isinstance(value, str) else value + 1


def append(path: Path, text: str) -> None:
    """To a new file in its place: what DVC has linked must not be written to."""
    path.parent.mkdir(parents=True, exist_ok=True)
    before = path.read_text(encoding="utf8") if path.exists() else ""
    path.unlink(missing_ok=True)
    path.write_text(before + text, encoding="utf8")


def declared_to_rerun(keys: Iterable[str] = (), files: Iterable[str] = ()) -> list[str]:
    """The stages that a change of these parameters and files reruns, by dvc.yaml and `NARROW`, without DVC."""
    values = read_params(ROOT / "params.yaml")
    changed, ran = set(files), []
    for stage in STAGES:
        of = DEFINED["stages"][stage]
        moved = [dep for dep in of["deps"] if any(f"${{{key}}}" in dep for key in keys)]
        deps = moved + [dep for dep in of["deps"] if any(overlap(resolved(dep, values), path) for path in changed)]
        params = touched(of.get("params", []), keys)
        if deps or params:
            ran.append(stage)
            changed |= {out for out in outputs(of) if follows(out, deps, params, keys)}
    return ran


def resolved(dep: str, values: dict) -> str:
    """A path of dvc.yaml with the parameters in it, such as ``${data.root}``."""
    return re.sub(r"\$\{([\w.]+)\}", lambda found: reduce(getitem, found[1].split("."), values), dep)


def follows(out: str, deps: list[str], params: list[str], keys: Iterable[str]) -> bool:
    """Whether an output changes with these of its stage's dependencies and parameters."""
    narrow = NARROW.get(out, {})
    return bool(touched(narrow.get("params", params), keys) or set(narrow.get("deps", deps)) & set(deps))


def touched(paths: list[str], keys: Iterable[str]) -> list[str]:
    """Those of the dotted paths that are, or are above, one of the keys."""
    return [path for path in paths if any(f"{key}.".startswith(f"{path}.") for key in keys)]


def overlap(one: str, other: str) -> bool:
    """Whether two paths are the same, or one lies below the other."""
    return f"{one}/".startswith(f"{other}/") or f"{other}/".startswith(f"{one}/")


def outputs(stage: dict) -> list[str]:
    """Paths of all that a stage of dvc.yaml writes."""
    outs = [*stage.get("outs", []), *stage.get("metrics", [])]
    return [path for out in outs for path in ([out] if isinstance(out, str) else out)]


def changed_stages(project: Project) -> list[str]:
    """`dvc status`: the stages whose own command, parameters or dependencies have changed."""
    with dvc_in(project) as repo:
        changed = repo.status(targets=["dvc.yaml"])
    return [stage for stage in STAGES if stage in changed]


def with_stubs(definition: dict) -> dict:
    """This dvc.yaml with a stub for each command."""
    stages = {
        name: {**of, "cmd": f"{sys.executable} -SE {stub.__file__} {name}"} for name, of in definition["stages"].items()
    }
    return {**definition, "stages": stages}


def reproduced(project: Project) -> list[str]:
    """`dvc repro`; the stages that ran, in dvc.yaml's order."""
    ran = project / stub.RAN
    ran.unlink(missing_ok=True)
    with dvc_in(project) as repo:
        (project / stub.PLANS).write_text(json.dumps(plan(repo)))
        repo.reproduce(run_cache=False)
    names = ran.read_text().split() if ran.exists() else []
    assert len(names) == len(set(names))
    return [stage for stage in STAGES if stage in names]


@contextmanager
def dvc_in(project: Project):
    """DVC in this process, where it reads and writes JSON for YAML: else it would do little besides."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(project.folder)
        for name, value in project.env.items():
            patch.setenv(name, value)
        for module, name in ((strictyaml, "parse_yaml"), (_yaml, "parse_yaml"), (_yaml, "parse_yaml_for_update")):
            patch.setattr(module, name, quickly_read)
        patch.setattr(_yaml, "_dump", json.dump)
        with Repo(os.fspath(project.folder)) as repo:
            yield repo
        MemoryFileSystem.store.clear()  # DVC searches all that it ever kept there for each file


def quickly_read(text: str, *_, **__):
    return json.loads(text) if text.startswith("{") else yaml.load(text, yaml.CSafeLoader) or {}


def plan(repo: Repo) -> dict:
    """{stage: its outputs, each with the files it must hold and the dependencies and parameters it follows from}."""
    stages = [stage for stage in repo.index.stages if stage.path_in_repo == "dvc.yaml"]
    deps = {s.name: [dep for dep in s.deps if not getattr(dep, "params", None)] for s in stages}
    needed = {dep.def_path for of_stage in deps.values() for dep in of_stage}
    plans = {}
    for stage in stages:
        params = [path for dep in stage.deps for path in getattr(dep, "params", None) or []]
        plans[stage.name] = []
        for out in stage.outs:
            path = out.def_path
            inside = sorted(name for name in needed if name.startswith(f"{path}/") and "." in name)
            files = [path] if "." in path else [*inside, f"{path}/Train/action_0/clip_0.mp4"]
            everything = {"params": params, "deps": [dep.def_path for dep in deps[stage.name]]}
            plans[stage.name].append({"path": path, "files": files, **everything, **NARROW.get(path, {})})
    return plans
