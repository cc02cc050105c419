"""Reads the JSON files of Something-Something-V2: the list of labels, and the entries of a split.

``labels.json``: {class name: "id"}; ``train.json`` and ``validation.json``: a list of {"id", "label", "template",
"placeholders"}, where the template is a class name with its objects in brackets; ``test.json``: a list of {"id"}.
The names may begin with ``something-something-v2-``, and the files may be in a folder ``labels``.
Source: https://www.qualcomm.com/developer/software/something-something-v-2-dataset
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tailwise.core.errors import UserError, shorten
from tailwise.data.raw import is_file
from tailwise.data.tables.spelling import clean_name, quote
from tailwise.data.tables.views import NO_CLASS

PLACES = ("{}.json", "something-something-v2-{}.json", "labels/{}.json", "labels/something-something-v2-{}.json")
ID = re.compile(r"[0-9A-Za-z][0-9A-Za-z_-]{0,63}")
LARGEST_FILE = 2**28
"""Bytes; the official train.json has about 30 million."""
SPACE = re.compile(r"[ \t\r\n]*")


@dataclass(frozen=True)
class Entry:
    """A video. action: its class; template: that with [brackets] around objects; words: of the objects"""

    id: str
    action: str
    template: str
    words: tuple[str, ...]


def find_file(root: Path, name: str) -> Path | None:
    """The JSON file of this name below the data root, in one of PLACES; UserError if there are two."""
    found = [file for place in PLACES if is_file(file := root / place.format(name))]
    if len(found) > 1:
        raise UserError(f"{found[0]} and {found[1]}: two files of {name}: remove the one that is not wanted")
    return found[0] if found else None


def need_file(root: Path, name: str) -> Path:
    if (file := find_file(root, name)) is None:
        raise UserError(f"{root}: has no {name}.json, nor something-something-v2-{name}.json: put it there")
    return file


def read_classes(file: Path) -> tuple[str, ...]:
    """Class names in the order of their ids, which are 0, 1, 2, ..."""
    labels = _parsed(file)
    if not isinstance(labels, dict) or not labels:
        raise UserError(f"{file}: must be an object of class names and their numbers")
    numbers: dict[int, str] = {}
    for name, written in labels.items():
        number = int(written) if isinstance(written, (str, int)) and re.fullmatch(r"\d{1,6}", str(written)) else -1
        if number < 0:
            raise UserError(f"{file}: class {quote(name)} has the number {quote(written)}: it must be 0, 1, 2, ...")
        if number in numbers:
            raise UserError(f"{file}: classes {quote(numbers[number])} and {quote(name)} have both the number {number}")
        numbers[number] = _class_name(file, name)
    if missing := sorted(set(range(len(numbers))) - set(numbers)):
        raise UserError(f"{file}: no class has the number {missing[0]}: is the file whole?")
    return tuple(numbers[number] for number in sorted(numbers))


def _class_name(file: Path, name: str) -> str:
    clean = clean_name(name)
    if clean != name or not name or name in NO_CLASS or len(name.splitlines()) > 1 or len(name) > 200:
        raise UserError(f"{file}: {quote(name)} cannot be a class: use a short name in one line")
    return name


def read_entries(file: Path, classes: tuple[str, ...]) -> Iterator[Entry]:
    """The labelled videos of a file, one after the other; UserError for a wrong entry, by its number from 1."""
    known = {name: name for name in classes}
    for where, entry in _objects(file):
        template = _text(where, entry, "template")
        name = template.replace("[", "").replace("]", "")
        if name not in known:
            raise UserError(f"{where}: template {quote(template)} is no class of the list of labels")
        yield Entry(_id(where, entry), known[name], template, _words(where, entry))


def read_ids(file: Path) -> Iterator[str]:
    """The ids of a file without labels."""
    for where, entry in _objects(file):
        yield _id(where, entry)


def _objects(file: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """(where it is, entry) of a JSON list of objects, each parsed alone: 170,000 at once would take 300 MB."""
    text, decoder = _read(file), json.JSONDecoder()
    place = _skip(text, 0)
    if text[place : place + 1] != "[":
        raise UserError(f"{file}: must be a list of objects, one for each video")
    place, number = _skip(text, place + 1), 0
    while text[place : place + 1] != "]" or number == 0:
        if number == 0 and text[place : place + 1] == "]":
            raise UserError(f"{file}: lists no video")
        number += 1
        where = f"{file}: entry {number}"
        try:
            entry, place = decoder.raw_decode(text, place)
        except (ValueError, RecursionError) as error:
            raise UserError(f"{where}: is not JSON: is the file whole? {shorten(str(error), 100)}") from error
        if not isinstance(entry, dict):
            raise UserError(f"{where}: must be an object, found {quote(entry)}")
        yield where, entry
        place = _skip(text, place)
        if text[place : place + 1] == ",":
            place = _skip(text, place + 1)
        elif text[place : place + 1] != "]":
            raise UserError(f"{where}: no comma and no ] after it: is the file whole?")
    if _skip(text, place + 1) != len(text):
        raise UserError(f"{file}: there is more after the list's ]: is it one file?")


def _skip(text: str, place: int) -> int:
    """The next place that is no white space."""
    found = SPACE.match(text, place)
    return found.end() if found else place


def _read(file: Path) -> str:
    try:
        if (size := file.stat().st_size) > LARGEST_FILE:
            raise UserError(f"{file}: {size} bytes: at most {LARGEST_FILE >> 20} MiB are read")
        return file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise UserError(f"{file}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UserError(f"{file}: is not UTF-8: download it again") from error


def _parsed(file: Path) -> Any:
    try:
        return json.loads(_read(file))
    except (ValueError, RecursionError) as error:
        raise UserError(f"{file}: is not JSON: is the file whole? {shorten(str(error), 100)}") from error


def _text(where: str, entry: dict[str, Any], field: str) -> str:
    if not isinstance(value := entry.get(field), str):
        said = f"found {quote(value)}" if field in entry else "there is none"
        raise UserError(f"{where}: field {field!r} must be a text, {said}")
    return value


def _id(where: str, entry: dict[str, Any]) -> str:
    value = entry.get("id")
    text = str(value) if type(value) is int else value
    if not isinstance(text, str) or not ID.fullmatch(text):
        raise UserError(f"{where}: field 'id' must be a number or letters, the name of a video, found {quote(value)}")
    return text


def _words(where: str, entry: dict[str, Any]) -> tuple[str, ...]:
    words = entry.get("placeholders", [])
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise UserError(f"{where}: field 'placeholders' must be a list of texts, found {quote(words)}")
    return tuple(clean_name(word) for word in words)
