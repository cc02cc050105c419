"""A draft of a paper from the reports of a finished run: data, methods, results, errors, figures."""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from tailwise.core.errors import UserError
from tailwise.core.files import read_json
from tailwise.core.heads import Head
from tailwise.core.params.config import read_params
from tailwise.metrics.predictions import read_predictions
from tailwise.paper.document import Block, Heading, Paragraph, Picture, Table
from tailwise.paper.findings import interval, of_classes, of_pairs, of_sources
from tailwise.paper.methods import methods

NEEDED = ("config.yaml", "classes.json", "intervals.json", "certificate.json")
MORE = {"Ablation": "ablation.md", "Comparison": "comparison.md"}
"""Sections of other commands: the Markdown file whose tables they are, where there is one."""


def draft(reports: Path) -> list[Block]:
    """UserError where the run is not finished."""
    for name in NEEDED:
        if not (reports / name).is_file():
            raise UserError(f"{reports / name}: no such file: run the pipeline first, with dvc repro")
    counts, found = read_json(reports / "classes.json"), read_json(reports / "intervals.json")
    certificate = read_json(reports / "certificate.json")
    return [
        *data(counts),
        *methods(read_params(reports / "config.yaml")),
        *results(found, certificate),
        *tables_of_others(reports),
        *errors(reports, found, counts["train"]),
        *figures(reports),
    ]


def data(counts: Mapping[str, Any]) -> Iterator[Block]:
    yield Heading("Data")
    for head, trained in counts["train"].items():
        valid, known = counts["valid"].get(head, {}), [count for count in trained.values() if count]
        ratio = f"{max(known) / min(known):.0f} to 1" if known else "unknown"
        caption = f"Labels of {head} by class; imbalance of the training split {ratio}."
        rows = [[name, str(count), str(valid.get(name, 0))] for name, count in trained.items()]
        yield Table(caption, ["class", "train", "validation"], rows)


def results(found: Mapping[str, Any], certificate: Mapping[str, Any]) -> Iterator[Block]:
    """Validation by class, and the test split by target."""
    yield Heading("Results")
    yield Paragraph(
        "Values are followed by 95 % intervals of a bootstrap over groups. Choices were made on validation; the test "
        "split was scored for the certificate alone."
    )
    whole = ("macro_recall", "macro_f1", "accuracy")
    rows = [[head, *(interval(of[name]) for name in whole)] for head, of in found["heads"].items()]
    yield Table("Validation.", ["head", "macro recall", "macro F1", "accuracy"], rows)
    for head, of in found["heads"].items():
        rows = [
            [name, str(one["support"]), *(interval(one[figure]) for figure in ("recall", "precision", "f1"))]
            for name, one in of["classes"].items()
        ]
        yield Table(f"Validation, {head} by class.", ["class", "labels", "recall", "precision", "F1"], rows)
    rows = [
        [each.get("title", f"{each['head']}: {each['figure']}").replace("_", " "), interval(each), *asked(each)]
        for each in certificate["targets"]
    ]
    yield Table("Test split against its targets.", ["figure", "value", "target", "verdict"], rows)


def asked(target: Mapping[str, Any]) -> tuple[str, str]:
    below = target.get("bound") == "below" or target["figure"] == "loss"
    return f"{'at most' if below else 'at least'} {target['target']:g}", target["verdict"]


def tables_of_others(reports: Path) -> Iterator[Block]:
    """The tables that `ablate` and `compare` wrote."""
    for title, name in MORE.items():
        if (reports / name).is_file():
            yield Heading(title)
            yield from parse_tables((reports / name).read_text(encoding="utf8"))


def parse_tables(text: str) -> Iterator[Table]:
    """The tables of a Markdown text, with the heading above each as caption."""
    caption, lines = "", list[list[str]]()
    for line in [*text.splitlines(), ""]:
        if line.startswith("|"):
            lines.append([cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]])
        elif lines:
            header, _, *rows = lines
            yield Table(
                f"{caption}.", [plain(cell) for cell in header], [[plain(cell) for cell in row] for row in rows]
            )
            lines = []
        if line.startswith("#"):
            caption = plain(line.lstrip("# "))


def plain(cell: str) -> str:
    """A cell's text without the signs of Markdown."""
    return re.sub(r"\\(.)", r"\1", cell.replace("**", "").replace("`", ""))


def errors(reports: Path, found: Mapping[str, Any], trained: Mapping[str, Mapping[str, int]]) -> Iterator[Block]:
    yield Heading("Errors, and what to do")
    for head, of in found["heads"].items():
        said = [*of_classes(head, of, trained.get(head, {}), found["few"]), *of_pairs(head, of, found["few"])]
        file = reports / "evaluation" / f"{head}.csv"
        if file.is_file():
            said += of_sources(read_predictions(file, Head(head, tuple(of["classes"]))))
        if said:
            yield Paragraph(" ".join(said))


def figures(reports: Path) -> Iterator[Block]:
    """Those of `draw_figures`, relative to a folder beside them."""
    names: Sequence[str] = sorted(file.stem for file in (reports / "figures/pdf").glob("*.pdf"))
    if names:
        yield Heading("Figures")
    for name in names:
        yield Picture(f"{name.replace('_', ' ').capitalize()}.", "../figures", name)
