"""Which code a stage depends on: all that its script imports, and of the recipe what the methods it calls import."""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from tools.import_walk import Sources, imported_names, parse, walk


@dataclass
class Code:
    """files: of this project; modules: imported names that are not; optional: those whose absence is caught"""

    files: set[Path] = field(default_factory=set)
    modules: set[str] = field(default_factory=set)
    optional: set[str] = field(default_factory=set)


def code_of(sources: Sources, scripts: list[Path], recipe: str | None) -> Code:
    """All that scripts import, directly or not. recipe: its package, for ``load_recipe`` and f"{recipe}.name".

    Of modules named recipe.py, the recipe's own and that of its base class, the imports at the top count, and those
    inside the methods that the code calls.
    """
    code, seen = Code(), set[tuple[Path, frozenset[str]]]()
    todo = {script.resolve() for script in scripts}
    while todo:
        code.files |= todo
        called = frozenset(name for file in code.files for name in called_methods(file))
        todo = set()
        for file in sorted(code.files):
            visit = (file, called if file.name == "recipe.py" else frozenset())
            if visit not in seen:
                seen.add(visit)
                todo |= visit_file(file, called, sources, recipe, code) - code.files
    code.files |= {data for file in code.files for data in data_files(file)}
    return code


def visit_file(file: Path, called: frozenset[str], sources: Sources, recipe: str | None, code: Code) -> set[Path]:
    """The files of this project that a file imports; its other modules are added to the code."""
    names, optional = names_in(file, called if file.name == "recipe.py" else None, sources.package(file), recipe)
    code.modules |= {name for name in names if not sources.owns(name)}
    code.optional |= optional
    return sources.files(names)


@cache
def names_in(
    file: Path, called: frozenset[str] | None, package: str, recipe: str | None
) -> tuple[frozenset[str], frozenset[str]]:
    """Names that a file imports, and those whose absence is caught. called: of a recipe.py, the methods that count"""
    nodes = [parse(file)] if called is None else recipe_nodes(parse(file), called)
    names = imported_names(nodes, package, typing=False) | dynamic(nodes, file, recipe)
    return frozenset(names), frozenset(imported_names(caught(nodes), "", typing=False))


def caught(nodes: Sequence[ast.AST]) -> list[ast.AST]:
    """What stands in a ``try`` that catches the absence of a module."""
    tries = [node for node in walk(nodes, typing=False) if isinstance(node, ast.Try)]
    absent = ("ImportError", "ModuleNotFoundError")
    return [
        inner
        for node in tries
        if any(handler.type and ast.unparse(handler.type) in absent for handler in node.handlers)
        for inner in node.body
    ]


def dynamic(nodes: Sequence[ast.AST], file: Path, recipe: str | None) -> set[str]:
    """Modules imported by ``import_module(f"{recipe}.name")``; ValueError for another argument."""
    found = set()
    texts = {ast.unparse(node.targets[0]): node.value for node in walk(nodes) if isinstance(node, ast.Assign)}
    for node in walk(nodes, typing=False):
        if not (isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] == "import_module"):
            continue
        argument = node.args[0] if node.args else None
        match texts.get(argument.id) if isinstance(argument, ast.Name) else argument:
            case ast.JoinedStr(values=[ast.FormattedValue(), ast.Constant(value=str(suffix))]):
                found |= {f"{recipe}{suffix}"} if recipe else set()
            case _:
                raise ValueError(f'{file}:{node.lineno}: write import_module(f"{{recipe}}.name"), else nobody can tell')
    return found


@cache
def called_methods(file: Path) -> frozenset[str]:
    """Attributes that code takes of a recipe: of ``recipe``, of ``x.recipe``, and of what ``load_recipe`` gives."""
    tree, named, found = parse(file), {"recipe"}, set[str]()
    for node in walk([tree], typing=False):
        if isinstance(node, ast.arg) and node.annotation and "Recipe" in ast.unparse(node.annotation):
            named.add(node.arg)
        elif isinstance(node, ast.Assign) and "load_recipe" in ast.unparse(node.value):
            named |= {name.id for target in node.targets for name in ast.walk(target) if isinstance(name, ast.Name)}
    for node in walk([tree], typing=False):
        if isinstance(node, ast.Attribute):
            receiver = ast.unparse(node.value)
            if receiver in named or receiver.endswith(".recipe") or receiver.startswith("load_recipe("):
                found.add(node.attr)
    return frozenset(found)


def recipe_nodes(tree: ast.Module, called: frozenset[str]) -> list[ast.AST]:
    """Of a recipe's module: all outside its classes' methods, and the methods called, by others or by each other."""
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    methods = {node.name: node for owner in classes for node in owner.body if isinstance(node, ast.FunctionDef)}
    top: list[ast.AST] = [node for node in tree.body if not isinstance(node, ast.ClassDef)]
    wanted, todo = set[str](), called & methods.keys()
    while todo:
        wanted |= todo
        todo = ({name for method in todo for name in mentions(methods[method])} & methods.keys()) - wanted
    return [*top, *(methods[name] for name in sorted(wanted))]


def mentions(method: ast.AST) -> Iterator[str]:
    """Names that a method takes of its own object."""
    for node in ast.walk(method):
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) in ("self", "super()"):
            yield node.attr


@cache
def data_files(file: Path) -> frozenset[Path]:
    """Files beside a module that finds them by its ``__file__``: templates, scripts. None below another package."""
    if not any(isinstance(node, ast.Name) and node.id == "__file__" for node in ast.walk(parse(file))):
        return frozenset()
    data = below(file.parent)
    return frozenset(path for path in data if path.suffix != ".py" and "__pycache__" not in path.parts)


def below(folder: Path) -> Iterator[Path]:
    """Files in a folder and in its folders that have no Python of their own."""
    for path in folder.iterdir():
        if path.is_file():
            yield path
        elif not any(path.rglob("*.py")):
            yield from below(path)
