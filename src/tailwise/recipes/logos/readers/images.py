"""Reader of picture files: a folder a class, a zip of such folders, or a CSV file that lists them.

Folders: ``<class>/<file>``, or ``<split>/<class>/<file>`` with train, valid and test as splits. A class's folder may
have folders of its own. Files that are no pictures by their names are left out.

CSV: columns path (relative to the data root, also into a zip) and class; optional: group, split; others are not read.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal

from tailwise.core.errors import UserError, shorten
from tailwise.data.images.canvas import LARGEST_FILE
from tailwise.data.images.picture import PictureError
from tailwise.data.raw import RawFile, is_file, open_zip
from tailwise.data.tables.lines import Line, read_lines
from tailwise.data.tables.partition import Split
from tailwise.data.tables.rows import inside
from tailwise.data.tables.spelling import clean_name, quote
from tailwise.recipes.logos.readers.logo import Logo, brand_of, class_name

ENDINGS = (".png", ".jpg", ".jpeg", ".webp", ".gif", ".svg")
SPLIT_FOLDERS = {"train": "train", "valid": "valid", "val": "valid", "validation": "valid", "test": "test"}
"""{folder in lower case: split}"""
HIDDEN = (".", "__MACOSX")
"""How names of files and folders begin that systems put beside a user's."""
LARGEST_ZIP = 2**36
"""Bytes of all files in a zip, as it states them."""


@dataclass(frozen=True)
class ImageFiles:
    """file: a zip of class folders, or a CSV file, relative to the data root; null: the data root's own folders
    groups: what a file's group is if the data do not say: its own, or its brand, the name before the last dash
    split: how to draw splits; null for folders train, valid and test, or a column split
    """

    kind: Literal["images"]
    file: str | None = None
    groups: Literal["file", "brand"] = "file"
    split: Split | None = None

    def __post_init__(self):
        if self.file is not None:
            inside(self.file)
            if not self.file.lower().endswith((".zip", ".csv")):
                raise ValueError(f"file must be a .zip or a .csv, or null for folders, found {self.file!r}")

    def logos(self, root: Path) -> list[Logo]:
        """Every logo by its path; raises UserError that names the file, and the line of a table."""
        if self.file is not None and self.file.lower().endswith(".csv"):
            return self._listed(root / self.file)
        if self.file is None:
            where, prefix, files = str(root), "", sorted(_files(root))
        else:
            where, prefix, files = str(root / self.file), f"{self.file}/", _members(root / self.file)
        pictures = [file for file in files if _is_picture(file)]
        if not pictures:
            raise UserError(f"{where}: no picture in it: put {', '.join(ENDINGS)} files into a folder for each class")
        return list(self._placed(where, prefix, pictures, _common_folder(pictures) if prefix else 0))

    def read(self, root: Path, path: str) -> bytes:
        raw = RawFile(root, path)
        if (size := raw.size()) > LARGEST_FILE:
            raise PictureError(f"too large: {size} bytes, at most {LARGEST_FILE} are read")
        return raw.read()

    def _placed(self, where: str, prefix: str, files: Sequence[str], top: int) -> Iterator[Logo]:
        """The logos of class folders. top: folders around these"""
        folders = {file: PurePosixPath(file).parts[top:-1] for file in files}
        splits = [SPLIT_FOLDERS.get(parts[0].lower()) if parts else None for parts in folders.values()]
        if self.split is not None and all(splits):
            raise UserError(f"{where}/{files[0]}: the folder names its split: set data.reader.split to null")
        for (file, parts), split in zip(folders.items(), splits):
            if self.split is None and not split:
                example = "{valid: 0.2, test: 0.1, seed: 1}"
                raise UserError(
                    f"{where}/{file}: below none of train, valid, test: set data.reader.split to draw, as {example}"
                )
            classes = parts if self.split is not None else parts[1:]
            if not classes:
                raise UserError(f"{where}/{file}: is in no folder of a class: move it into one")
            kind, group = class_name(classes[0], f"{where}/{file}"), self._group(file)
            yield Logo(file, group, prefix + file, kind, split if self.split is None and split else "")

    def _group(self, file: str) -> str:
        """A file's group: its path, or its brand in any spelling of case."""
        return file if self.groups == "file" else clean_name(brand_of(PurePosixPath(file).stem)).casefold()

    def _listed(self, file: Path) -> list[Logo]:
        columns, lines = read_lines(file, "data.reader.file")
        for name in ("path", "class"):
            if name not in columns:
                raise UserError(f"{file}: has no column {name}; there are: {shorten(', '.join(columns), 200)}")
        if ("split" in columns) == (self.split is not None):
            how = "must be null: there is a column split" if self.split else "must say how to draw splits"
            raise UserError(f"{file}: data.reader.split in params.yaml {how}")
        return sorted(self._of_lines(lines), key=lambda logo: logo.name)

    def _of_lines(self, lines: Sequence[Line]) -> Iterator[Logo]:
        seen: dict[str, int] = {}
        for line in lines:
            path = _path_of(line)
            if path in seen:
                raise UserError(f"{line.where}: {quote(path)} is in line {seen[path]} too: list it once")
            seen[path] = line.number
            kind = class_name(line.cells["class"], line.where)
            group = clean_name(line.cells.get("group", "")) or self._group(path)
            yield Logo(path, group, path, kind, _split_of(line))


