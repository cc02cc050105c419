"""Checks of Python and of installed packages against the pinned versions. Standard library only."""

import re
import sys
from collections.abc import Iterator, Mapping
from importlib import metadata
from pathlib import Path

from tailwise.cli.doctor.finding import Finding
from tailwise.core.stage.requirements import pinned

OLDEST = (3, 11)
"""Of Python, as in pyproject.toml."""
SETUP = "run `make setup`, then `. .venv/bin/activate`"
SHOWN = 5
"""Packages that a line names."""


def check_python(version: tuple[int, ...] = sys.version_info[:3]) -> Iterator[Finding]:
    """Whether Python is new enough."""
    text = f"{'.'.join(map(str, version))}, {sys.executable}"
    if version[:2] < OLDEST:
        oldest = ".".join(map(str, OLDEST))
        yield Finding("python", "problem", f"{text}; {oldest} or newer is needed", f"make setup PYTHON=python{oldest}")
    else:
        yield Finding("python", "ok", text)


def check_packages(root: Path, installed: Mapping[str, str] | None = None) -> Iterator[Finding]:
    """The packages of requirements.txt, which all must be there, then all others that constraints.txt pins.

    A stage refuses to start with another version of the first; of the others another version may change results.
    root: the project's folder; installed: {plain name: version}, by default of this Python
    """
    installed = versions() if installed is None else installed
    constraints = read_pins(root / "constraints.txt")
    if not constraints:
        text = f"no pinned versions in {root / 'constraints.txt'}"
        yield Finding("packages", "warning", text, "run this in the project's folder to have the versions compared")
        return
    required = required_pins(root)
    others = {name: version for name, version in constraints.items() if name not in required}
    found = [*_faults(required, installed), *_other_versions(others, installed)]
    yield from found or [Finding("packages", "ok", f"the {len(required)} of requirements.txt, as pinned")]


def required_pins(root: Path) -> dict[str, str]:
    """{plain name: version} of the files in requirements/."""
    files = sorted((root / "requirements").glob("*.txt"))
    return {name: version for file in files for name, version in read_pins(file).items()}


def _faults(required: Mapping[str, str], installed: Mapping[str, str]) -> Iterator[Finding]:
    absent = [name for name in required if name not in installed]
    if absent:
        yield Finding("packages", "problem", f"not installed: {some(absent)}", SETUP)
    if wrong := differing(required, installed):
        yield Finding("packages", "problem", f"other versions than requirements.txt pins: {some(wrong)}", SETUP)


def _other_versions(others: Mapping[str, str], installed: Mapping[str, str]) -> Iterator[Finding]:
    if wrong := differing(others, installed):
        remedy = "install with `-c constraints.txt`; results may differ until then"
        yield Finding("packages", "warning", f"other versions than constraints.txt pins: {some(wrong)}", remedy)


def check_optional(root: Path, installed: Mapping[str, str] | None = None) -> Iterator[Finding]:
    """A line for each requirements-NAME.txt: installed, not installed, or in part."""
    installed = versions() if installed is None else installed
    for file in sorted(root.glob("requirements-*.txt")):
        name, pins = file.stem.removeprefix("requirements-"), read_pins(file)
        yield _optional(name, pins, installed, f"python3 -m pip install -r {file.name} -c constraints.txt")


def _optional(name: str, pins: Mapping[str, str], installed: Mapping[str, str], install: str) -> Finding:
    check, absent = f"optional packages: {name}", [package for package in pins if package not in installed]
    if wrong := differing(pins, installed):
        return Finding(check, "warning", f"other versions than pinned: {some(wrong)}", install)
    if absent == list(pins):
        return Finding(check, "ok", f"not installed; if you need them: {install}")
    if absent:
        return Finding(check, "ok", f"in part; without {some(absent)}; for all: {install}")
    return Finding(check, "ok", "installed")


def differing(pins: Mapping[str, str], installed: Mapping[str, str]) -> list[str]:
    """Installed packages with another version than pinned, as "name 1.0 (pinned 2.0)"."""
    pairs = [(name, installed[name], version) for name, version in pins.items() if name in installed]
    return [f"{name} {found} (pinned {version})" for name, found, version in pairs if found != version]


def read_pins(file: Path) -> dict[str, str]:
    """{plain name: version} of a requirements file; empty if it is absent."""
    pins = pinned(file.read_text(encoding="utf8")) if file.is_file() else {}
    return {plain(name): version for name, version in pins.items()}


def versions() -> dict[str, str]:
    """{plain name: version} of the installed packages, without local parts such as +cpu."""
    return {plain(each.name): each.version.split("+")[0] for each in reversed(list(metadata.distributions()))}


def plain(name: str) -> str:
    """A package's name as pip compares it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def some(names: list[str]) -> str:
    """The first names of a list, and how many more there are."""
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more
