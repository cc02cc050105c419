"""Figures that README and docs/ quote are those of the committed runs, to the digit."""

import json
import re
from pathlib import Path

import pytest

from tailwise.cli.summary import summary
from tailwise.metrics.dotted import dotted

ROOT = Path(__file__).parents[1]
OF_PAGES = {
    "README.md": ".",
    "docs/sections.md": "pipelines/sections",
    "docs/actions.md": "pipelines/actions",
    "docs/logos.md": "pipelines/logos",
}
OF_TESTS = {
    "README.md": ["passes {pass} of the {targets} targets", "the recall of Dive, {action.recall.Dive:.2f},"],
    "docs/actions.md": ["top-1 {top.top_1:.3f}, top-5 {top.top_5:.3f}, the lowest class {action.min_recall:.2f}."],
    "docs/logos.md": [
        "macro recall {kind.macro_recall:.3f} (0.90 asked), each class at least {kind.min_recall:.3f} (0.85)",
        "hybrid {hybrid.hybrid:.3f} (0.95)",
    ],
}
"""What a page says of the test split, filled from the certificate."""


def text_of(page: str) -> str:
    return " ".join((ROOT / page).read_text(encoding="utf8").split())


def report(page: str, name: str) -> dict:
    return json.loads((ROOT / OF_PAGES[page] / "reports" / f"{name}.json").read_text(encoding="utf8"))


@pytest.mark.parametrize("page", OF_PAGES)
def test_the_last_lines_of_a_run_are_those_of_the_committed_one(page):
    lines = (ROOT / page).read_text(encoding="utf8").splitlines()
    start = next(place for place, line in enumerate(lines) if line.startswith("    validation    macro recall"))
    shown = [line.removeprefix("    ") for line in lines[start : lines.index("", start)]]
    printed = summary(report(page, "metrics"), report(page, "intervals")).splitlines()
    assert [line for line in shown if not line.startswith(("test split: ", "report: "))] == printed


@pytest.mark.parametrize("page", OF_TESTS)
def test_what_is_said_of_the_test_split_is_in_the_certificate(page):
    certificate = report(page, "certificate")
    counts = certificate["verdicts"]
    own = {name: value for name, value in certificate.items() if isinstance(value, dict)}
    known = {**dotted(own), **dotted(certificate["figures"]), "pass": counts["pass"], "targets": sum(counts.values())}
    for said in OF_TESTS[page]:
        filled = re.sub(r"\{([\w.]+)(:[^}]*)?\}", lambda found: format(known[found[1]], (found[2] or ":")[1:]), said)
        assert filled in text_of(page)


def test_figures_of_the_study_are_in_its_tables():
    found = re.findall(r"\d\.\d{3} ± \d\.\d{3}", text_of("README.md"))
    tables = (ROOT / "pipelines/study/reports/study.md").read_text(encoding="utf8")
    assert len(found) > 5 and [figure for figure in found if figure not in tables] == []
