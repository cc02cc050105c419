"""notebooks/fouls.ipynb: a notebook without outputs, whose code cells run in order."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from support.pipeline.project import ROOT

NOTEBOOK = ROOT / "notebooks/fouls.ipynb"
CELLS = json.loads(NOTEBOOK.read_text(encoding="utf8"))["cells"]
RUN = """
import ast, json, sys
space = {"__name__": "__main__"}
for cell in json.load(open(sys.argv[1], encoding="utf8"))["cells"]:
    if cell["cell_type"] == "code":
        code = ast.parse("".join(cell["source"]), cell["id"])
        shown = isinstance(code.body[-1], ast.Expr) and ast.Expression(code.body.pop().value)
        exec(compile(code, cell["id"], "exec"), space)
        value = eval(compile(shown, cell["id"], "eval"), space) if shown else None
        if hasattr(value, "_repr_html_"):
            print("shows", value._repr_html_()[:30], flush=True)
"""
"""As a notebook does: all cells in one namespace; a last expression that has `_repr_html_` is shown."""


def sources(kind: str) -> list[str]:
    return ["".join(cell["source"]) for cell in CELLS if cell["cell_type"] == kind]


def test_it_is_a_notebook_without_outputs():
    notebook = json.loads(NOTEBOOK.read_text(encoding="utf8"))
    assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)
    assert len({cell["id"] for cell in CELLS}) == len(CELLS) > 20
    for cell in CELLS:
        assert cell["metadata"] == {} and cell["cell_type"] in ("markdown", "code")
        if cell["cell_type"] == "code":
            assert cell["outputs"] == [] and cell["execution_count"] is None


def test_its_cells_are_plain_python_with_lines_of_usual_length():
    """No line that only IPython reads, so that this test and a notebook run the same."""
    for source in sources("code"):
        compile(source, str(NOTEBOOK), "exec")
        assert max(map(len, source.splitlines())) <= 120 and source.count("\n") < 15


def test_its_links_and_make_targets_exist():
    text = "\n".join(sources("markdown"))
    links = re.findall(r"\]\(([^)]+)\)", text)
    assert links and all((NOTEBOOK.parent / link).is_file() for link in links)
    makefile = (ROOT / "Makefile").read_text(encoding="utf8")
    assert all(f"\n{name}:" in makefile for name in re.findall(r"make ([a-z-]+)", "\n".join(sources("code"))))


@pytest.mark.slow
def test_its_cells_run_in_order(project):
    """From the repository's own params, without dvc.lock; what the smoke run computed comes from DVC's run cache."""
    for needed in ("onnxscript", "onnxruntime"):
        pytest.importorskip(needed, reason="needs requirements-export.txt")
    (project / "dvc.lock").unlink()
    project.write("params.yaml", (ROOT / "params.yaml").read_text(encoding="utf8"))
    project.commit("as it is cloned")
    own_environment(project / ".venv")
    done = subprocess.run(
        [sys.executable, "-c", RUN, str(project / "notebooks/fouls.ipynb")],
        cwd=project / "notebooks",
        env=project.env,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    said = done.stdout
    assert done.returncode == 0, said
    assert "Running stage 'train_phase3'" in said and "shows <iframe srcdoc=" in said
    assert "phase2.max_weight" in said and "split valid: 24 samples" in said
    assert "'stage': 'train_phase" in said


def own_environment(folder: Path) -> None:
    """This Python's environment as the copy's own, with all packages installed as `make extras` leaves it."""
    folder.mkdir()
    for place in Path(sys.prefix).iterdir():
        if not place.name.startswith("ready"):
            (folder / place.name).symlink_to(place)
    for name in ("ready", "ready-extras"):
        (folder / name).touch()
