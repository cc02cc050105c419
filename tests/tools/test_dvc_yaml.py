"""The generator of dvc.yaml dependencies: on the committed files, and on a synthetic repository."""

import os
from pathlib import Path

import pytest
import yaml

from tools import dvc_yaml
from tools.dependencies import code_of
from tools.dvc_yaml import main, pipelines, render
from tools.import_walk import Sources

FILES = {
    "requirements/core.txt": "pyyaml==6.0.3\n",
    "requirements/report.txt": "jinja2==3.1.6\n",
    "stages/work.py": "from app.recipe import load_recipe\nrecipe = load_recipe('x')\nrecipe.build()\n",
    "src/app/recipe.py": "import importlib\n\ndef load_recipe(name):\n    module = f'{name}.recipe'\n"
    "    return importlib.import_module(module).RECIPE\n",
    "src/app/mine/recipe.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import app.typed\n"
    "class Mine:\n    def build(self):\n        from app.model.net import Net\n        return self.sized()\n"
    "    def sized(self):\n        import app.sizes\n"
    "    def page(self):\n        import app.report\n",
    "src/app/model/net.py": "import yaml\nfrom .layers import x\n",
    "src/app/model/layers.py": "try:\n    import ray\nexcept ImportError:\n    pass\n",
    "src/app/sizes.py": "def f():\n    import os\n",
    "src/app/report.py": "import jinja2\nfrom pathlib import Path\nWEB = Path(__file__).parent / 'web'\n",
    "src/app/web/page.html": "",
    "src/app/typed.py": "",
    "dvc.yaml": """\
# What it is for.
vars:
  - run: exec sh -c 'exec env PYTHONPATH=src python3 "$@"' sh

stages:
  work:  # the only one
    cmd: ${run} stages/work.py app.mine
    deps: [src/app/gone.py, requirements.txt, data/raw, '${data.root}']
    outs: [out, small.json: {cache: false}]

plots:
  - out: {x: epoch}
""",
}
WORK = [
    "requirements/core.txt",
    "stages/work.py",
    "src/app/mine",
    "src/app/model",
    "src/app/recipe.py",
    "src/app/sizes.py",
]


@pytest.fixture
def repository(tmp_path, monkeypatch) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(dvc_yaml, "ROOT", tmp_path)
    return tmp_path


def deps(folder: Path) -> list[str]:
    return yaml.safe_load(render(folder / "dvc.yaml"))["stages"]["work"]["deps"]


@pytest.mark.parametrize("file", pipelines(), ids=lambda file: file.parent.name)
def test_the_committed_file_is_what_the_imports_say(file):
    assert render(file) == file.read_text(encoding="utf8"), "run `make dvc-yaml`"


def test_no_stage_depends_on_a_command():
    for file in pipelines():
        assert "tailwise/cli" not in file.read_text(encoding="utf8")


def pins_of_training(file: Path) -> dict[str, set[str]]:
    """{stage: its files of pinned packages}, of the stages that train."""
    stages = yaml.safe_load(file.read_text(encoding="utf8"))["stages"]
    stages = {name: stage.get("do", stage) for name, stage in stages.items() if name.startswith("train")}
    return {
        name: {Path(path).name for path in stage["deps"] if "requirements/" in path} for name, stage in stages.items()
    }


def test_new_packages_for_plots_tables_and_decoding_train_nothing_again():
    assert pins_of_training(dvc_yaml.ROOT / "dvc.yaml").keys() == {"train_phase1", "train_phase2", "train_phase3"}
    for file in (dvc_yaml.ROOT / "dvc.yaml", *dvc_yaml.ROOT.glob("pipelines/*/dvc.yaml")):
        for name, pins in pins_of_training(file).items():
            assert pins - {"weights.txt"} == {"core.txt", "train.txt"}, (file, name)  # pretrained weights are a package


def test_no_pipeline_trains_again_for_new_packages_of_the_report():
    """One that reads tables or pictures as it trains depends on their packages, too."""
    for file in pipelines():
        for name, pins in pins_of_training(file).items():
            assert "train.txt" in pins and not pins & {"report.txt", "dvc.txt"}, (file, name)


def test_a_stage_depends_on_what_it_imports_and_on_what_the_methods_it_calls_import(repository):
    assert deps(repository) == [*WORK, "data/raw", "${data.root}"]


def test_a_method_that_is_called_adds_what_it_imports_with_its_templates_and_pins(repository):
    with open(repository / "stages/work.py", "a") as file:
        file.write("load_recipe('x').page()\n")
    assert set(deps(repository)) - set(WORK) == {
        "requirements/report.txt", "src/app/report.py", "src/app/web", "data/raw", "${data.root}",
    }  # fmt: skip


def test_all_else_stays_as_it_is(repository):
    old, new = FILES["dvc.yaml"].splitlines(), render(repository / "dvc.yaml").splitlines()
    assert [line for line in new if not line.startswith("      - ")] == [
        line if "deps" not in line else "    deps:" for line in old
    ]


def test_a_second_time_nothing_is_written(repository, capsys):
    file = str(repository / "dvc.yaml")
    assert (main([file, "--check"]), main([file]), main([file, "--check"])) == (1, 0, 0)
    said = capsys.readouterr()
    assert said.err.endswith("dependencies differ from the imports: make dvc-yaml\n")
    assert [line.split(": ")[1] for line in said.out.splitlines()] == ["written", "up to date"]


def test_a_package_that_nothing_pins_is_refused(repository, capsys):
    (repository / "src/app/sizes.py").write_text("import pandas\n")
    assert main([str(repository / "dvc.yaml")]) == 1
    said = (
        f"{os.path.relpath(repository / 'dvc.yaml')}: stage work: imports pandas: pin it in a file of requirements/\n"
    )
    assert capsys.readouterr().err == said


def test_an_import_that_cannot_be_read_is_refused(repository):
    (repository / "src/app/sizes.py").write_text("import importlib\nimportlib.import_module(names[0])\n")
    with pytest.raises(ValueError, match="sizes.py:2: write import_module"):
        render(repository / "dvc.yaml")


def test_the_walk_sees_imports_of_every_form(tmp_path):
    package = tmp_path / "app" / "inner"
    package.mkdir(parents=True)
    for name in ("a", "b", "c", "d"):
        (package / f"{name}.py").touch()
    (package / "x.py").write_text(
        "def f():\n    from app.inner import a\n    import app.inner.b\n    from . import c\n    from .d import y\n"
    )
    found = code_of(Sources([tmp_path]), [package / "x.py"], None).files
    assert {file.stem for file in found} == {"a", "b", "c", "d", "x"}


def test_a_room_is_one_path_however_little_of_it_is_imported(repository, monkeypatch):
    (repository / "src/app/model/unused.py").write_text("")
    assert "src/app/model" not in deps(repository)
    monkeypatch.setattr(dvc_yaml, "ROOMS", ("app/model",))
    assert "src/app/model" in deps(repository)
