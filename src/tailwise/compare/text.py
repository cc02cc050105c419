"""A comparison as text: tables in Markdown, which a terminal shows too."""

from collections.abc import Callable, Iterator, Sequence

from tailwise.compare.analysis import Comparison, Figure
from tailwise.evaluation.intervals import Interval
from tailwise.metrics.statistics import Estimate

HOW = """\
Validation figures. Mean over the seeds of a row ± half of its 95 % interval by Student's t; of one model its 95 %
interval by bootstrap over groups, in brackets."""
HOW_DIFFERENT = """\
Each row minus the first, over the seeds that both have: mean ± half of its 95 % interval by Student's t; p of the
paired t test, corrected by Holm for the number of rivals; g: Cohen's d of the paired differences with Hedges'
correction for few seeds; seeds needed: how many would show a true difference of {wanted:g} with a power of 80 % at the
5 % level, by the spread seen here, which is itself uncertain for few seeds."""
HOW_MODELS = """\
A model minus that of the first row, on the same samples, with 95 % intervals by bootstrap over groups. Only right:
samples that only this model has right, and only the first; p of McNemar's exact test. This says nothing of other
seeds."""


Table = Callable[[Sequence[Sequence[str]]], str]
"""Rows, the first of which is the header, as text."""


def how_different(found: Comparison) -> str:
    """What the table of differences has, of this comparison."""
    return HOW_DIFFERENT.format(wanted=found.wanted)


def markdown(found: Comparison) -> str:
    """The page in Markdown."""
    return "# Comparison\n\n" + "\n\n".join(_parts(found, markdown_table, "## ")) + "\n"


def terminal(found: Comparison) -> str:
    """The same for a terminal, in aligned columns."""
    return "\n\n".join(_parts(found, aligned, ""))


def _parts(found: Comparison, table: Table, heading: str) -> Iterator[str]:
    yield HOW
    yield table(_figure_rows(found))
    if len(found.rows) > 1:
        yield f"{heading}Differences from {_clean(found.rows[0].label)}"
        yield how_different(found)
        yield table(_difference_rows(found))
    if any(found.models):
        yield f"{heading}Fixed models"
        yield HOW_MODELS
        yield table(_model_rows(found))
    if any(found.costs):
        yield f"{heading}Cost"
        yield table(_cost_rows(found))
    if found.notes:
        yield "\n".join(f"- {_clean(note)}" for note in found.notes)


def _figure_rows(found: Comparison) -> list[list[str]]:
    rows = [["", "seeds", *(figure.title for figure in found.figures)]]
    for number, row in enumerate(found.rows):
        cells = [
            estimated(found.estimates[figure.name][number], figure, found.spans.get(figure.name, {}).get(number))
            for figure in found.figures
        ]
        rows.append([row.label, str(len(row.of_seed)), *cells])
    return rows


def _difference_rows(found: Comparison) -> list[list[str]]:
    rows = [["", "figure", "seeds", "difference", "p", "g", "seeds needed"]]
    for number, row in enumerate(found.rows[1:]):
        for figure in found.figures:
            if each := found.differences[figure.name][number]:
                told = [str(each.estimate.count), signed(each.estimate, figure), probability(each.p)]
                needed = "" if each.estimate.count < 2 else str(each.needed or "over 1000")
                effect = "" if each.effect is None else f"{each.effect:+.2f}"
                rows.append([row.label, figure.title, *told, effect, needed])
    return rows


def _model_rows(found: Comparison) -> list[list[str]]:
    rows = [["", "head", "macro recall", "macro F1", "accuracy", "only right", "p"]]
    for row, models in zip(found.rows[1:], found.models):
        for each in models:
            cells = [spanned(span) for span in each.differences.values()]
            test = [f"{each.test.own} : {each.test.other}", probability(each.test.p)] if each.test else ["", ""]
            rows.append([row.label, each.head, *cells, *test])
    return rows


def _cost_rows(found: Comparison) -> list[list[str]]:
    names = list(dict.fromkeys(name for costs in found.costs for name in costs))
    cells = [[f"{costs[name]:,.0f}" if name in costs else "" for name in names] for costs in found.costs]
    return [["", *names], *([row.label, *of_row] for row, of_row in zip(found.rows, cells))]


def estimated(found: Estimate | None, figure: Figure, span: Interval | None = None) -> str:
    """A mean with its interval, in the figure's unit."""
    if found is None:
        return ""
    digits = _digits(figure)
    if span and span.low is not None and span.high is not None and found.half is None:
        return f"{found.mean:.{digits}f} [{span.low:.{digits}f}, {span.high:.{digits}f}]"
    half = "" if found.half is None else f" ± {found.half:.{digits}f}"
    return f"{found.mean:.{digits}f}{half}"


def signed(found: Estimate, figure: Figure) -> str:
    digits = _digits(figure)
    half = "" if found.half is None else f" ± {found.half:.{digits}f}"
    return f"{found.mean:+.{digits}f}{half}"


def spanned(span: Interval) -> str:
    if span.value is None or span.low is None or span.high is None:
        return ""
    return f"{span.value:+.3f} [{span.low:+.3f}, {span.high:+.3f}]"


def bracketed(span: Interval) -> str:
    """A figure with its interval; empty where it is undefined."""
    if span.value is None or span.low is None or span.high is None:
        return ""
    return f"{span.value:.3f} [{span.low:.3f}, {span.high:.3f}]"


def probability(p: float | None) -> str:
    if p is None:
        return ""
    return "<0.001" if p < 0.001 else f"{p:.3f}"


def _digits(figure: Figure) -> int:
    return 2 if figure.unit else 3


def _clean(text: str) -> str:
    """On one line."""
    return " ".join(text.split())


def markdown_table(rows: Sequence[Sequence[str]]) -> str:
    """rows: the first is the header."""
    written = [[_escaped(cell) for cell in row] for row in rows]
    rule = ["---", *["---:"] * (len(rows[0]) - 1)]
    return "\n".join(f"| {' | '.join(row)} |" for row in (written[0], rule, *written[1:]))


def _escaped(cell: str) -> str:
    """Without what Markdown or HTML would read as its own."""
    text = _clean(cell).replace("&", "&amp;").replace("<", "&lt;")
    return "".join(f"\\{character}" if character in "\\|*_`[]" else character for character in text)


def aligned(rows: Sequence[Sequence[str]]) -> str:
    """Columns of equal width, the first to the left."""
    clean = [[_clean(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*clean)]
    lines = ([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])] for row in clean)
    return "\n".join("  ".join(line).rstrip() for line in lines)
