"""The first screen in Chromium: what it answers without scrolling, and the change since the last committed run."""

import json

import pytest

from support.reporting.made import Made, earlier_figures, facts_of, html_of, write_run
from tailwise.reporting.committed import CommittedRun, write_committed
from tailwise.reporting.render import render


def bottoms(browser, selector) -> list[float]:
    return [
        browser.script("return arguments[0].getBoundingClientRect().bottom", found) for found in browser.all(selector)
    ]


def test_verdicts_and_recalls_are_on_the_first_screen(report):
    browser = report(width=1280)
    assert len(browser.all(".glance > li")) == 2 == len(browser.all("#recalls svg[role=img]"))
    assert max(bottoms(browser, ".glance > li, #committed, #recalls")) <= 800
    titles = [each.text for each in browser.all("#result > h3, #result > div > h3") if each.is_displayed()]
    assert titles[:2] == ["Recall of each class on validation", "Figures and targets"]


def test_on_a_narrow_screen_the_first_verdict_and_its_targets_are_seen_without_scrolling(report):
    browser = report(width=390)
    assert min(bottoms(browser, ".glance > li")) <= 800
    assert browser.script("return document.documentElement.scrollWidth <= innerWidth")


def test_the_change_since_the_last_committed_run_is_told_by_head(report):
    """All recalls were 0.5; now they are 0, 0.25, 0.5 of action and 0, 0.25 of card."""
    browser = report()
    change = "macro recall −0.043; lowest recall ±0; fell most: "
    assert browser.texts(".change[data-head]") == [
        f"newly lost: Dive; {change}Push −0.25",
        f"newly lost: A; {change}B −0.25",
    ]
    assert browser.texts(".change[data-score]") == ["(+1.25)"]
    assert browser.text("#committed") == "Change: since commit 1a2b3c4 of 2026-11-20."


@pytest.fixture
def own(browser, tmp_path):
    """Opens the report of a run beside these committed runs; None: beside no such file."""

    def show(*runs: dict | None):
        path = write_run(tmp_path) / "reports/report.html"
        path.write_text(html_of(tmp_path), encoding="utf8")
        if None not in runs:
            found = [CommittedRun(f"{nth}a2b3c4", f"2026-11-2{nth}", run) for nth, run in enumerate(runs)]
            write_committed(tmp_path, found)
        browser.open(path)
        return browser

    return show


def test_a_committed_page_is_compared_with_the_run_before(own, tmp_path):
    this = json.loads((write_run(tmp_path) / "reports/metrics.json").read_text())
    browser = own(this, earlier_figures())
    assert (
        browser.text("#committed")
        == "This run is commit 0a2b3c4 of 2026-11-20. Change: since commit 1a2b3c4 of 2026-11-21."
    )
    assert browser.texts(".change[data-head]")[0].startswith("newly lost: Dive")
    browser = own(this)
    assert browser.text("#committed") == "This run is commit 0a2b3c4 of 2026-11-20. No earlier run is committed."
    assert browser.texts(".change") == ["no earlier run"] * 2


def test_without_a_committed_run_or_its_file_the_page_says_so(own):
    assert own(None).text("#committed").endswith("python3 -m tailwise summary looks it up.")
    browser = own()
    assert browser.text("#committed") == "No earlier run is committed."
    assert browser.logs()[0] == []


@pytest.mark.parametrize("strange", [{}, {"action": None, "card": 3}, {"action": {"recall": [1], "macro_recall": "x"}}])
def test_a_run_of_other_heads_or_kinds_is_compared_as_far_as_it_goes(own, strange):
    browser = own(strange)
    assert browser.logs()[0] == [] and browser.text("#committed").startswith("Change: since commit 0a2b3c4")
    assert browser.texts(".change[data-head]")[1] == "that run has no such head"


def test_figures_of_other_metrics_are_compared_too(tmp_path, browser):
    root = write_run(tmp_path)
    for name, more in (("metrics", {"edges": {"f1": 0.75}}), ("intervals", {"headline": ["edges.f1"]})):
        path = root / f"reports/{name}.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | more))
    page = root / "reports/report.html"
    page.write_text(render(facts_of(root), Made().page), encoding="utf8")
    for edges, change in (({"edges": {"f1": 0.5}}, "(+0.250)"), ({"edges": 3}, ""), ({}, "")):
        write_committed(root, [CommittedRun("1a2b3c4", "2026-11-20", earlier_figures() | edges)])
        browser.open(page)
        assert "".join(browser.texts('.change[data-score="edges.f1"]')) == change
    assert browser.logs()[0] == []
