"""What a person can mend, in one line; and lines that are safe to print."""

import errno
import re
import sys
from typing import TextIO

from tailwise.core.shortage import shortage

LONGEST_LINE = 1_000
"""Characters of a refusal that are printed."""

ESCAPE_SEQUENCE = re.compile(r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)")
"""What a terminal obeys: colours, the cursor, its title. Source: ECMA-48, 5.4; OSC as xterm has it"""

HIDDEN = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff"  # controls but the line break, halves of characters
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]"  # and what shows a text in another order than it has
)


class UserError(Exception):
    """Bad input: one line that names the file or key and says what to do.

    The launcher prints it without a traceback and exits with 1.
    """


def one_line(error: BaseException) -> str | None:
    """What to say of an error that a person can mend, such as a full disk; None of any other."""
    if isinstance(error, UserError):
        return str(error)
    if (text := shortage(error)) is not None:
        return text
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {error.strerror}"
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"{error.strerror}, in memory that processes share or for temporary files: see df and df -i"
    return None


def shorten(text: str, limit: int = 300) -> str:
    """The text, its middle left out where it has more than `limit` characters."""
    if len(text) <= limit:
        return text
    mark = " ... "
    kept = max(limit - len(mark), 0)
    return text[: kept - kept // 3] + mark + text[len(text) - kept // 3 :]


def printable(text: str) -> str:
    """The text as it is safe on a terminal, line breaks kept: escape sequences are left out, other characters that
    would not be shown as they are become their number, as ``\\u0007``."""
    return HIDDEN.sub(lambda found: f"\\u{ord(found[0]):04x}", ESCAPE_SEQUENCE.sub("", text))


def said(text: str, limit: int = LONGEST_LINE) -> str:
    """The text in one line that is safe on a terminal, and no longer than `limit`."""
    return shorten(printable(" ".join(shorten(text, 4 * limit).splitlines())), limit)


def clean(stream: TextIO) -> None:
    """Have a stream write only what is `printable`."""
    write = stream.write
    stream.write = lambda text: write(printable(text))


def print_error(text: str) -> None:
    """Print one line on stderr; see `said`. All that comes from files or libraries is printed by it."""
    print(said(text), file=sys.stderr, flush=True)
