"""SoccerNet-MVFoul's annotations as checked fields: each mistake is one line that names file, foul and field."""

import json
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tailwise.core.errors import UserError
from tailwise.data.raw import RawFile
from tailwise.data.tables.rows import inside
from tailwise.data.tables.spelling import LONGEST_NAME, clean_name, quote, similar_name, skeleton

LARGEST_FILE = 2**24
"""Bytes, some 16,000 fouls. What is read takes up to 35 times as much memory."""
HALF = re.compile("[\ud800-\udfff]")
"""Halves of characters, which JSON can hold and UTF-8 cannot."""


@dataclass(frozen=True)
class Fields:
    """An object of the file. where: file, foul and clip, for messages."""

    where: str
    values: dict

    def text(self, name: str, default: str | None = None) -> str:
        """A text, see `clean_name`; the default, if there is one, where the field is missing."""
        value = self._value(name) if default is None else self.values.get(name, default)
        if not isinstance(value, str):
            raise UserError(f"{self.where}: field {name!r} must be a text, found {quote(value)}")
        if HALF.search(value):
            raise UserError(f"{self.where}: field {name!r} holds half a character: {quote(value)}")
        if len(value) > LONGEST_NAME:
            limit = f"at most {LONGEST_NAME} are read"
            raise UserError(f"{self.where}: field {name!r} has {len(value)} characters; {limit}")
        return clean_name(value)

    def number(self, name: str) -> float:
        value = self._value(name)
        if type(value) not in (int, float) or not abs(value) <= sys.float_info.max:
            raise UserError(f"{self.where}: field {name!r} must be a number, found {quote(value)}")
        return value

    def one_of(self, name: str, known: Iterable[str]) -> str:
        value = self.text(name)
        if value not in known:
            listed = ", ".join(sorted(filter(None, known)))
            near = next(
                (f"; did you mean {other!r}?" for other in known if other and skeleton(other) == skeleton(value)), ""
            )
            raise UserError(f"{self.where}: unknown {name} {quote(value)}; known: {listed}{near}")
        return value

    def objects(self, name: str) -> list["Fields"]:
        """A list of objects that is not empty."""
        value = self._value(name)
        if not isinstance(value, list) or not value:
            raise UserError(f"{self.where}: field {name!r} must be a list with an entry a clip, found {quote(value)}")
        return [fields(f"{self.where}: clip {place}", item) for place, item in enumerate(value)]

    def clip_number(self) -> int:
        """j of a Url ``.../clip_<j>``; what stands before is no path of the data root, but must not leave it either."""
        url = self.text("Url").replace("\\", "/")
        try:
            found = re.fullmatch(r"clip_([0-9]{1,9})(\.mp4)?", inside(url).rpartition("/")[2])
        except ValueError as error:
            raise UserError(f"{self.where}: field 'Url': {error}") from error
        if not found:
            raise UserError(f"{self.where}: field 'Url' must end in clip_<number>, found {quote(url)}")
        return int(found[1])

    def _value(self, name: str):
        if name not in self.values:
            near = similar_name(name, self.values)
            found = f"; did you mean it by {quote(near)}?" if near else ""
            raise UserError(f"{self.where}: field {name!r} is missing{found}")
        return self.values[name]

    def respelt(self) -> Iterator[str]:
        """Texts that are read otherwise than they are written, those of the clips too."""
        clips = self.values.get("Clips")
        for values in (self.values, *(clips if isinstance(clips, list) else ())):
            texts = [text for text in values.values() if isinstance(text, str)] if isinstance(values, dict) else []
            yield from (text for text in texts if len(text) <= LONGEST_NAME and text != clean_name(text))


def fields(where: str, value) -> Fields:
    """`value` as fields; raises UserError if it is no object."""
    if not isinstance(value, dict):
        raise UserError(f"{where}: must be an object with fields, found {quote(value)}")
    return Fields(where, value)


def read_fouls(root: Path, path: str) -> list[tuple[str, Fields]]:
    """(id, fields) of each foul, by number; raises UserError if the file is no annotation file."""
    file, raw = root / path, RawFile(root, path)
    if (size := raw.size()) > LARGEST_FILE:
        limit = f"at most {LARGEST_FILE >> 20} MiB of annotations are read"
        raise UserError(f"{file}: {size} bytes: {limit}; is it the annotation file? A table may be larger")
    try:
        content = json.loads(raw.read(), object_pairs_hook=_once)
    except (ValueError, OverflowError) as error:
        raise UserError(f"{file}: not JSON: {error}") from error
    except RecursionError as error:
        raise UserError(f"{file}: its lists or objects are nested too deeply for an annotation file") from error
    if not isinstance(content, dict) or not isinstance(content.get("Actions"), dict):
        raise UserError(f"{file}: has no table 'Actions' of fouls by id")
    for number in content["Actions"]:
        if not re.fullmatch("[0-9]{1,18}", number):
            raise UserError(f"{file}: foul {quote(number)}: its id must be a number, as in the folder action_0")
    fouls = sorted(content["Actions"].items(), key=lambda item: (int(item[0]), item[0]))
    return [(number, fields(f"{file}: foul {number}", foul)) for number, foul in fouls]


def _once(pairs: list[tuple[str, object]]) -> dict:
    """The pairs as an object; raises ValueError for a key that stands twice, where JSON would keep the last."""
    made = dict(pairs)
    if len(made) < len(pairs):
        key, count = Counter(key for key, _ in pairs).most_common(1)[0]
        raise ValueError(f"the key {quote(key)} stands {count} times in an object")
    return made
