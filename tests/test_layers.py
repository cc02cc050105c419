"""Who may import whom, read from the import statements."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = ROOT / "src"
SCRIPTS = sorted((ROOT / "stages").glob("*.py"))
PACKAGE = "tailwise"

CORE = {
    f"core.{name}"
    for name in "batch chosen errors files folders parent processes progress shortage tensors typed".split()
}
BASIC = CORE | {"balance", "losses", "schedules", "metrics"}
ALLOWED = {
    "core.batch": set(),
    "core.errors": {"core.shortage"},
    "core.shortage": set(),
    "core.cgroups": set(),
    "core.cores": {"core.cgroups"},
    "core.memory": {"core.cgroups"},
    "core.runtime": {"core.cores"},
    "core.chosen": {"core.errors", "core.files"},
    "core.cluster": {"core.errors", "core.runtime"},
    "core.files": {"core.errors"},
    "core.folders": set(),
    "core.loading": {"core.shortage"},
    "core.parent": set(),
    "core.processes": {"core.errors", "core.parent"},
    "core.progress": set(),
    "core.tensors": {"core.errors"},
    "core.typed": {"core.errors"},
    "core.log": {"core.files"},
    "core.events": {"core.errors", "core.folders", "core.log", "core.runtime"},
    "core.stage": {"core.errors", "core.events", "core.folders", "core.loading", "core.log", "core.parent"},
    "core.config": {"core.errors", "core.files", "core.typed"},
    "core.preset": {"core.errors", "core.files", "core.config"},
    "core.effective": {"core.errors", "core.config"},
    "balance": CORE | {"balance"},
    "losses": CORE,
    "schedules": CORE,
    "metrics": CORE,
    "mend": {"core.files"},
    "preflight": {"core.config", "core.errors", "data.index.root"},
    "data.demo": CORE | {"data.demo"},
    "data.raw": CORE,
    "data.index": CORE | {"data.index", "data.raw"},
    "data.decode": CORE | {"data.decode", "data.raw", "core.cluster", "core.runtime"},
    "data.load": BASIC | {"data.load"},
    "models": BASIC | {"models"},
    "engine": BASIC | {"engine", "core.cores", "core.events", "core.memory", "core.runtime"},
    "judging": CORE | {"metrics", "judging"},
    "reporting": BASIC | {"reporting"},
    "prediction": BASIC
    | {"prediction", "judging.official", "engine", "data.raw", "data.index", "data.decode", "core.runtime"},
    "__main__": {"core.errors", "core.loading", "prediction"},
    "recipes.fouls": BASIC | {"recipes.fouls", "engine", "judging", "models", "data", "core.runtime"},
}
"""Each layer, and all that it may import of this project. What is not named here may not exist."""

ENTRY_POINTS = {
    "__main__",
    "core.stage",
    "core.preset",
    "core.effective",
    "mend",
    "preflight",
    "reporting.summary",
    "recipes.fouls.task",
    "recipes.fouls.sections",
}
"""Started by name: ``python -m``, or a stage's argument."""


def modules() -> dict[str, Path]:
    """{dotted name below tailwise: file}; a package's __init__.py goes by the package's name."""
    found = {}
    for path in sorted((SOURCES / PACKAGE).rglob("*.py")):
        parts = path.relative_to(SOURCES / PACKAGE).with_suffix("").parts
        found[".".join(part for part in parts if part != "__init__")] = path
    return found


MODULES = modules()


def imported(path: Path) -> set[str]:
    """Modules of this project that a file imports anywhere in it, also inside functions."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(filter(None, [_package(path, node.level), node.module]))
            found |= {base} | {f"{base}.{alias.name}" for alias in node.names}
    names = {name.removeprefix(f"{PACKAGE}.") for name in found if name.startswith(f"{PACKAGE}.")}
    return names & MODULES.keys()


def _package(path: Path, level: int) -> str:
    """The package that a relative import of `level` dots starts from; "" for an absolute one."""
    return ".".join(path.relative_to(SOURCES).parts[:-level]) if level else ""


def layer(module: str) -> str:
    """The longest name in ALLOWED that the module belongs to."""
    return max((name for name in ALLOWED if within(module, name)), key=len, default="")


def within(module: str, name: str) -> bool:
    return f"{module}.".startswith(f"{name}.")


@pytest.mark.parametrize("module", MODULES)
def test_a_module_imports_only_its_own_layer_and_lower_ones(module):
    assert layer(module), f"{module} belongs to no layer"
    allowed = ALLOWED[layer(module)]
    wrong = {name for name in imported(MODULES[module]) if not any(within(name, other) for other in allowed)}
    assert not wrong, f"{module} may not import {wrong}"


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_a_stage_imports_neither_a_recipe_nor_another_stage(script):
    assert not {name for name in imported(script) if within(name, "recipes")}
    others = {path.stem for path in SCRIPTS}
    tree = ast.walk(ast.parse(script.read_text(encoding="utf8")))
    direct = {alias.name for node in tree if isinstance(node, ast.Import) for alias in node.names}
    assert not direct & (others | {"stages"})


def test_every_module_is_used():
    users = [*MODULES.values(), *SCRIPTS]
    used = set().union(*(imported(path) - {name for name, own in MODULES.items() if own == path} for path in users))
    assert MODULES.keys() - used - ENTRY_POINTS == set()


def test_every_stage_is_in_the_pipeline():
    named = set(re.findall(r"\$\{run\} stages/(\w+)\.py", (ROOT / "dvc.yaml").read_text(encoding="utf8")))
    assert named == {path.stem for path in SCRIPTS}


def test_the_walk_sees_imports_of_every_form(tmp_path, monkeypatch):
    monkeypatch.setitem(globals(), "SOURCES", tmp_path)
    file = tmp_path / PACKAGE / "data" / "demo" / "x.py"
    file.parent.mkdir(parents=True)
    file.write_text(
        "def f():\n    from tailwise import losses\n    import tailwise.core.files\n    from .plan import Demo\n"
    )
    assert imported(file) == {"losses", "core.files", "data.demo.plan"}
