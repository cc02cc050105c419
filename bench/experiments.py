"""Run the pipeline as a DVC experiment in a temporary folder, as a user would."""

import json
import subprocess


def run_experiment(name: str, settings: dict[str, object]) -> dict:
    """The metrics of the pipeline with these params ({dotted key: value}); DVC's run cache is used."""
    if commit(name):
        subprocess.run(["dvc", "exp", "remove", name], check=True, stdout=subprocess.DEVNULL)
    changes = [part for key, value in settings.items() for part in ("-S", f"{key}={value}")]
    command = ["dvc", "exp", "run", "--temp", "--name", name, *changes, "evaluate"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return json.loads(printed("git", "show", f"{commit(name)}:reports/metrics.json"))


def commit(name: str) -> str:
    """The commit of an experiment, "" if there is none."""
    return printed("git", "for-each-ref", "--format=%(objectname)", f"refs/exps/*/*/{name}").strip()


def printed(*command: str) -> str:
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
