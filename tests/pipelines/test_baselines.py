"""The comparison of rebalancing methods: its configuration, cells and table."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from baselines.cells import Adjusted, Shrunk, choose_rate, score_cell, shrink, train_cell
from baselines.methods import Labelled, Method, MethodPhase, epochs_of, rebalancing
from baselines.setting import read_setting
from baselines.table import summarize, table
from tailwise.balance.boosts import Inverse, Target
from tailwise.balance.guard import Balance
from tailwise.balance.subset import AllSamples
from tailwise.core.errors import UserError
from tailwise.core.files import write_csv, write_json
from tailwise.core.heads import Head
from tailwise.core.params.config import read_params
from tailwise.data.video.store.clips import Clips

FOLDER = Path(__file__).parents[2] / "pipelines" / "baselines"
PARAMS = read_params(FOLDER / "params.yaml")
METHODS = list(PARAMS["methods"])
HEADS = (Head("action", ("Holding", "Dive")), Head("severity", ("No card", "Red card")))
TARGET = Target(0.4, 0, 1)
WINDOW = {"centre": 2, "stride": 1, "frames": 4, "margin": 0, "height": 32, "width": 32}


@pytest.fixture
def store(tmp_path):
    """Three splits of 12 samples with one view; an action is bright or dark, a third of them are dives."""
    rng = np.random.default_rng(0)
    for split in ("train", "valid", "test"):
        actions = [HEADS[0].classes[i % 3 == 0] for i in range(12)]
        severities = [HEADS[1].classes[i % 4 == 0] for i in range(12)]
        rows = [[f"{split}/{i}", 0, "match", a, s, "x", i] for i, (a, s) in enumerate(zip(actions, severities))]
        header = ["sample", "view", "group", "action", "severity", "shard", "row"]
        write_csv(tmp_path / split / "manifest.csv", header, rows)
        write_json(tmp_path / split / "window.json", WINDOW)
        frames = rng.integers(0, 90, (12, 4, 32, 32, 3)) + [[[[[150 * (i % 3 == 0)]]]] for i in range(12)]
        np.save(tmp_path / split / "x.npy", frames.astype(np.uint8))
    return tmp_path


def setting(store, method, monkeypatch):
    write_json(store / "index/heads.json", {head.name: list(head.classes) for head in HEADS})
    monkeypatch.setattr("baselines.setting.DATA", store)
    params = {**PARAMS, "model": {**PARAMS["model"], "backbone": {"kind": "tiny", "width": 8}}}
    params["cells"] = {"seeds": 2, "rates": [4e-3], "chosen_on": 1, "epochs": 5, "shrink": 2, "workers": 1}
    params["training"] = {**params["training"], "batch_size": 4}
    found = read_setting(params, method)
    return found.__class__(**{**found.__dict__, "store": store})


@pytest.fixture
def repo(tmp_path):
    """The repository without anything that a run makes, and with a weights file for each method."""
    root, folder = FOLDER.parents[1], tmp_path / "repo"
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *PARTS]
    for name in subprocess.run(listed, cwd=root, text=True, stdout=-1, check=True).stdout.split("\0"):
        if (root / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(root / name, folder / name)
    call(folder, "git", "init", "--quiet")
    return folder


PARTS = [
    ".dvc",
    ".dvcignore",
    ".gitignore",
    "dvc.yaml",
    "params.yaml",
    "requirements",
    "requirements.txt",
    "src",
    "stages",
    "data",
]
PARTS += ["pipelines/baselines"]


def call(folder, *command: str, status: int = 0) -> str:
    env = {name: value for name, value in os.environ.items() if not name.startswith(("DVC_", "PYTHON"))}
    env["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{env['PATH']}"
    done = subprocess.run(command, cwd=folder, env=env, text=True, stdout=-1, stderr=subprocess.STDOUT)
    assert done.returncode == status, done.stdout
    return done.stdout


def test_they_are_part_of_the_one_dvc_repository_and_the_roots_repro_leaves_them_alone(repo):
    assert not [path for path in repo.glob("pipelines/*/.dvc*")]
    assert "pipelines/baselines/dvc.yaml:score" in call(repo, "dvc", "stage", "list", "--all")
    own, theirs = (planned(repo / folder) for folder in (".", "pipelines/baselines"))
    assert "Running stage 'check'" in own and "'save_config'" in own and "baselines" not in own
    assert "Running stage '../../dvc.yaml:check'" in theirs and "save_config" not in theirs


def planned(folder) -> str:
    """What `dvc repro` would run there, where nothing has run yet; it ends where an input is not there."""
    said = call(folder, "dvc", "repro", "--dry", "--keep-going", status=255)
    return "".join(line for line in said.splitlines() if line.startswith(("Running stage ", "ERROR: ")))


def test_a_clone_without_their_weights_has_nothing_to_check_out_or_pull_of_them(repo, tmp_path):
    (repo / "dvc.yaml").unlink()
    call(repo, "dvc", "remote", "add", "--default", "storage", str(tmp_path / "remote"))
    for command in ("checkout", "push", "pull"):
        assert "failed" not in call(repo, "dvc", command).lower()


def test_imported_code_leaves_them_nothing_to_do(repo):
    folder = repo / "pipelines/baselines"
    for split in ("train", "valid", "test"):
        (repo / "data/clips" / split).mkdir(parents=True)
        (repo / "data/clips" / split / "manifest.csv").write_text(split)
    (repo / "data/index").mkdir()
    (repo / "data/index/heads.json").write_text("{}")
    (repo / "dvc.yaml").unlink()  # its stages are not run here
    for name in METHODS:
        (folder / "data" / name).mkdir()
        (folder / "data" / name / "seed1.safetensors").write_text(name)
    call(folder, "dvc", "commit", "--force")
    everything = "".join(f"import {name}\n" for name in modules(repo / "src", folder))
    call(folder, "env", "PYTHONPATH=../../src:.", "python3", "-c", everything)
    assert (folder / "baselines/__pycache__").is_dir() and (repo / "src/tailwise/engine/train/__pycache__").is_dir()
    for place in (folder, repo):
        assert call(place, "dvc", "status") == "Data and pipelines are up to date.\n"
    assert "Running" not in call(folder, "dvc", "repro", "--dry")


def modules(*sources: Path) -> list[str]:
    """Dotted names of all that can be imported from there."""
    found = [(source, file) for source in sources for file in source.rglob("*.py") if file.parent != source]
    names = [".".join(file.relative_to(source).with_suffix("").parts) for source, file in found]
    return sorted(name.removesuffix(".__init__") for name in names)


def test_every_method_is_named_in_the_pipeline_and_the_other_way_round():
    import yaml

    stages = yaml.safe_load((FOLDER / "dvc.yaml").read_text())["stages"]
    assert stages["train"]["foreach"] == METHODS
    assert stages["score"]["cmd"].split("score_methods.py ")[1].split() == METHODS
    read = {f"data/{name}" for name in METHODS} | {f"reports/{name}.json" for name in METHODS}
    assert read <= set(stages["score"]["deps"])


@pytest.mark.parametrize("name", METHODS)
def test_a_cell_of_each_method_trains_and_its_weights_answer_again(name, store, monkeypatch):
    of_method = setting(store, name, monkeypatch)
    train, valid = (Shrunk(Clips(store / split, HEADS), 2) for split in ("train", "valid"))
    first, again = (train_cell(of_method, train, valid, 4e-3, seed=1) for _ in range(2))
    assert first["valid"] == again["valid"] and first["steps"] == pytest.approx(15, abs=3)
    assert all(torch.equal(first["weights"][key], again["weights"][key]) for key in first["weights"])
    assert score_cell(of_method, first["weights"], "valid") == first["valid"]


def test_a_method_that_breaks_the_guard_must_say_so():
    step = MethodPhase(10.0, Inverse("inverse"), "weight", AllSamples("all"), share=1.0, lr=1.0, aimed=False)
    samples = Labelled(["a"] * 12, {"action": ["x"] * 11 + ["y"]}, {"action": ["x", "y"]})
    assert rebalancing("phase1", step, samples, Balance(11), TARGET, {}, {}).boost == {"action": {"x": 1, "y": 10}}
    with pytest.raises(UserError, match="balance.max_effective_ratio is 5"):
        rebalancing("phase1", step, samples, Balance(5), TARGET, {}, {})


def test_an_aimed_phase_starts_from_the_boost_before_it():
    step = MethodPhase(5.0, Inverse("inverse"), "weight", AllSamples("all"), share=1.0, lr=1.0, aimed=True)
    samples = Labelled(["a"] * 12, {"action": ["x"] * 11 + ["y"]}, {"action": ["x", "y"]})
    best = {"action": {"hits": {"x": 9, "y": 1}, "support": {"x": 10, "y": 10}}}
    found = rebalancing("phase2", step, samples, Balance(5), TARGET, {"action": {"x": 1.0, "y": 1.1}}, best)
    assert found.boost["action"] == pytest.approx({"x": 1.0, "y": 1.1 * 0.4 / 0.1})


def test_shares_must_add_up():
    step = MethodPhase(1.0, Inverse("inverse"), "weight", AllSamples("all"), share=0.5, lr=1.0, aimed=False)
    with pytest.raises(ValueError, match="must add up to 1"):
        Method(Balance(10), False, (step,))


@pytest.mark.parametrize(("steps", "draws", "expected"), [(140, 100, 20), (28, 40, 9), (56, 300, 3), (14, 900, 1)])
def test_epochs_come_near_to_the_steps(steps, draws, expected):
    assert epochs_of(steps, draws, batch=16) == expected


def test_pixels_are_averaged():
    frames = np.arange(2 * 5 * 4 * 3, dtype=np.uint8).reshape(2, 5, 4, 3)
    small = shrink(frames, 2)
    assert small.shape == (2, 2, 2, 3)
    assert small[1, 1, 0].tolist() == np.round(frames[1, 2:4, 0:2].mean(axis=(0, 1))).tolist()
    np.testing.assert_array_equal(shrink(frames, 1), frames)


def test_adjusted_answers_are_less_the_logarithm_of_the_shares_and_training_is_not():
    class Fixed(torch.nn.Module):
        def forward(self, x):
            return {"action": x}

    model = Adjusted(Fixed(), {"action": torch.tensor([0.9, 0.1])})
    x = torch.tensor([[1.0, 0.0]])
    assert model.train()(x=x)["action"].tolist() == [[1.0, 0.0]]
    torch.testing.assert_close(model.eval()(x=x)["action"], torch.tensor([[1 - np.log(0.9), -np.log(0.1)]]).float())


def test_the_rate_with_the_best_mean_is_chosen_and_the_smaller_of_equals():
    assert choose_rate({1e-3: [0.2, 0.4], 2e-3: [0.5, 0.2], 4e-3: [0.3, 0.3]}) == 2e-3
    assert choose_rate({4e-3: [0.3, 0.3], 1e-3: [0.2, 0.4]}) == 1e-3


def test_figures_of_seeds_by_hand():
    seeds = [{"action": [[3, 1], [0, 4]]}, {"action": [[2, 2], [4, 0]]}]
    found = summarize(seeds)["action"]
    half = 12.706 * np.std([0.875, 0.25], ddof=1) / 2**0.5
    assert found["macro_recall"] == pytest.approx([0.5625, half], rel=1e-3)
    assert found["min_recall"][0] == pytest.approx(0.375) and found["collapsed"][0] == 0.5


def test_one_seed_has_no_interval():
    assert summarize([{"action": [[1, 1], [0, 2]]}])["action"]["macro_recall"] == [0.75, None]


def test_gains_are_taken_seed_by_seed():
    ours = [{"action": [[3, 1], [0, 4]]}, {"action": [[2, 2], [4, 0]]}]
    plain = [{"action": [[2, 2], [0, 4]]}, {"action": [[1, 3], [4, 0]]}]
    assert summarize(ours, plain)["action"]["macro_recall"] == pytest.approx([0.125, 0.0])


def test_the_table_has_a_row_a_method():
    figures = summarize([{"action": [[3, 1], [0, 4]]}] * 2)
    row = {"lr": 2e-3, "steps": 40, **dict.fromkeys(["valid", "test", "valid_gain", "test_gain"], figures)}
    lines = table({"plain": row}).splitlines()
    assert lines[0].startswith(
        "| method | lr | steps | valid action: recall | valid action: gain | valid action: lowest"
    )
    cells = "0.875 ± 0.000 | 0.875 ± 0.000 | 0.750 ± 0.000 | 0.000 ± 0.000"
    assert lines[2] == f"| plain | 0.002 | 40 | {cells} | {cells} |"
