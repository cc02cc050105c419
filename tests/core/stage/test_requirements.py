"""Pins, by package and by file."""

import re
from pathlib import Path

import pytest

from tailwise.core.stage.requirements import FOLDER, all_pins, distribution, loaded_requirements, pinned, pins

ROOT = Path(__file__).parents[3]


@pytest.fixture
def requirements(tmp_path):
    (tmp_path / "a.txt").write_text("# a comment==1\npyyaml==2.15.0\nruamel.yaml==0.1  # why\n\npip>=2\n")
    (tmp_path / "b.txt").write_text("never-loaded==1.0\n")
    return tmp_path


def test_pins_are_read_file_by_file(requirements):
    of_a, of_b = {"pyyaml": "2.15.0", "ruamel.yaml": "0.1"}, {"never-loaded": "1.0"}
    assert pins(requirements) == {requirements / "a.txt": of_a, requirements / "b.txt": of_b}
    assert all_pins(requirements) == {**of_a, **of_b}


def test_only_files_whose_packages_are_loaded_count(requirements):
    import yaml  # noqa: F401

    assert loaded_requirements(requirements) == [requirements / "a.txt"]


@pytest.mark.parametrize(("module", "package"), [("PIL.Image", "pillow"), ("yaml", "pyyaml"), ("torch.nn", "torch")])
def test_a_module_belongs_to_a_package(module, package):
    assert distribution(module) == package


def test_every_line_is_an_exact_pin_and_no_package_has_two():
    lines = [
        line for file in FOLDER.glob("*.txt") for line in file.read_text().splitlines() if line[:1] not in ("#", "")
    ]
    assert len(all_pins()) == len(lines)


def test_requirements_txt_installs_every_file_and_constraints_agree():
    named = {line.split()[1] for line in (ROOT / "requirements.txt").read_text().splitlines() if line.startswith("-r ")}
    assert named == {f"requirements/{file.name}" for file in FOLDER.glob("*.txt")}
    constraints = {plain(name): version for name, version in pinned((ROOT / "constraints.txt").read_text()).items()}
    assert {name: constraints[plain(name)] for name in all_pins()} == all_pins()


def plain(name: str) -> str:
    """A package's name as pip compares it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()
