"""A cross-validation as text: tables in Markdown, which a terminal shows too."""

from collections.abc import Iterator

from tailwise.compare.text import Table, aligned, bracketed, markdown_table
from tailwise.crossvalidation.pooled import CrossValidation, spread
from tailwise.evaluation.limits import Names, limits_of_groups
from tailwise.evaluation.measure import Measured

HOW = """\
{samples} {name}s of {groups} groups, each answered by the model of the fold that it was held out of: {folds} trainings.
The test split was not read. In brackets the 95 % interval by bootstrap over groups: what other {name}s would give.
Another seed gives other models, which it does not cover."""
HOW_FOLDS = """\
Each fold alone; a class that a fold lacks is left out of its means. The deviation between folds is no error of the
pooled figures: the trainings share most of their samples."""
TITLES = {"macro_recall": "macro recall", "macro_f1": "macro F1", "accuracy": "accuracy"}


def markdown(found: CrossValidation, name: str) -> str:
    """The page in Markdown. name: the word for one sample"""
    return "# Cross-validation\n\n" + "\n\n".join(_parts(found, name, markdown_table, "## ")) + "\n"


def terminal(found: CrossValidation, name: str) -> str:
    """The same for a terminal, in aligned columns."""
    return "\n\n".join(_parts(found, name, aligned, ""))


def _parts(found: CrossValidation, name: str, table: Table, heading: str) -> Iterator[str]:
    yield HOW.format(samples=found.samples, groups=found.groups, folds=len(found.folds), name=name)
    yield table(_pooled_rows(found))
    for head, measured in found.heads.items():
        yield f"{heading}{head.capitalize()}"
        yield table(_class_rows(measured))
    yield f"{heading}Folds"
    yield HOW_FOLDS
    yield table(_fold_rows(found))
    if lines := list(_limits(found, name)):
        yield "\n".join(f"- {line}" for line in lines)


def _pooled_rows(found: CrossValidation) -> list[list[str]]:
    rows = [["", *TITLES.values()]]
    for head, measured in found.heads.items():
        rows.append([head, *(bracketed(measured.figures[figure]) for figure in TITLES)])
    return rows


def _class_rows(measured: Measured) -> list[list[str]]:
    rows = [["", "labels", "recall", "precision", "F1"]]
    for i, (name, count) in enumerate(measured.support.items()):
        spans = (bracketed(measured.figures[figure][i]) for figure in ("recall", "precision", "f1"))
        rows.append([name, str(count), *spans])
    return rows


def _fold_rows(found: CrossValidation) -> list[list[str]]:
    columns = [(head, figure) for head in found.heads for figure in ("macro_recall", "accuracy")]
    rows = [["", "samples", "groups", *(f"{head} {TITLES[figure]}" for head, figure in columns)]]
    for fold in found.folds:
        figures = (f"{fold.figures[head][figure]:.3f}" for head, figure in columns)
        rows.append([fold.name, str(fold.samples), str(fold.groups), *figures])
    spreads = (spread([fold.figures[head][figure] for fold in found.folds]) for head, figure in columns)
    return [*rows, ["mean ± deviation", "", "", *(f"{mean:.3f} ± {deviation:.3f}" for mean, deviation in spreads)]]


def _limits(found: CrossValidation, name: str) -> Iterator[str]:
    yield from limits_of_groups(found.groups)
    for measured in found.heads.values():
        yield from measured.limits(Names(name))
