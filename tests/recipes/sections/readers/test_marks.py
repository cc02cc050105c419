import pytest

from tailwise.recipes.sections.readers.marks import KNOWN, mark_in, nearest, plain_name, section_name

NAMES = {plain_name(name): name for name in KNOWN}

MARKS = {
    "[Verse 1]": "verse",
    "[verse]": "verse",
    "[VERSE II]": "verse",
    "[Verse 2: Some Artist & Other]": "verse",
    "[Verse 3 - Some Artist]": "verse",
    "[First Verse]": "verse",
    "[2nd Verse]": "verse",
    "[Chorus]": "chorus",
    "  [Chorus]  ": "chorus",
    "[Chorus: x2]": "chorus",
    "[Chorus x2]": "chorus",
    "[Chorus (x2)]": "chorus",
    "[Chorus 2x]": "chorus",
    "[Chorus] (x2)": "chorus",
    "[Chorus] x2": "chorus",
    "[Chorus]:": "chorus",
    "[Chorus repeats 2 times]": "chorus",
    "[Final Chorus]": "chorus",
    "[Pre-Chorus]": "prechorus",
    "[PRE CHORUS 2]": "prechorus",
    "[Pre\u2010Chorus]": "prechorus",
    "[Middle 8]": "middle8",
    "[Bridge\u200b: Artist]": "bridge",
    "(Chorus)": "chorus",
    "(Chorus (x2))": "chorus",
    "Chorus:": "chorus",
    "Verse 2:": "verse",
    "[Hook]": "hook",
    "[Guitar Solo]": "guitarsolo",
}


@pytest.mark.parametrize("line", MARKS)
def test_marks_of_all_kinds(line):
    mark = mark_in(line, NAMES)
    assert mark is not None
    assert section_name(mark, NAMES) == MARKS[line]


@pytest.mark.parametrize(
    "line",
    [
        "(oh yeah)",
        "Chorus",
        "I sing:",
        "sing [the] song",
        "(Chorus) of angels",
        "verse after verse",
        "[a] b [c]",
        "x" * 500,
    ],
)
def test_lines_that_are_sung(line):
    assert mark_in(line, NAMES) is None


def test_square_brackets_are_a_mark_even_with_an_unknown_name():
    assert mark_in("[Chrous]", NAMES) == "Chrous"
    assert nearest(section_name("Chrous", NAMES), NAMES) == "chorus"
    assert nearest("zzz", NAMES) is None
