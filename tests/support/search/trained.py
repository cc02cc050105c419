"""A pipeline of two stages that trains nothing: its curve by epoch follows from its params. It logs what it does."""

import sys

FILES = {
    "dvc.yaml": """\
stages:
  train:
    cmd: exec PYTHON ./train.py main
    deps: [train.py]
    params: [model, training]
    outs: [reports/training/main]
  evaluate:
    cmd: exec PYTHON ./evaluate.py
    deps: [evaluate.py, reports/training/main]
    metrics: [reports/metrics.json: {cache: false}]
""".replace("PYTHON", sys.executable),
    "params.yaml": """\
model: {kind: plain, rate: 1e-3}
training: {seed: 1, epochs: 4, pause: 0.3}
runtime: {workers: 0}
""",
    "train.py": """\
import math, os, pathlib, sys, time

from tailwise.core.params.config import read_params
from tailwise.core.system.parent import die_with_parent

die_with_parent(os.getppid())
params = read_params()
model, training = params["model"], params["training"]
log = open(os.environ.get("TRAINED_LOG", os.devnull), "a")
told = f"{model['kind']} {model['rate']}"
print("begins", told, file=log, flush=True)
best = {"plain": 0.5, "wide": 0.6, "bad": 0.1}[model["kind"]] - 0.1 * abs(math.log10(model["rate"]) + 2)
rows = ["epoch,score"]
folder = pathlib.Path("reports/training/main")
folder.mkdir(parents=True, exist_ok=True)
for epoch in range(1, training["epochs"] + 1):
    time.sleep(training["pause"])
    rows.append(f"{epoch},{best * epoch / training['epochs']}")
    (folder / "part").write_text("\\n".join(rows) + "\\n")
    os.replace(folder / "part", folder / "epochs.csv")
print("ends", told, file=log, flush=True)
""",
    "evaluate.py": """\
import json, pathlib

score = float(pathlib.Path("reports/training/main/epochs.csv").read_text().split(",")[-1])
pathlib.Path("reports/metrics.json").write_text(json.dumps({"tag": {"macro_recall": score}}))
""",
    ".gitignore": "/reports/training\n/.logs\n",
}
SEARCH = """\
title: Rates
trials: TRIALS
objective: {metric: tag.macro_recall}
sampler: {kind: tpe, seed: 3, startup: 6}
keys:
  model.rate: {kind: float, low: 1.0e-4, high: 1.0, log: true}
  model.kind: {kind: choice, of: [plain, wide]}
"""
