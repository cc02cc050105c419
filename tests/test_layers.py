"""Import rules between layers, checked on the import statements."""

import ast
import re
from pathlib import Path

import pytest

from tools.import_walk import Sources, imported_names, parse

ROOT = Path(__file__).parents[1]
SOURCES = ROOT / "src"
SCRIPTS = sorted((ROOT / "stages").glob("*.py"))
PIPELINES = [ROOT / "dvc.yaml", *sorted((ROOT / "pipelines").glob("*/dvc.yaml"))]
OWN_SCRIPTS = sorted((ROOT / "pipelines").glob("**/*.py"))
"""Of pipelines that have scripts beside their dvc.yaml."""
PACKAGE = "tailwise"

BASE = {"core"}
PURE = BASE | {"balance", "losses", "metrics", "optim"}
WORK = PURE | {"data", "engine", "evaluation", "models", "reporting"}
ALLOWED = {
    "core": set(),
    "balance": BASE,
    "losses": BASE,
    "metrics": PURE,
    "optim": BASE,
    "data": PURE,
    "models": PURE,
    "engine": PURE,
    "evaluation": PURE,
    "reporting": PURE,
    "recipes": WORK,
    "ablation": PURE | {"data", "engine", "reporting"},
    "compare": PURE | {"evaluation", "reporting"},
    "search": {"core", "compare"},
    "export": PURE | {"evaluation", "models", "recipes"},
    "serve": PURE | {"data", "evaluation", "export", "recipes"},
    "paper": BASE | {"metrics"},
    "ensemble": BASE | {"metrics", "evaluation", "compare"},
    "pseudo": BASE | {"data"},
    "crossvalidation": BASE | {"metrics", "evaluation", "reporting", "compare"},
    "cli": WORK
    | {"recipes", "ablation", "compare", "search", "ensemble", "crossvalidation", "pseudo", "export", "serve", "paper"},
    "__main__": {"cli"},
}
"""{layer: the layers below that it may import besides itself}. What is not named here may not exist."""

ROOMS = {
    "core": ["", "system", "params", "stage"],
    "data": ["raw", "shards", "tables", "tables.checks", "augment", "video", "video.augment", "video.decode"]
    + ["video.store", "sequences", "images", "images.augment", "download"],
    "export": ["run", "graph", "write"],
    "engine": ["distributed", "checkpoint", "contract", "batches", "monitor", "evaluate", "train"],
}
"""{layer: its rooms, each of which imports itself and those before it}; "" is the layer's own folder."""

SHARED_BY_RECIPES = {f"recipes.{name}" for name in ("recipe", "loading", "splits", "exports", "teachers")}
SHARED_BY_RECIPES |= {"recipes.explainer", "recipes.explaining"}
"""What stages know of recipes."""

MOST_FILES = 12
"""Files in a room."""

ENTRY_POINTS = {"__main__", "core.stage.__main__", "cli.main", "cli.preflight", "compare.sweeps.child"}
"""Started by name: ``python -m``, or the command that pyproject.toml installs."""
OFFERED: set[str] = set()
"""For recipes elsewhere, see docs/adding-a-pipeline.md; tests/contract/test_metrics.py trains with them."""


MODULES = Sources([SOURCES]).modules(PACKAGE)


def imported(path: Path) -> set[str]:
    """Modules of this project that a file imports anywhere in it, also inside functions and for type checkers."""
    names = imported_names([parse(path)], Sources([SOURCES]).package(path))
    return {name.removeprefix(f"{PACKAGE}.") for name in names if name.startswith(f"{PACKAGE}.")} & MODULES.keys()


def within(module: str, name: str) -> bool:
    return f"{module}.".startswith(f"{name}.")


def layer(module: str) -> str:
    return module.partition(".")[0]


def room(module: str) -> int:
    """Place of the module's room in its layer's order."""
    rooms = ROOMS[layer(module)]
    below = module.partition(".")[2]
    inside = [place for place, name in enumerate(rooms) if name and within(below, name)]
    return max(inside, key=lambda place: len(rooms[place]), default=rooms.index("") if "" in rooms else -1)


