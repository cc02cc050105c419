"""The summary as markdown."""

from collections.abc import Iterator, Sequence

from study.summary import Row, Summary, rare_classes, taken_for

NOTES = """\
Validation split, last epoch. Means over seeds with their 95 % intervals (Student's t); differences are paired, seed by
seed, against the default. p is corrected by Holm over the baselines of a table. *within*: mean half width of the 95 %
interval within one seed, by a bootstrap over groups of samples. *lost*: mean number of classes with 0 recall.
Ablations are descriptive: fewer seeds, no test. Every method has the default's net, augmentation and number of
optimizer steps, up to the rounding of epochs; a baseline its own learning rate.
"""

HEADER = ("method", "seeds", "macro recall", "difference", "p (Holm)", "lowest recall", "lost", "ECE", "loss", "within")


def report(summaries: Sequence[Summary]) -> str:
    """The page of all methods."""
    parts = ["# The study: does the rebalancing help?", NOTES.rstrip()]
    for summary in summaries:
        parts += [f"## {summary.dataset}", *(sections(summary) or ["No cell is there."])]
    missing = [line for summary in summaries for line in summary.missing]
    parts += ["## Missing, or made from other params or data", *listed(missing or ["nothing"])]
    return "\n\n".join(parts) + "\n"


def sections(summary: Summary) -> list[str]:
    found: list[str] = []
    for head, rows in summary.heads.items():
        for title, kinds in (
            ("methods", ("default", "baseline")),
            ("ablations of the default", ("default", "ablation")),
        ):
            kept = [row for row in rows if row.kind in kinds]
            if any(row.kind != "default" for row in kept) or "baseline" in kinds:
                found += [f"### {summary.dataset}, {head}: {title}", table([HEADER, *map(method_line, kept)])]
    for head, rows in summary.tested.items():
        title = f"### {summary.dataset}, {head}: the test split, scored once"
        found += [title, table([HEADER, *map(method_line, rows)])]
    if summary.heads:
        rows = next(iter(summary.heads.values()))
        found += [f"### {summary.dataset}: what a cell takes", table([COSTS, *map(cost_line, rows)])]
    return found


def method_line(row: Row) -> tuple[str, ...]:
    return (
        row.label,
        str(len(row.of_seed)),
        str(row.mean("macro_recall")),
        row.difference.signed if row.difference else "",
        f"{row.p:.3f}" if row.p is not None else "",
        str(row.mean("min_recall")),
        f"{sum(row.lost.values()) / len(row.lost):.1f}",
        str(row.mean("ece")),
        str(row.mean("loss")),
        f"{row.within:.3f}",
    )


COSTS = ("method", "rate or tau", "optimizer steps", "processor minutes")


def cost_line(row: Row) -> tuple[str, ...]:
    minutes = f"{row.minutes:.1f}" if row.minutes is not None else ""
    return (row.label, f"{row.choice:g}" if row.choice else "", str(row.steps), minutes)


def rare_report(summaries: Sequence[Summary]) -> str:
    """The page of the rare classes alone."""
    parts = ["# The rare classes, by method", "Validation, means over seeds with 95 % intervals, as in study.md."]
    for summary in summaries:
        for head, rows in summary.heads.items():
            for name in rare_classes(rows):
                parts += [f"## {summary.dataset}, {head}: {name}", *class_section(rows, name)]
    return "\n\n".join(parts) + "\n"


def class_section(rows: list[Row], name: str) -> Iterator[str]:
    count = next(iter(rows[0].of_seed.values()))["trained_on"][name]
    yield f"{count} training samples."
    lines = []
    for row in rows:
        recall, precision = (row.of_class(figure, name) for figure in ("recall", "precision"))
        if recall and precision:
            others = ", ".join(f"{other} {share:.0%}" for other, share in taken_for(row, name))
            zero = sum(head["recall"][name] == 0 for head in row.of_seed.values())
            lines.append((row.label, str(len(row.of_seed)), str(recall), str(precision), str(zero), others))
    yield table([("method", "seeds", "recall", "precision", "seeds that lose it", "taken for"), *lines])


def table(lines: Sequence[Sequence[str]]) -> str:
    head, *rest = ["| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines]
    return "\n".join([head, "|" + "---|" * len(lines[0]), *rest])


def listed(lines: Sequence[str]) -> list[str]:
    return ["\n".join(f"- {line}" for line in lines)]