def _path_of(line: Line) -> str:
    try:
        path = inside(line.cells["path"].strip())
    except ValueError as error:
        raise UserError(f"{line.where}: path {error}") from error
    if path == ".":
        raise UserError(f"{line.where}: path is empty")
    return path


def _split_of(line: Line) -> str:
    if "split" not in line.cells:
        return ""
    if (split := SPLIT_FOLDERS.get(line.cells["split"].strip().lower())) is None:
        raise UserError(f"{line.where}: split must be train, valid or test, found {quote(line.cells['split'])}")
    return split


def _files(root: Path) -> Iterator[str]:
    """Paths of all files below a folder, with forward slashes."""
    return (file.relative_to(root).as_posix() for file in root.rglob("*") if file.is_file())


def _is_picture(file: str) -> bool:
    parts = PurePosixPath(file).parts
    return file.lower().endswith(ENDINGS) and not any(part.startswith(HIDDEN) for part in parts)


def _common_folder(files: Sequence[str]) -> int:
    """1 if all files are in one folder that is no split's, as where a folder was packed; else 0."""
    first = {PurePosixPath(file).parts[0] for file in files}
    (name, *_) = first
    deep = all(len(PurePosixPath(file).parts) > 2 for file in files)
    return int(len(first) == 1 and deep and name.lower() not in SPLIT_FOLDERS)


def _members(archive: Path) -> list[str]:
    """Paths of the files in a zip, sorted; UserError for one that leads out of it, is there twice, or a zip too large.

    Nothing is unpacked to the disk, whatever the paths say.
    """
    if not is_file(archive):
        raise UserError(f"{archive}: no such file; see data.reader.file in params.yaml")
    members = [each for each in open_zip(archive, archive.stat().st_mtime_ns).filelist if not each.is_dir()]
    if (size := sum(each.file_size for each in members)) > LARGEST_ZIP:
        raise UserError(f"{archive}: would be {size} bytes unpacked, at most {LARGEST_ZIP} are read")
    names: set[str] = set()
    for each in members:
        try:
            normal = inside(each.filename)
        except ValueError:
            raise UserError(f"{archive}: the path {quote(each.filename)} leads out of the zip: pack it anew") from None
        if normal != each.filename or normal in names:
            said = "is there twice" if normal in names else "is not a plain path"
            raise UserError(f"{archive}: the path {quote(each.filename)} {said}: pack it anew")
        names.add(normal)
    return sorted(names)
