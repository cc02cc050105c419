"""Errors that the user can fix, as one line; and text that is safe to print."""

import errno
import re
import sys
from typing import TextIO

from tailwise.core.shortage import shortage

LONGEST_LINE = 1_000
"""Characters of an error message that are printed."""

ESCAPE_SEQUENCE = re.compile(r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)")
"""Commands to a terminal: colours, cursor, title. Source: ECMA-48, 5.4; OSC as in xterm"""

HIDDEN = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff"  # controls except the line break; surrogates
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]"  # marks that change the order in which text is shown
)


class UserError(Exception):
    """Bad input: one line that names the file or key and says what to do.

    The launcher prints it without a traceback and exits with 1.
    """


def describe_error(error: BaseException) -> str | None:
    """The message of an error that the user can fix, such as a full disk; None for any other error."""
    if isinstance(error, UserError):
        return str(error)
    if (text := shortage(error)) is not None:
        return text
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {error.strerror}"
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"{error.strerror}, in shared memory or for temporary files: see df and df -i"
    return None


def shorten(text: str, limit: int = 300) -> str:
    """The text, without its middle where it has more than `limit` characters."""
    if len(text) <= limit:
        return text
    mark = " ... "
    kept = max(limit - len(mark), 0)
    return text[: kept - kept // 3] + mark + text[len(text) - kept // 3 :]


def escape(text: str) -> str:
    """The text without terminal commands, other invisible characters as ``\\u0007``; keeps line breaks."""
    return HIDDEN.sub(lambda found: f"\\u{ord(found[0]):04x}", ESCAPE_SEQUENCE.sub("", text))


def to_line(text: str, limit: int = LONGEST_LINE) -> str:
    """The text as one line that is safe to print, of at most `limit` characters."""
    return shorten(escape(" ".join(shorten(text, 4 * limit).splitlines())), limit)


def escape_output(stream: TextIO) -> None:
    """Have a stream escape all that is written to it."""
    write = stream.write
    stream.write = lambda text: write(escape(text))


def print_error(text: str) -> None:
    """Print one safe line on stderr. Use it for all text that comes from files or libraries."""
    print(to_line(text), file=sys.stderr, flush=True)
