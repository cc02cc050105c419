"""List the modules that a Python file imports, from its import statements, without running it."""

import ast
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path


@cache
def text_of(file: Path) -> str:
    return file.read_text(encoding="utf8")


@cache
def parse(file: Path) -> ast.Module:
    return ast.parse(text_of(file), str(file))


def walk(nodes: Iterable[ast.AST], typing: bool = True) -> Iterator[ast.AST]:
    """The nodes and all their descendants, in the order of the text. typing: include ``if TYPE_CHECKING`` blocks"""
    todo = list(nodes)[::-1]
    while todo:
        node = todo.pop()
        if not typing and isinstance(node, ast.If) and last_name(node.test) == "TYPE_CHECKING":
            todo += node.orelse[::-1]
            continue
        yield node
        todo += list(ast.iter_child_nodes(node))[::-1]


def last_name(node: ast.AST) -> str | None:
    """``c`` of a name ``c`` or ``a.b.c``; None for another expression."""
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else None


def imported_names(nodes: Iterable[ast.AST], package: str, typing: bool = True) -> set[str]:
    """Dotted names that code of a package imports, inside functions too: modules, and names that may be modules."""
    found: set[str] = set()
    for node in walk(nodes, typing):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            parents = package.split(".")[: -(node.level - 1) or None] if node.level else []
            base = ".".join([*parents, *filter(None, [node.module])])
            found |= {base} | {f"{base}.{alias.name}" for alias in node.names}
    return found


class Sources:
    """The import path: folders as in PYTHONPATH."""

    def __init__(self, roots: Sequence[Path]):
        self.roots = tuple(root.resolve() for root in roots)

    def find(self, module: str) -> Path | None:
        """The module's file, or the package's ``__init__.py``; None if it is not here."""
        return find(self.roots, module)

    def owns(self, module: str) -> bool:
        """Whether the module's top-level name is a module or package here."""
        return owns(self.roots, module.split(".")[0])

    def package(self, file: Path) -> str:
        """The dotted name of a file's package; "" outside any package."""
        root = next((root for root in self.roots if file.is_relative_to(root)), file.parent)
        return ".".join(file.parent.relative_to(root).parts)

    def files(self, names: Iterable[str]) -> set[Path]:
        """The files of the names that are modules here, and of their parent packages."""
        dotted = {".".join(name.split(".")[:depth]) for name in names for depth in range(1, name.count(".") + 2)}
        return {file for name in dotted if (file := self.find(name))}

    def modules(self, package: str) -> dict[str, Path]:
        """{dotted name below the package: file} of all its modules; an ``__init__.py`` has its package's name."""
        found = {}
        for root in self.roots:
            for file in sorted((root / package).rglob("*.py")):
                parts = file.relative_to(root / package).with_suffix("").parts
                found[".".join(part for part in parts if part != "__init__")] = file
        return found


@cache
def find(roots: tuple[Path, ...], module: str) -> Path | None:
    parts = module.split(".")
    for root in roots:
        for file in (root.joinpath(*parts).with_suffix(".py"), root.joinpath(*parts, "__init__.py")):
            if file.is_file():
                return file
    return None


@cache
def owns(roots: tuple[Path, ...], name: str) -> bool:
    return any((root / f"{name}.py").is_file() or any((root / name).rglob("*.py")) for root in roots)
