"""Printed errors are one shortened line without terminal escape codes."""

import io
import unicodedata

import pytest

from tailwise.core.errors import LONGEST_LINE, escape, escape_output, print_error, shorten, to_line

OBEYED = "a\x1b[31mred\x1b[0m \x1b]0;title\x07b\x9b2Jc\x07d\x00e\x7ff\u202eg\u2028h\ud800i"


@pytest.mark.parametrize("text", [OBEYED, OBEYED.encode("utf8", "surrogatepass").decode("latin1")])
def test_nothing_that_a_terminal_obeys_is_left(text):
    shown = to_line(text)
    assert not {unicodedata.category(character) for character in shown} & {"Cc", "Cs", "Zl", "Zp"}
    assert "\u202e" not in shown and "\n" not in shown


def test_colours_are_left_out_and_the_rest_is_reported_by_number():
    assert escape(OBEYED) == "ared bc\\u0007d\\u0000e\\u007ff\\u202eg\\u2028h\\ud800i"
    assert escape("Größe 名 é\nnext") == "Größe 名 é\nnext"


@pytest.mark.parametrize(("length", "limit"), [(300, 300), (301, 300), (10**6, 300), (50, 10), (9, 3)])
def test_a_long_text_keeps_its_ends(length, limit):
    text = "<" + "x" * (length - 2) + ">"
    short = shorten(text, limit)
    assert short == text if length <= limit else len(short) <= max(limit, 5) and short[:1] in "< "
    if limit >= 300:
        assert short[0] == "<" and short[-1] == ">"


def test_a_line_is_cut_before_its_characters_are_looked_at(capsys):
    print_error("name" + "\x00" * 10**7 + "advice")
    line = capsys.readouterr().err
    assert line.startswith("name") and line.endswith("advice\n") and len(line) == LONGEST_LINE + 1


def test_a_clean_stream_keeps_line_breaks_alone():
    stream = io.StringIO()
    escape_output(stream)
    print("a\x1b[1mb\x08\nc", file=stream)
    assert stream.getvalue() == "ab\\u0008\nc\n"
