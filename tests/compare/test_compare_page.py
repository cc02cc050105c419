"""The page of a comparison: its text, and in Chromium."""

import re
from dataclasses import replace

import pytest

from support.compare.made import revision
from tailwise.compare.analysis import analyze, choose_figures
from tailwise.compare.page import payload, render
from tailwise.compare.rows import make_rows

HOSTILE = "<img src=x onerror=alert(1)></script>&\u2028"


def made():
    """Three configurations, the last with a hostile value, three seeds each."""
    groups = [("base", {"rate": 1}, 0.5), ("high", {"rate": 2}, 0.7), ("odd", {"rate": HOSTILE}, 0.3)]
    wobble = {1: 0.0, 2: 0.02, 3: -0.01}
    revisions = [
        revision(f"{name}-{seed}", seed, params, (recall + more, recall - 2 * more * recall))
        for name, params, recall in groups
        for seed, more in wobble.items()
    ]
    rows = make_rows(revisions)
    found = analyze(rows, choose_figures(rows, []), 0.02, {})
    return replace(found, costs=[{"training, s": seconds, "peak MB": 500.0} for seconds in (100.0, 200.0, 300.0)])


def test_names_are_escaped_and_nothing_is_loaded():
    page = render(made())
    assert "<img" not in page and "onerror=alert(1)>" not in page
    assert not re.search(r"(src|href)=[\"']?(https?:)?//", page)
    assert "default-src &#39;none&#39;" in page and render(made()) == page


def test_the_data_of_the_scripts_have_each_row_and_figure():
    data = payload(made())
    assert [row["seeds"] for row in data["rows"]] == [[1, 2, 3]] * 3
    assert {figure["title"] for figure in data["figures"]} == {"tag macro recall", "tag macro F1", "score"}
    assert all(len(figure["pairs"]) == 3 and len(figure["rows"]) == 3 for figure in data["figures"])
    assert [len(of_row) for of_row in data["heads"][0]["rows"]] == [2, 2]


@pytest.fixture
def shown(browser, tmp_path):
    def show(found, **window):
        path = tmp_path / "comparison.html"
        path.write_text(render(found), encoding="utf8")
        browser.open(path, **window)
        return browser

    return show


@pytest.mark.parametrize("dark", [False, True])
def test_the_page_opens_without_network_or_complaint_and_fits(shown, dark):
    for width in (1200, 420):
        browser = shown(made(), width=width, dark=dark)
        said, asked = browser.logs()
        assert not said and len(asked) == 1 and asked[0].startswith("file:")
        assert browser.script("return document.documentElement.scrollWidth") <= width


def test_a_click_on_a_column_sorts_the_table_and_another_turns_it(shown):
    browser = shown(made())

    def order():
        return [text[:6] for text in browser.texts("table.sortable:first-of-type tbody tr td:first-child")][:3]

    assert order()[:2] == ["base-1", "rate=2"]
    button = browser.all("table.sortable th button")[2]
    button.click()
    assert order()[0] == "rate=2" and order()[1] == "base-1"
    button.click()
    assert order()[2] == "rate=2" and order()[1] == "base-1"


def test_the_charts_follow_their_choices(shown):
    browser = shown(made())
    names = browser.texts("#ranking text.name")
    assert names[0] == "rate=2" and names[1].startswith("base-1") and len(names) == 3
    browser.choose("#figure", "score")
    assert len(browser.all("#ranking .whisker")) == 3 and len(browser.all("#ranking .seed")) == 9
    assert browser.texts("#pairs tbody tr:nth-child(2) td:nth-child(2)") == ["+0.199"]
    before = browser.all("#classes .dot")[0].get_attribute("cx")
    browser.choose("#class-row", browser.texts("#class-row option")[1])
    assert browser.all("#classes .dot")[0].get_attribute("cx") != before
    assert len(browser.all("#classes .dot.few")) == 1
    assert len(browser.all("#cost .own")) == 2 and len(browser.all("#cost .open")) == 1


def test_what_there_is_nothing_of_is_not_shown(shown):
    rows = make_rows([revision("main")])
    browser = shown(analyze(rows, choose_figures(rows, []), 0.02, {}))
    assert browser.texts("h2") == ["Ranking", "Revisions"] and not browser.logs()[0]
