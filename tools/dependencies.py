"""Code dependencies of a stage: the imports of its script, and those of the recipe methods that it calls."""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from tools.import_walk import Sources, imported_names, last_name, parse, text_of, walk


@dataclass
class Code:
    """files: project files; modules: other imported names; optional: those whose ImportError is caught"""

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
    """The project files that a file imports; adds its other modules to the code."""
    names, optional = names_in(file, called if file.name == "recipe.py" else None, sources.package(file), recipe)
    code.modules |= {name for name in names if not sources.owns(name)}
    code.optional |= optional
    return sources.files(names)


def names_in(
    file: Path, called: frozenset[str] | None, package: str, recipe: str | None
) -> tuple[frozenset[str], frozenset[str]]:
    """Names that a file imports, and those whose absence is caught. called: of a recipe.py, the methods that count"""
    names, suffixes, optional = written_in(file, called, package)
    return names.union(f"{recipe}{suffix}" for suffix in suffixes if recipe), optional


@cache
def written_in(file: Path, called: frozenset[str] | None, package: str) -> tuple[frozenset[str], ...]:
    """What holds of a file with any recipe: imported names, suffixes of the recipe's modules, names that may lack."""
    nodes = [parse(file)] if called is None else recipe_nodes(parse(file), called)
    names = imported_names(nodes, package, typing=False)
    optional = caught(nodes) if "except" in text_of(file) else []
    suffixes = dynamic(nodes, file) if "import_module" in text_of(file) else frozenset[str]()
    return frozenset(names), suffixes, frozenset(imported_names(optional, "", typing=False))


def caught(nodes: Sequence[ast.AST]) -> list[ast.AST]:
    """Nodes inside a ``try`` that catches ImportError."""
    tries = [node for node in walk(nodes, typing=False) if isinstance(node, ast.Try)]
    absent = ("ImportError", "ModuleNotFoundError")
    return [
        inner
        for node in tries
        if any(handler.type and ast.unparse(handler.type) in absent for handler in node.handlers)
        for inner in node.body
    ]


def dynamic(nodes: Sequence[ast.AST], file: Path) -> frozenset[str]:
    """``.name`` of each ``import_module(f"{recipe}.name")``; ValueError for another argument."""
    found, texts = set[str](), dict[str, ast.AST]()
    for node in walk(nodes):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            texts[node.targets[0].id] = node.value
    for node in walk(nodes, typing=False):
        if not (isinstance(node, ast.Call) and last_name(node.func) == "import_module"):
            continue
        argument = node.args[0] if node.args else None
        match texts.get(argument.id) if isinstance(argument, ast.Name) else argument:
            case ast.JoinedStr(values=[ast.FormattedValue(), ast.Constant(value=str(suffix))]):
                found.add(suffix)
            case _:
                raise ValueError(
                    f'{file}:{node.lineno}: write import_module(f"{{recipe}}.name"): other arguments cannot be resolved'
                )
    return frozenset(found)


@cache
def called_methods(file: Path) -> frozenset[str]:
    """Attributes of a recipe that the code uses: of ``recipe``, ``x.recipe``, or the result of ``load_recipe``."""
    if "recipe" not in text_of(file).lower():
        return frozenset()
    tree, named, found = parse(file), {"recipe"}, set[str]()
    for node in walk([tree], typing=False):
        if isinstance(node, ast.arg) and node.annotation and "Recipe" in ast.unparse(node.annotation):
            named.add(node.arg)
        elif isinstance(node, ast.Assign) and any(last_name(part) == "load_recipe" for part in ast.walk(node.value)):
            named |= {name.id for target in node.targets for name in ast.walk(target) if isinstance(name, ast.Name)}
    for node in walk([tree], typing=False):
        if isinstance(node, ast.Attribute) and is_recipe(node.value, named):
            found.add(node.attr)
    return frozenset(found)


def is_recipe(node: ast.AST, named: set[str]) -> bool:
    """Whether an expression is one of the names, ends with ``.recipe``, or begins with ``load_recipe(...)``."""
    if isinstance(node, ast.Name):
        return node.id in named
    if isinstance(node, ast.Attribute) and node.attr == "recipe":
        return True
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Call):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            return node.func.id == "load_recipe"
        node = node.func if isinstance(node, ast.Call) else node.value
    return False


def recipe_nodes(tree: ast.Module, called: frozenset[str]) -> list[ast.AST]:
    """Nodes of a recipe module: everything outside methods, and the methods called, directly or by each other."""
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    methods = {node.name: node for owner in classes for node in owner.body if isinstance(node, ast.FunctionDef)}
    top: list[ast.AST] = [node for node in tree.body if not isinstance(node, ast.ClassDef)]
    wanted, todo = set[str](), called & methods.keys()
    while todo:
        wanted |= todo
        todo = ({name for method in todo for name in mentions(methods[method])} & methods.keys()) - wanted
    return [*top, *(methods[name] for name in sorted(wanted))]


def mentions(method: ast.AST) -> Iterator[str]:
    """Attributes of ``self`` that a method uses."""
    for node in ast.walk(method):
        if isinstance(node, ast.Attribute):
            owner = node.value.func if isinstance(node.value, ast.Call) else node.value
            if isinstance(owner, ast.Name) and owner.id == ("super" if isinstance(node.value, ast.Call) else "self"):
                yield node.attr


@cache
def data_files(file: Path) -> frozenset[Path]:
    """Data files of a module that uses ``__file__``: templates, scripts. Skips other packages."""
    nodes = ast.walk(parse(file)) if "__file__" in text_of(file) else ()
    if not any(isinstance(node, ast.Name) and node.id == "__file__" for node in nodes):
        return frozenset()
    data = below(file.parent)
    return frozenset(path for path in data if path.suffix != ".py" and "__pycache__" not in path.parts)


def below(folder: Path) -> Iterator[Path]:
    """Files in a folder and in its subfolders without Python code."""
    for path in folder.iterdir():
        if path.is_file():
            yield path
        elif not any(path.rglob("*.py")):
            yield from below(path)