@pytest.mark.parametrize("name", ALLOWED)
def test_a_layer_imports_only_itself_and_lower_ones(name):
    for module in (module for module in MODULES if layer(module) == name):
        wrong = {other for other in imported(MODULES[module]) if layer(other) not in ALLOWED[name] | {name}}
        assert not wrong, f"{module} may not import {wrong}"


def test_every_module_belongs_to_a_layer():
    assert {layer(module) for module in MODULES} == ALLOWED.keys()


@pytest.mark.parametrize("name", ROOMS)
def test_rooms_of_a_layer_import_only_those_before_them(name):
    for module in (module for module in MODULES if layer(module) == name):
        assert room(module) >= 0, f"{module} belongs to no room"
        wrong = {other for other in imported(MODULES[module]) if layer(other) == name and room(other) > room(module)}
        assert not wrong, f"{module} may not import {wrong}"


def test_no_two_rooms_import_each_other():
    folders = {module: path.parent.relative_to(SOURCES).as_posix() for module, path in MODULES.items()}
    edges = {
        (folders[module], folders[other])
        for module, path in MODULES.items()
        for other in imported(path)
        if folders[module] != folders[other]
    }
    assert not {tuple(sorted(edge)) for edge in edges if edge[::-1] in edges}


def test_recipes_never_import_each_other():
    for module, path in MODULES.items():
        if within(module, "recipes") and module.count(".") > 1:
            own = ".".join(module.split(".")[:2])
            others = {other for other in imported(path) if within(other, "recipes") and other.count(".") > 1}
            assert not {other for other in others if not within(other, own)}, module


def test_no_room_has_too_many_files():
    sizes = {folder: len(list(folder.glob("*.py"))) for folder in {path.parent for path in MODULES.values()}}
    assert not {folder.name: size for folder, size in sizes.items() if size > MOST_FILES}


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_a_stage_names_no_recipe_and_imports_no_other_stage(script):
    text = script.read_text(encoding="utf8")
    assert {name for name in imported(script) if within(name, "recipes")} <= SHARED_BY_RECIPES
    others = {path.stem for path in SCRIPTS}
    direct = {alias.name for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Import) for alias in node.names}
    assert not direct & (others | {"stages"})


PIPELINE_WORDS = {"fouls", "foul", "soccernet", "view", "views", "codec", "backbone", "camera", "phase1", "phase2"}
PIPELINE_WORDS |= {"song", "songs", "lyrics", "chroma"}  # not "section": the function that reads one of params.yaml


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_a_stage_knows_no_pipeline_and_no_folder_of_samples(script):
    text = script.read_text(encoding="utf8")
    of_video = {"view", "views"} if script.stem == "decode_clips" else set()
    assert not (PIPELINE_WORDS - of_video) & set(re.findall(r"\w+", text.lower()))
    assert "data/clips" not in text


def test_every_module_is_used():
    users = [*MODULES.values(), *SCRIPTS, *OWN_SCRIPTS]
    used = set().union(*(imported(path) - {name for name, own in MODULES.items() if own == path} for path in users))
    recipes = {name for name in MODULES if re.fullmatch(r"recipes(\.\w+)+\.(recipe|explanation\.explainer)", name)}
    assert MODULES.keys() - used - ENTRY_POINTS - OFFERED - recipes == set()


def test_every_stage_is_in_a_pipeline():
    texts = [file.read_text(encoding="utf8") for file in PIPELINES]
    named = {name for text in texts for name in re.findall(r"\$\{run\} (?:\.\./\.\./)?stages/(\w+)\.py", text)}
    assert named == {path.stem for path in SCRIPTS}


def test_the_walk_sees_imports_of_every_form(tmp_path, monkeypatch):
    monkeypatch.setitem(globals(), "SOURCES", tmp_path)
    file = tmp_path / PACKAGE / "recipes" / "fouls" / "demo" / "x.py"
    file.parent.mkdir(parents=True)
    file.write_text(
        "def f():\n    from tailwise import __main__\n    import tailwise.core.files\n    from .pack import pack\n"
    )
    assert imported(file) >= {"__main__", "core.files", "recipes.fouls.demo.pack"}
