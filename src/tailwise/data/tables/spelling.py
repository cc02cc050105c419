"""Unicode normalisation of names, and detection of confusable names, which differ but look alike.

Source of the terms skeleton and confusable: https://www.unicode.org/reports/tr39/
"""

import reprlib
from collections.abc import Iterable, Sequence
from unicodedata import normalize

from tailwise.core.errors import shorten

LONGEST_NAME = 4_000
"""Characters; the limit of a Linux path. Normalising a long run of accents takes quadratic time."""
WHITESPACE = "".join(map(chr, (*range(9, 14), *range(28, 33), 0x85, 0xA0, 0x1680, *range(0x2000, 0x200B))))
WHITESPACE += "\u2028\u2029\u202f\u205f\u3000"
"""The characters for which str.isspace is true."""
BLANK = "\u00ad\u061c\u115f\u1160\u180e\u200b\u200c\u200d\u200e\u200f\u2060\u2800\u3164\ufeff\uffa0"
"""Other blank or invisible characters, stripped from both ends of a name: soft hyphen, zero-width, fillers."""
INVISIBLE = (
    BLANK + "\u034f" + "".join(map(chr, (*range(0x202A, 0x202F), *range(0x2061, 0x2070), *range(0xFE00, 0xFE10))))
)
"""Characters that are invisible anywhere in a name."""
LOOKALIKES = str.maketrans(
    "авекмнорстухіјѕһԁԛԝο‐‒–—―−‘’‚‛“”„‟",  # Cyrillic, a Greek omicron, dashes, quotation marks
    "abekmhopctyxijshdqwo" + "-" * 6 + "'" * 4 + '"' * 4,
)
"""Lower-case letters of other alphabets, and punctuation, that look like ASCII characters."""
CONTROLS = {*range(9), *range(14, 28), 0x7F, *range(0x80, 0x85), *range(0x86, 0xA0)}
HIDDEN = dict.fromkeys([*map(ord, INVISIBLE), *CONTROLS])

_short = reprlib.Repr()
_short.maxstring = _short.maxother = 120
_short.maxlong = 40


def quote(value) -> str:
    """The repr of a value for an error message, shortened."""
    return shorten(_short.repr(value), 150)


def clean_name(text: str) -> str:
    """The name in NFC, with surrounding white space and invisible characters stripped.

    >>> clean_name(" goal\\u200b")
    'goal'
    """
    return normalize("NFC", text).strip(WHITESPACE + BLANK)


def skeleton(text: str) -> str:
    """The same string for confusable names: folds case, white space and lookalike letters.

    >>> skeleton("Free  Kick") == skeleton("free\\u200b kick")
    True
    """
    plain = normalize("NFKC", text.translate(HIDDEN)).casefold().translate(LOOKALIKES)
    return " ".join(plain.split())


def confusable(names: Iterable[str]) -> list[list[str]]:
    """Groups of names that look alike, each name once, in order of appearance."""
    found: dict[str, dict[str, None]] = {}
    for name in dict.fromkeys(names):
        found.setdefault(skeleton(name), {})[name] = None
    return [list(same) for same in found.values() if len(same) > 1]


def similar_name(name: str, others: Iterable[str]) -> str | None:
    """The first of the others that differs only in case, spaces and underscores; None if there is none."""
    bare, longest = _bare(name), 2 * len(name) + 10
    return next((other for other in others if other != name and len(other) <= longest and _bare(other) == bare), None)


def _bare(name: str) -> str:
    return skeleton(name).replace("_", "").replace(" ", "")


def spelling_notes(respelt: Sequence[str]) -> list[str]:
    """One line that counts the normalised names; empty if there are none. respelt: the names as written"""
    if not respelt:
        return []
    what = "names with white space around them or not in Unicode's composed form, which are read without and in it"
    return [f"{what}: {len(respelt)}, as {_ascii(respelt[0])}"]


def _ascii(text: str) -> str:
    """The quoted text with non-ASCII characters escaped, so that lookalikes differ."""
    return quote(text).encode("ascii", "backslashreplace").decode()


def distinguish(names: Sequence[str]) -> list[str]:
    """The quoted names, escaped if they would otherwise look the same."""
    folded = {" ".join(name.casefold().split()) for name in names}
    return [(quote if len(folded) == 1 else _ascii)(name) for name in names]
