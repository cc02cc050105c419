"""Somebody's own clips to predict: those that a table names, or all below a folder."""

from collections.abc import Iterator
from pathlib import Path

from tailwise.core.errors import UserError
from tailwise.core.files import regular
from tailwise.data.raw import RawFile
from tailwise.data.tables.lines import Line, read_lines
from tailwise.data.tables.rows import inside
from tailwise.data.tables.spelling import clean_name
from tailwise.recipes.fouls.predict.fouls import VIDEO, Foul, listed

LARGEST_TABLE = 2**25
"""Bytes."""
MOST_LINES = 200_000
"""Lines of a table."""


def read_table(file: Path, root: Path | None) -> tuple[list[Foul], tuple[str, ...]]:
    """The samples of a table, and lines on what is odd in it; labels are not read.

    file: CSV with the columns sample, path and perhaps view and group, as for training; root: where its paths
        begin, by default the folder of the table
    Raises UserError for a table that cannot be read or contradicts itself, or of whose clips none is there.
    """
    if (size := regular(file).stat().st_size) > LARGEST_TABLE or _lines(file) > MOST_LINES:
        limit = f"at most {LARGEST_TABLE >> 20} MiB and {MOST_LINES} lines are read; give it in parts"
        raise UserError(f"{file}: {size} bytes: {limit}")
    columns, lines = read_lines(file, "--table")
    for name in ("sample", "path"):
        if name not in columns:
            raise UserError(f"{file}: has no column {name}; there are: {', '.join(columns)}")
    root = file.parent if root is None else root
    groups = _groups(lines)
    samples = [Foul(name, root, tuple(clips), group=groups[name]) for name, clips in _clips(lines).items()]
    if not any(RawFile(root, clip).exists() for sample in samples for clip in sample.clips):
        raise UserError(f"{file}: none of its clips is there, as {root / samples[0].clips[0]}; see --root")
    return samples, tuple(_in_several(samples))


def _lines(file: Path) -> int:
    with open(file, "rb") as content:
        return sum(1 for _ in content)


def _groups(lines: list[Line]) -> dict[str, str]:
    """{sample: group}; UserError for views of a sample that differ in it."""
    groups: dict[str, str] = {}
    for line in lines:
        sample, group = line.cells["sample"], clean_name(line.cells.get("group", ""))
        if groups.setdefault(sample, group) != group:
            raise UserError(f"{line.where}: the views of {sample!r} differ in group: give them the same")
    return groups


def _clips(lines: list[Line]) -> dict[str, list[str]]:
    """{sample: paths of its views}, both in the order of the table."""
    samples: dict[str, list[str]] = {}
    seen: dict[tuple[str, str], Line] = {}
    for line in lines:
        sample, path = line.cells["sample"], _path(line)
        view = line.cells.get("view", "")
        if (first := seen.setdefault((sample, view), line)) is not line:
            which = f"view {view!r} of sample {sample!r}" if "view" in line.cells else f"sample {sample!r}"
            advice = "" if "view" in line.cells else "; add a column view to tell its views apart"
            raise UserError(f"{line.where}: {which} is in line {first.number} too{advice}")
        if path in samples.setdefault(sample, []):
            raise UserError(f"{line.where}: sample {sample!r} has the clip {path} twice")
        samples[sample].append(path)
    return samples


def _path(line: Line) -> str:
    for name in ("sample", "view", "path"):
        if line.cells.get(name, name) == "":
            raise UserError(f"{line.where}: {name} is empty")
    try:
        return inside(line.cells["path"])
    except ValueError as error:
        raise UserError(f"{line.where}: path {error}") from error


def _in_several(samples: list[Foul]) -> Iterator[str]:
    first: dict[str, str] = {}
    for sample in samples:
        for clip in sample.clips:
            if (other := first.setdefault(clip, sample.name)) != sample.name:
                yield f"the clip {clip} is in the samples {other} and {sample.name}"


def read_folder(folder: Path) -> tuple[list[Foul], tuple[str, ...]]:
    """Every clip below a folder as a sample of its own, by name; and a line on the files that are left out.

    What a name ends in says whether it is a clip's; hidden files and those behind links to folders are not looked at.
    """
    if not folder.is_dir():
        raise UserError(f"{folder}: {'is not a folder' if folder.exists() else 'absent'}; --folder takes one")
    found = sorted(path.relative_to(folder) for path in folder.rglob("*") if not path.is_dir())
    names = [path.as_posix() for path in found if not any(part.startswith(".") for part in path.parts)]
    clips = [name for name in names if Path(name).suffix.lower() in VIDEO]
    if not clips:
        raise UserError(f"{folder}: no clip below it; their names end in {', '.join(VIDEO)}")
    others = [name for name in names if Path(name).suffix.lower() not in VIDEO]
    notes = (f"left out, as its name is no clip's: {listed(others)}",) if others else ()
    return [Foul(name, folder, (name,)) for name in clips], notes
