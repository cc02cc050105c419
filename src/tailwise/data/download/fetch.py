"""Download a file over HTTP: goes on where it was broken off, and checks size and hash before the file is there.

What has come is kept in ``<name>.part``, and in ``<name>.part.json`` which version of the file it is. So a download
that is repeated goes on by a range request, unless the server has another version by then.
Source: https://www.rfc-editor.org/rfc/rfc9110, 14 (ranges) and 13.1.5 (If-Range)
"""

import fcntl
import hashlib
import http.client
import json
import os
import re
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from tailwise.core.errors import UserError, shorten
from tailwise.core.files import write_json
from tailwise.data.download.listing import Wanted

CHUNK = 2**20
"""Bytes read at a time."""
BROKEN = (urllib.error.URLError, http.client.HTTPException, TimeoutError, ConnectionError)
RETRIED = (408, 429, 500, 502, 503, 504)
"""HTTP statuses after which the same request may succeed."""


@dataclass(frozen=True)
class Patience:
    """tries: failures in a row, without a byte in between, after which to give up; wait_s: seconds before the second
    try, doubled each time; timeout_s: seconds without a byte
    """

    tries: int = 5
    wait_s: float = 1.0
    timeout_s: float = 60.0


def fetch(wanted: Wanted, folder: Path, patience: Patience, advance: Callable[[int], None]) -> bool:
    """Have the file in the folder; False if it was there already. advance: called with numbers of bytes that came

    Raises UserError for a file that the server does not have, or that is not what the list says.
    """
    target = folder / wanted.name
    if target.exists():
        _check(target, wanted, "is there, but it")
        return False
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / f"{wanted.name}.part"
    with open(part, "ab") as file:
        _lock(file, part)
        _complete(wanted, file, part, patience, advance)
        file.flush()
        os.fsync(file.fileno())
        try:
            _check(part, wanted, "was downloaded, but it")
        except UserError:
            _forget(part)
            raise
        os.replace(part, target)
    _version_file(part).unlink(missing_ok=True)
    return True


def _lock(file: IO[bytes], part: Path) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise UserError(f"{part}: another process downloads it: wait for its end") from error


def _complete(wanted: Wanted, file: IO[bytes], part: Path, patience: Patience, advance: Callable[[int], None]) -> None:
    """Append until the file is whole, with new requests where a connection breaks off."""
    failures = 0
    while True:
        before = file.seek(0, os.SEEK_END)
        try:
            if _request(wanted, file, part, patience, advance):
                return
            reason = "the connection broke off"
        except urllib.error.HTTPError as error:
            error.close()
            if error.code not in RETRIED:
                raise UserError(f"{wanted.url}: the server answers {error.code} {error.reason}") from error
            reason = f"the server answers {error.code} {error.reason}"
        except BROKEN as error:
            reason = shorten(str(getattr(error, "reason", "") or error or type(error).__name__), 150)
        failures = 1 if file.seek(0, os.SEEK_END) > before else failures + 1
        if failures >= patience.tries:
            again = "the same command goes on from there"
            raise UserError(f"{wanted.url}: {reason}, {failures} times; {before} bytes are in {part}: {again}")
        time.sleep(patience.wait_s * 2 ** (failures - 1))


def _request(wanted: Wanted, file: IO[bytes], part: Path, patience: Patience, advance: Callable[[int], None]) -> bool:
    """One request for the bytes that are missing; whether the file is whole after it."""
    have = file.seek(0, os.SEEK_END)
    if wanted.size is not None and have == wanted.size:
        return True
    request = urllib.request.Request(wanted.url, headers={"Accept-Encoding": "identity"})  # ranges are of the bytes
    version = _version(part)
    if have and version:
        request.add_header("Range", f"bytes={have}-")
        request.add_header("If-Range", version)
    try:
        with urllib.request.urlopen(request, timeout=patience.timeout_s) as answer:
            start, total = _range_of(answer, have)
            if start != have:
                file.truncate(0)
            _note_version(part, answer)
            _append(answer, file, advance)
            return file.tell() == total if total is not None else True
    except urllib.error.HTTPError as error:
        if error.code != 416:
            raise
        error.close()
        _forget(part, file)  # there are more bytes here than the server has
        return False


def _range_of(answer: http.client.HTTPResponse, have: int) -> tuple[int, int | None]:
    """(where the answer's bytes begin in the file, the file's size or None)"""
    if answer.status == 206:
        found = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", answer.headers.get("Content-Range", ""))
        if found and int(found[1]) == have:
            return have, None if found[2] == "*" else int(found[2])
        raise http.client.HTTPException("the server sent another range than was asked for")
    length = answer.headers.get("Content-Length", "")
    return 0, int(length) if length.isdigit() else None


def _append(answer: http.client.HTTPResponse, file: IO[bytes], advance: Callable[[int], None]) -> None:
    file.seek(0, os.SEEK_END)
    while piece := answer.read1(CHUNK):
        file.write(piece)
        advance(len(piece))


def _version_file(part: Path) -> Path:
    return part.with_name(f"{part.name}.json")


def _version(part: Path) -> str:
    """What names the version of the file that has come so far, for If-Range; "" if nothing does."""
    try:
        found = json.loads(_version_file(part).read_text(encoding="utf8"))
        return str(found["version"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def _note_version(part: Path, answer: http.client.HTTPResponse) -> None:
    """Keep a strong validator of the answer: an ETag that is not weak, else the date of the last change."""
    tag = answer.headers.get("ETag", "")
    version = tag if tag and not tag.startswith("W/") else answer.headers.get("Last-Modified", "")
    write_json(_version_file(part), {"version": version})


def _forget(part: Path, file: IO[bytes] | None = None) -> None:
    """Begin anew: remove what has come, or empty it while it is open."""
    _version_file(part).unlink(missing_ok=True)
    part.unlink(missing_ok=True) if file is None else file.truncate(0)


def _check(file: Path, wanted: Wanted, what: str) -> None:
    """Raise UserError unless size and hash are those of the list."""
    size = file.stat().st_size
    if wanted.size is not None and size != wanted.size:
        raise UserError(
            f"{file}: {what} has {size} bytes where the list says {wanted.size}: remove it, or mend the list"
        )
    if wanted.sha256:
        with open(file, "rb") as content:
            found = hashlib.file_digest(content, "sha256").hexdigest()
        if found != wanted.sha256:
            said = f"{what} has the sha256 {found[:16]}... where the list says {wanted.sha256[:16]}..."
            raise UserError(f"{file}: {said}: remove it, or mend the list")
