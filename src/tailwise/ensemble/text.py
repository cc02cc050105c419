"""An ensemble as text: tables in Markdown, which a terminal shows too."""

from collections.abc import Iterator

from tailwise.compare.text import Table, aligned, bracketed, markdown_table
from tailwise.ensemble.assessment import BEST, ENSEMBLE, PLAIN, Assessment
from tailwise.ensemble.verdict import figure_names, spanned, verdict

HOW_MEMBERS = "Each member on all validation labels; the first two figures are means over the heads. {weights}"
GREEDY = "Weights: greedy selection with replacement by {by}."
EQUAL = "Weights: all equal."
HOW_MODELS = """\
Cross-fitted: weights and best member are chosen on the other groups than they are scored on, in {folds} folds; in
brackets the 95 % interval by bootstrap over groups, of a difference that of the same draws. Same samples: the ensemble
on the labels that its weights were chosen on, which flatters it. All this says nothing of other seeds."""
HOW_AGREEMENT = "Share of equal answers, and Cohen's kappa."
HOW_RECALL = "Recall of each class, cross-fitted, with its 95 % interval."


def markdown(found: Assessment) -> str:
    """The page in Markdown."""
    return "# Ensemble\n\n" + "\n\n".join(_parts(found, markdown_table, "## ")) + "\n"


def terminal(found: Assessment) -> str:
    """The same for a terminal, in aligned columns."""
    return "\n\n".join(_parts(found, aligned, ""))


def _parts(found: Assessment, table: Table, heading: str) -> Iterator[str]:
    yield verdict(found)
    weights = EQUAL if found.options.equal else GREEDY.format(by=found.options.by.replace("_", " "))
    yield HOW_MEMBERS.format(weights=weights)
    yield table(_member_rows(found))
    yield f"{heading}Against the best member"
    yield HOW_MODELS.format(folds=len(found.bests))
    yield table(_model_rows(found))
    yield f"{heading}Agreement"
    yield HOW_AGREEMENT
    for head in found.agreements:
        yield table(_agreement_rows(found, head))
    yield f"{heading}Recall"
    yield HOW_RECALL
    yield table(_recall_rows(found))
    if found.limits:
        yield "\n".join(f"- {line}" for line in found.limits)


def _member_rows(found: Assessment) -> list[list[str]]:
    names = figure_names(found)
    rows = [["", "weight", *(title for _, title in names.values())]]
    for member, weight, figures in zip(found.pool.members, found.weights, found.members):
        rows.append([member, f"{weight:.2f}", *(f"{figures[place]:.3f}" for place in names)])
    return rows


def _model_rows(found: Assessment) -> list[list[str]]:
    rows = [["", "ensemble", "best member", "difference", "plain average", "difference", "same samples"]]
    for place, (_, title) in figure_names(found).items():
        ensemble, best, plain = (bracketed(found.measured.interval(model, place)) for model in (ENSEMBLE, BEST, PLAIN))
        gains = [spanned(found.measured.difference(model, BEST, place)) for model in (ENSEMBLE, PLAIN)]
        rows.append([title, ensemble, best, gains[0], plain, gains[1], f"{found.same[place]:.3f}"])
    return rows


def _agreement_rows(found: Assessment, head: str) -> list[list[str]]:
    of_head, members = found.agreements[head], found.pool.members
    rows = [[head, *members]]
    for member, equal, kappa in zip(members, of_head.equal, of_head.kappa):
        rows.append([member, *(_agreed(*pair) for pair in zip(equal, kappa))])
    return rows


def _agreed(equal: float, kappa: float | None) -> str:
    return f"{equal:.2f}, {'undefined' if kappa is None else f'{kappa:.2f}'}"


def _recall_rows(found: Assessment) -> list[list[str]]:
    rows = [["", "labels", "ensemble", "best member"]]
    for head, (own, best) in found.classes.items():
        spans = zip(own.support.items(), own.figures["recall"], best.figures["recall"])
        rows += [
            [f"{head}: {name}", str(count), bracketed(mine), bracketed(other)] for (name, count), mine, other in spans
        ]
    return rows
