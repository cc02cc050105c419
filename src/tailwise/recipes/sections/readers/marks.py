"""Section marks as lyric sites write them: ``[Verse 2: Artist]``, ``[Chorus (x2)]``, ``(Hook)``, ``Bridge:``."""

import difflib
import re
from collections.abc import Collection

from tailwise.data.tables.spelling import clean_name, skeleton

KNOWN = (
    *("verse", "chorus", "pre-chorus", "post-chorus", "bridge", "intro", "outro", "hook", "refrain", "interlude"),
    *("instrumental", "instrumental break", "solo", "guitar solo", "piano solo", "sax solo", "drum solo", "break"),
    *("breakdown", "build", "drop", "skit", "spoken", "spoken word", "part", "coda", "ending", "end", "opening"),
    *("prelude", "pre-verse", "pre-hook", "post-hook", "pre-refrain", "middle 8", "middle eight", "vamp", "tag"),
    *("ad-libs", "fade out", "scat", "rap", "dialogue", "segue", "transition"),
)
"""Names of sections that lyric sites use. A mark that is none of these, and no name of the params, is unknown."""
LONGEST_MARK = 400
"""Characters of a line that may be a mark."""
BRACKETS = re.compile(r"\[([^\[\]]*)\] ?(?:\(?(?:[x×] ?\d+|\d+ ?[x×])\)?)?:?", re.IGNORECASE)
ROUND = re.compile(r"\(([^()]*(?:\([^()]*\))?)\)|(.*):")
CREDIT = re.compile(r":.*| [-–—] .*|\(.*\)?")
REPEAT = re.compile(r"\b(?:[x×] ?\d+|\d+ ?[x×]|(?:\d+|two|three|four) times|repeat(?:ed|s)?)(?!\w)|[*#]")
NUMBER = re.compile(
    r"\b(?:\d+(?:st|nd|rd|th)?|i{1,3}|iv|vi{0,3}|one|two|three|four|five|six|first|second|third|final|last)\b"
)


def mark_in(line: str, names: Collection[str]) -> str | None:
    """The text of the mark that a line is; None for a line that is sung.

    Square brackets around a whole line are a mark always; round ones, which also stand around a second voice, and a
    colon at the end only with a name among `names`, see `plain_name`.
    """
    text = clean_name(line) if len(line) <= LONGEST_MARK else ""
    if found := BRACKETS.fullmatch(text):
        return found[1]
    found = ROUND.fullmatch(text)
    inner = (found[1] or found[2] or "") if found else ""
    return inner if section_name(inner, names) in names else None


def section_name(mark: str, names: Collection[str]) -> str:
    """The name of a mark's section, without number, credit and repeat.

    >>> section_name("Verse 2: Some One", ()), section_name("PRE CHORUS (x2)", ())
    ('verse', 'prechorus')
    """
    text = REPEAT.sub(" ", CREDIT.sub("", skeleton(mark)))
    whole = plain_name(text)
    return whole if whole in names else plain_name(NUMBER.sub(" ", text))


def plain_name(name: str) -> str:
    """A name as it is compared: ``Pre-Chorus``, ``pre chorus`` and ``PRECHORUS`` are one.

    >>> plain_name("Pre-Chorus")
    'prechorus'
    """
    return re.sub(r"[\W_]+", "", skeleton(name))


def nearest(name: str, names: dict[str, str]) -> str | None:
    """The most similar known name as it is written. names: {plain name: as written}"""
    found = difflib.get_close_matches(name[:LONGEST_MARK], names, n=1)
    return names[found[0]] if found else None
