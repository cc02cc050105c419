"""A pipeline of one stage that takes no time, in git and DVC: what it would learn follows from its params."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

SOURCES = Path(__file__).parents[3] / "src"
FILES = {
    "dvc.yaml": """\
stages:
  evaluate:
    cmd: PYTHON evaluate.py
    deps: [evaluate.py]
    params: [model, training]
    outs: [reports/evaluation]
    metrics: [reports/metrics.json: {cache: false}]
""".replace("PYTHON", sys.executable),
    "params.yaml": """\
model: {kind: plain, rate: 1e-3}
training: {seed: 1, batch: 8}
runtime: {workers: 0}
""",
    "evaluate.py": """\
import json, pathlib, random, yaml

params = yaml.safe_load(open("params.yaml"))
better = {"plain": 0.0, "wide": 0.1}[params["model"]["kind"]]
seed = params["training"]["seed"]
draw = random.Random(f"{seed} {params['model']}")
answers = pathlib.Path("reports/evaluation")
answers.mkdir(parents=True)
rows, right = [], {"a": [], "b": []}
for i in range(80):
    actual = "ab"[i % 4 == 0]
    hit = draw.random() < 0.7 + better
    right[actual].append(hit)
    predicted = actual if hit else "ab"[actual == "a"]
    rows.append(f"s{i},g{i // 2},{actual},{predicted},0.5,0.5")
(answers / "tag.csv").write_text("\\n".join(["sample,group,actual,predicted,a,b", *rows]) + "\\n")
recall = {name: sum(hits) / len(hits) for name, hits in right.items()}
mean = sum(recall.values()) / 2
figures = {"score": 100 * mean, "tag": {"macro_recall": mean, "macro_f1": mean, "loss": 1 - mean, "recall": recall}}
pathlib.Path("reports/metrics.json").write_text(json.dumps(figures))
""",
    ".gitignore": "/reports/evaluation\n/reports/comparison.html\n",
}


class Toy:
    """The pipeline in a folder."""

    def __init__(self, folder: Path):
        self.folder = folder
        home = folder.parent / f"{folder.name}-home"
        who = {f"GIT_{role}_{fact}": "n@x" for role in ("AUTHOR", "COMMITTER") for fact in ("NAME", "EMAIL")}
        apart = {f"DVC_{kind}_DIR": str(home / kind) for kind in ("SITE_CACHE", "GLOBAL_CONFIG", "SYSTEM_CONFIG")}
        settings = {
            "PYTHONPATH": str(SOURCES),
            "DVC_NO_ANALYTICS": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
        }
        self.env = {**os.environ, **who, **apart, **settings, "HOME": str(home)}

    def run(self, *command: str) -> str:
        done = subprocess.run(command, cwd=self.folder, env=self.env, text=True, stdout=-1, stderr=subprocess.STDOUT)
        assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}"
        return done.stdout

    def dvc(self, *arguments: str) -> str:
        return self.run(sys.executable, "-m", "dvc", *arguments)

    def commit(self, message: str) -> None:
        self.run("git", "add", "--all")
        self.run("git", "commit", "--quiet", "--allow-empty", "--message", message)

    def experiment(self, name: str, **changes: object) -> None:
        """model.rate is model__rate."""
        words = [word for key, value in changes.items() for word in ("-S", f"{key.replace('__', '.')}={value}")]
        self.dvc("exp", "run", "--temp", "--name", name, *words)


def make_toy(folder: Path, files: Mapping[str, str] = FILES) -> Toy:
    """The pipeline, run and committed on the branch main. files: {path: text}"""
    folder.mkdir(parents=True, exist_ok=True)
    toy = Toy(folder)
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    toy.run("git", "init", "--quiet", "--initial-branch", "main")
    toy.dvc("init", "--quiet")
    toy.dvc("repro", "--quiet")
    toy.commit("a run")
    return toy
