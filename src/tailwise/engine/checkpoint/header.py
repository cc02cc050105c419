"""Reads the metadata of a weights file without torch, from the JSON header of safetensors.

Source: https://github.com/huggingface/safetensors#format
"""

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

from tailwise.core.errors import UserError, shorten
from tailwise.core.files import regular

LARGEST_HEADER = 2**22
"""Maximum header size in bytes; the largest model here needs 1 % of it."""
KEY = "tailwise"
"""The only metadata key, since safetensors writes several in no fixed order."""


def read_facts(path: Path) -> dict[str, Any]:
    """The JSON metadata of a weights file; {} if it is not an object. Raises UserError for a foreign file."""
    with suppress(OSError):
        check_header(path)
    try:
        facts = json.loads(_header(regular(path))["__metadata__"][KEY])
    except FileNotFoundError as error:
        raise UserError(f"{path}: no such file") from error
    except RecursionError as error:
        raise UserError(f"{path}: {NOT_OURS} (its facts are nested too deeply)") from error
    except (KeyError, TypeError) as error:
        raise UserError(f"{path}: {NOT_OURS} (no specification is in it)") from error
    except (UserError, ValueError, OSError) as error:
        raise UserError(f"{path}: {NOT_OURS} ({shorten(str(error).removeprefix(f'{path}: '))})") from error
    return facts if isinstance(facts, dict) else {}


NOT_OURS = "not a whole weights file of tailwise"


def check_header(path: Path) -> None:
    """Raise UserError for a header of more than LARGEST_HEADER bytes."""
    if not path.is_file():
        return
    size = _size(path)
    if LARGEST_HEADER < size < path.stat().st_size:
        limit = f"at most {LARGEST_HEADER >> 20} MiB are read"
        raise UserError(f"{path}: not a weights file of tailwise: names and specification of {size} bytes, {limit}")


def _size(path: Path) -> int:
    """Bytes of the header, from the first 8 bytes of the file."""
    with open(path, "rb") as file:
        return int.from_bytes(file.read(8), "little")


def _header(path: Path) -> Any:
    size = _size(path)
    if size > path.stat().st_size - 8:
        raise UserError("its header is cut short")
    with open(path, "rb") as file:
        file.seek(8)
        return json.loads(file.read(size))
