"""A file that was split into numbered parts, read as one."""

import io
import re
from pathlib import Path

from tailwise.core.errors import UserError

NUMBERED = re.compile(r"(.*[^0-9])([0-9]{2,})")


def find_parts(place: Path) -> list[Path]:
    """The parts ``NAME00``, ``NAME01``, ... in a folder, or those that belong to one of them, in order.

    UserError if there are none, if they are of several files, or if one is missing or was cut off.
    """
    folder = place if place.is_dir() else place.parent
    if not place.exists():
        raise UserError(f"{place}: no such file or folder")
    numbers: dict[str, dict[int, Path]] = {}
    for file in sorted(folder.iterdir()):
        if (found := NUMBERED.fullmatch(file.name)) and file.is_file():
            numbers.setdefault(found[1], {})[int(found[2])] = file
    if place.is_file():
        found = NUMBERED.fullmatch(place.name)
        if found is None:
            return [place]
        numbers = {found[1]: numbers[found[1]]}
    if not numbers:
        raise UserError(f"{folder}: has no parts that end in numbers, as 20bn-something-something-v2-00")
    if len(numbers) > 1:
        names = " and ".join(f"{name}..." for name in list(numbers)[:2])
        raise UserError(f"{folder}: has parts of {len(numbers)} files, {names}: give the first part of one")
    ((name, parts),) = numbers.items()
    return _in_order(folder, name, parts)


def _in_order(folder: Path, name: str, parts: dict[int, Path]) -> list[Path]:
    last = max(parts)
    missing = [number for number in range(min(min(parts), 1), last) if number not in parts]
    if missing or min(parts) > 1:
        digits = len(parts[last].name) - len(name)
        first = missing[0] if min(parts) <= 1 else 0
        raise UserError(f"{folder}: has no {name}{first:0{digits}d}, but {parts[last].name}: download it too")
    found = [parts[number] for number in sorted(parts)]
    _check_sizes(found)
    return found


def _check_sizes(parts: list[Path]) -> None:
    """Raise UserError unless all parts but the last have one size, and the last no more."""
    whole = parts[0].stat().st_size
    for part in parts:
        size = part.stat().st_size
        if size > whole or (size < whole and part is not parts[-1]):
            raise UserError(
                f"{part}: has {size} bytes where the first part has {whole}: download the shorter one again"
            )


class Joined(io.RawIOBase):
    """Files read one after the other. part: the one that is being read; place: bytes read so far"""

    def __init__(self, parts: list[Path]):
        super().__init__()
        self.parts, self.nth, self.place = parts, 0, 0
        self.file = open(parts[0], "rb")  # noqa: SIM115 - closed by `close`

    @property
    def part(self) -> Path:
        return self.parts[min(self.nth, len(self.parts) - 1)]

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:  # noqa: ANN001 - typeshed's type of a buffer is not in the standard library
        while not (count := self.file.readinto(buffer)) and self.nth < len(self.parts) - 1:
            self.file.close()
            self.nth += 1
            self.file = open(self.parts[self.nth], "rb")  # noqa: SIM115
        self.place += count or 0
        return count or 0

    def close(self) -> None:
        self.file.close()
        super().close()
