"""Write each stage's code dependencies into the dvc.yaml files: ``python3 -m tools.dvc_yaml [--check] [FILE ...]``.

A stage depends on its script, on what that imports from the PYTHONPATH of its command, and on the files of
requirements/ that pin the other packages it imports. Its dependencies on data, comments and all else stay as they are.
"""

import argparse
import io
import os
import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from string import Template

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq

from tailwise.core.stage.requirements import distribution, pinned, pins
from tools.dependencies import Code, code_of
from tools.import_walk import Sources

ROOT = Path(__file__).resolve().parents[1]
ROOMS = (
    "tailwise/core",
    "tailwise/engine/*",
    "tailwise/*/image",
    "tailwise/*/sequence",
    "tailwise/*/sequences",
    "tailwise/losses/head",
    "tailwise/recipes/*/features",
    "tailwise/recipes/*/readers",
    "tailwise/recipes/*/report",
)
"""Packages listed as one dependency if any of their modules is imported.

Each path costs DVC a millisecond, and lines of dvc.lock, which it writes anew after each stage.
"""


@dataclass(frozen=True)
class Pipeline:
    """A dvc.yaml in `folder`. place: the folder its paths are relative to, which differs in tests/ and tools/"""

    folder: Path
    place: Path

    def find(self, path: str) -> Path:
        """Resolve a path of the dvc.yaml."""
        found = Path(os.path.normpath(self.place / path))
        return self.folder / found.relative_to(self.place) if found.is_relative_to(self.place) else found

    def write(self, file: Path) -> str:
        """The path of a file, relative to the dvc.yaml."""
        inside = self.folder != ROOT and file.is_relative_to(self.folder)
        return os.path.relpath(file, self.folder if inside else self.place)


@dataclass(frozen=True)
class Command:
    """A stage's command: the import path, the script and the recipe."""

    sources: Sources
    scripts: list[Path]
    recipe: str | None


def pipelines() -> list[Path]:
    """All dvc.yaml files of this repository."""
    return [
        ROOT / "dvc.yaml",
        *sorted(ROOT.glob("pipelines/*/dvc.yaml")),
        *sorted(ROOT.glob("tests/pipelines/*/dvc.yaml")),
        ROOT / "tools/template/dvc.yaml",
    ]


def render(file: Path) -> str:
    """The text of a dvc.yaml with current code dependencies; ValueError if they cannot be resolved."""
    yaml = YAML()
    yaml.preserve_quotes, yaml.width = True, 120
    yaml.indent(mapping=2, sequence=4, offset=2)
    defined = yaml.load(file.read_text(encoding="utf8"))
    elsewhere = file.is_relative_to(ROOT / "tests") or file.is_relative_to(ROOT / "tools")
    pipeline = Pipeline(file.parent, ROOT / "pipelines" / file.parent.name if elsewhere else file.parent)
    variables = {
        key: str(value) for each in defined.get("vars", []) if isinstance(each, dict) for key, value in each.items()
    }
    for name, stage in defined["stages"].items():
        try:
            update(stage.get("do", stage), pipeline, variables)
        except ValueError as error:
            raise ValueError(f"{os.path.relpath(file)}: stage {name}: {error}") from error
    text = io.StringIO()
    yaml.dump(defined, text)
    return text.getvalue()


def update(stage: CommentedMap, pipeline: Pipeline, variables: dict[str, str]) -> None:
    """Write a stage's code dependencies before its other dependencies."""
    command = read_command(Template(stage["cmd"]).safe_substitute(variables), pipeline)
    if not command.scripts:
        return
    code = code_of(command.sources, command.scripts, command.recipe)
    old = stage.get("deps", CommentedSeq())
    kept = [i for i, dep in enumerate(old) if not is_code(dep, pipeline)]
    new = [pipeline.write(path) for path in [*requirements_of(code), *command.scripts[-1:], *packages(code, command)]]
    if [*new, *(old[i] for i in kept)] == list(old):
        return
    deps = CommentedSeq([*new, *(old[i] for i in kept)])
    deps.ca.items.update({len(new) + at: old.ca.items[i] for at, i in enumerate(kept) if i in old.ca.items})
    if "deps" in stage:
        stage["deps"] = deps
    else:
        stage.insert(list(stage).index("cmd") + 1, "deps", deps)


