"""Write a new pipeline that runs: ``python3 tools/new_pipeline.py NAME``, or ``make new-pipeline NAME=...``.

A copy of tools/template in pipelines/NAME, with NAME in place of "template" in texts and file names.
"""

import keyword
import re
import sys
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).parents[1]
TEMPLATE = ROOT / "tools/template"


def check_name(name: str, pipelines: Path) -> None:
    """Raise ValueError, with advice, for an invalid package name or one that is taken."""
    if not re.fullmatch("[a-z][a-z0-9_]*", name) or keyword.iskeyword(name):
        raise ValueError(f"NAME must be lower-case letters, digits and _, found {name!r}")
    if (pipelines / name).exists():
        raise ValueError(f"{pipelines / name} exists already: choose another NAME, or remove the folder")
    if name in sys.stdlib_module_names or find_spec(name):
        raise ValueError(f"{name} is the name of an installed package: choose another NAME")


def named(text: str, name: str) -> str:
    """Replace the template's name in a text, as a class name too: "song_tags" gives "SongTags"."""
    return text.replace("Template", name.title().replace("_", "")).replace("template", name)


def write_pipeline(name: str, pipelines: Path) -> list[Path]:
    """Write the pipeline; returns the files, sorted by path."""
    check_name(name, pipelines)
    written = []
    for source in sorted(file for file in TEMPLATE.rglob("*") if file.is_file() and "__pycache__" not in file.parts):
        target = pipelines / name / named(source.relative_to(TEMPLATE).as_posix(), name)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(named(source.read_text(encoding="utf8"), name), encoding="utf8")
        written.append(target)
    return written


def main() -> int:
    """Returns the exit status: 1, after one line, for an invalid name."""
    if len(sys.argv) != 2:
        print("usage: python3 tools/new_pipeline.py NAME", file=sys.stderr)
        return 1
    try:
        files = write_pipeline(sys.argv[1], ROOT / "pipelines")
    except ValueError as error:
        print(f"new-pipeline: {error}", file=sys.stderr)
        return 1
    print("\n".join(file.relative_to(ROOT).as_posix() for file in files))
    print(f"next: . .venv/bin/activate && cd pipelines/{sys.argv[1]} && dvc repro")
    return 0


if __name__ == "__main__":
    sys.exit(main())
