"""A document as Markdown and as LaTeX: headings, paragraphs, tables and pictures."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

SPECIAL = {name: f"\\{name}" for name in "&%$#_{}"}
SPECIAL |= {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "±": r"$\pm$"}
SPECIAL |= {"<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}", "†": r"\dag{}", "×": r"$\times$"}
NOTE = "Written by tailwise paper, which writes it anew: copy it before you edit."
PREAMBLE = r"""\documentclass{article}
\usepackage[utf8]{inputenc}
\usepackage[T1]{fontenc}
\usepackage{booktabs,graphicx,longtable}
"""


@dataclass(frozen=True)
class Heading:
    text: str


@dataclass(frozen=True)
class Paragraph:
    text: str


@dataclass(frozen=True)
class Table:
    """rows: as long as the header; the first column is text, the others are numbers"""

    caption: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True)
class Picture:
    """file: without its ending, relative to the document's folder; there is one in pdf/ and one in png/"""

    caption: str
    folder: str
    name: str


Block = Heading | Paragraph | Table | Picture


def markdown(title: str, blocks: Sequence[Block]) -> str:
    return f"<!-- {NOTE} -->\n\n# {_plain(title)}\n\n" + "\n\n".join(map(_markdown, blocks)) + "\n"


def _markdown(block: Block) -> str:
    match block:
        case Heading(text):
            return f"## {text}"
        case Paragraph(text):
            return _plain(text)
        case Table(caption, header, rows):
            rule = ["---", *["---:"] * (len(header) - 1)]
            lines = ["| " + " | ".join(map(_plain, row)) + " |" for row in (header, rule, *rows)]
            return f"**{_plain(caption)}**\n\n" + "\n".join(lines)
        case Picture(caption, folder, name):
            place = PurePosixPath(folder, "png", f"{name}.png")
            return f"![{_plain(caption)}](<{place}>)"


def _plain(text: str) -> str:
    """Text that has no meaning as Markdown or HTML, on one line."""
    return re.sub(r"[\\`*<>|]|\](?=\()", r"\\\g<0>", " ".join(text.split()))


def latex(title: str, blocks: Sequence[Block]) -> str:
    note = f"% {NOTE} For names in other scripts use xelatex and fontspec."
    begin = f"{note}\n{PREAMBLE}\\title{{{escape(title)}}}\n\\date{{}}\n\\begin{{document}}\n\\maketitle"
    return "\n\n".join([begin, *map(_latex, blocks), "\\end{document}\n"])


def _latex(block: Block) -> str:
    match block:
        case Heading(text):
            return f"\\section{{{escape(text)}}}"
        case Paragraph(text):
            return escape(text)
        case Table(caption, header, rows):
            lines = ["{}" + " & ".join(map(escape, row)) + r" \\" for row in rows]  # "[" is an argument there
            top = [r"\toprule", " & ".join(map(escape, header)) + r" \\", r"\midrule", r"\endhead"]
            begin = f"\\begin{{longtable}}{{l{'r' * (len(header) - 1)}}}\n\\caption{{{escape(caption)}}}\\\\"
            return "\n".join([begin, *top, *lines, r"\bottomrule", r"\end{longtable}"])
        case Picture(caption, folder, name):
            place = PurePosixPath(folder, "pdf", name)
            shown = f"\\includegraphics[width=\\linewidth]{{\\detokenize{{{place}}}.pdf}}"
            return f"\\begin{{figure}}[t]\n\\centering\n{shown}\n\\caption{{{escape(caption)}}}\n\\end{{figure}}"


def escape(text: str) -> str:
    """Text that has no meaning as LaTeX, on one line."""
    return "".join(SPECIAL.get(letter, letter) for letter in " ".join(text.split()))