def read_command(command: str, pipeline: Pipeline) -> Command:
    """scripts: the module that ``-m`` starts, and the first file that ends with .py"""
    roots = re.search(r"PYTHONPATH=([^\s\"']+)", command)
    sources = Sources([pipeline.find(root) for root in roots[1].split(":")] if roots else [pipeline.folder])
    words = command.split()
    script = next((i for i, word in enumerate(words) if word.endswith(".py")), None)
    if script is None:
        return Command(sources, [], None)
    started = re.search(r" -m ([\w.]+)", command)
    launcher = started and (sources.find(f"{started[1]}.__main__") or sources.find(started[1]))
    recipe = next(
        (word for word in words[script + 1 :] if re.fullmatch(r"[\w.]+", word) and is_recipe(sources, word)), None
    )
    return Command(sources, [*([launcher] if launcher else []), pipeline.find(words[script])], recipe)


def is_recipe(sources: Sources, package: str) -> bool:
    return any(sources.find(f"{package}.{module}") for module in ("recipe", "task"))


def requirements_of(code: Code) -> list[Path]:
    """Files of requirements/ that pin the imported packages; ValueError for an unpinned one."""
    packages = {distribution(name) for name in code.modules} - sys.stdlib_module_names
    files = pins(ROOT / "requirements")
    extras = [pinned(file.read_text(encoding="utf8")) for file in ROOT.glob("requirements-*.txt")]
    optional = {distribution(name) for name in code.optional}.union(*extras)
    if unknown := packages - {name for of_file in files.values() for name in of_file} - optional:
        raise ValueError(f"imports {', '.join(sorted(unknown))}: pin it in a file of requirements/")
    return [file for file, of_file in files.items() if packages & of_file.keys()]


def packages(code: Code, command: Command) -> list[Path]:
    """Sorted files and folders of the code, without the script. A room, or a fully imported folder, is one path."""
    files, found = code.files - {command.scripts[-1].resolve()}, set()
    for file in files:
        inside = [
            folder for root in command.sources.roots if file.is_relative_to(root) for folder in between(file, root)
        ]
        found.add(next((folder for folder in inside if is_room(folder, command) or needed(folder, code.files)), file))
    return sorted(found)


def between(file: Path, root: Path) -> list[Path]:
    """Parent folders of a file below a root, outermost first."""
    return [
        root.joinpath(*file.relative_to(root).parts[:depth]) for depth in range(1, len(file.relative_to(root).parts))
    ]


def is_room(folder: Path, command: Command) -> bool:
    """Whether a folder counts as one dependency even if only part of it is imported."""
    names = [folder.relative_to(root) for root in command.sources.roots if folder.is_relative_to(root)]
    return any(name.match(room) for name in names for room in ROOMS)


def needed(folder: Path, files: set[Path]) -> bool:
    """Whether the files include all Python code of a folder, or all its files if it has no Python code."""
    return files.issuperset(content(folder))


@cache
def content(folder: Path) -> list[Path]:
    """The Python code of a folder, or all its files if it has none."""
    return list(folder.rglob("*.py")) or [path for path in folder.rglob("*") if path.is_file()]


def is_code(dep: str, pipeline: Pipeline) -> bool:
    """Whether a dependency is project code or a requirements file, even if it no longer exists."""
    if "${" in dep:
        return False
    path = pipeline.find(dep)
    ours = path.is_relative_to(ROOT / "src") or path.name.endswith(".py") or path.parent == ROOT / "requirements"
    return ours or path == ROOT / "requirements.txt" or (path.is_dir() and any(path.rglob("*.py")))


def main(arguments: Iterable[str]) -> int:
    parser = argparse.ArgumentParser(description="Write each stage's code dependencies into the dvc.yaml files.")
    parser.add_argument("files", nargs="*", type=Path, help="dvc.yaml files; default: those of all pipelines")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if a file is out of date")
    args, status = parser.parse_args(list(arguments)), 0
    for file in [file.resolve() for file in args.files] or pipelines():
        try:
            text = render(file)
        except (ValueError, OSError) as error:
            print(error, file=sys.stderr)
            return 1
        if text == file.read_text(encoding="utf8"):
            print(f"{os.path.relpath(file)}: up to date")
        elif args.check:
            print(f"{os.path.relpath(file)}: dependencies differ from the imports: make dvc-yaml", file=sys.stderr)
            status = 1
        else:
            file.write_text(text, encoding="utf8")
            print(f"{os.path.relpath(file)}: written")
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
