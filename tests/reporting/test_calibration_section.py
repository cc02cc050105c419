"""The section `calibration` of the report, as text and in Chromium."""

import re
from dataclasses import replace

import pytest

from support.reporting.made import EVIL, Made, facts_of, html_of, overconfident, write_run
from tailwise.core.errors import UserError
from tailwise.core.files import read_json, write_json
from tailwise.evaluation.calibration.comparison import compare_methods
from tailwise.evaluation.calibration.fit import fit_all
from tailwise.evaluation.calibration.options import Calibration
from tailwise.reporting.page import Page
from tailwise.reporting.render import render

PAGE = Page(sections=("result", "calibration", "certificate"))
CHOSEN = {"action": "temperature", "card": "none"}


def write_calibrated(root, made, chosen):
    """A run with a calibration of each head, also in its certificate."""
    write_run(root, made)
    found = {
        head: compare_methods(
            overconfident(names, 2), fit_all(overconfident(names, 1)), Calibration(chosen.get(head, "platt"))
        )
        for head, names in made.heads.items()
    }
    write_json(root / "reports/calibration.json", found)
    certificate = read_json(root / "reports/certificate.json")
    certificate["figures"]["calibration"] = {head: of["none"] for head, of in found.items()}
    write_json(root / "reports/certificate.json", certificate)
    return found


def rows(html, section):
    part = html[html.index(f'<section id="{section}"') :]
    found = re.findall(r"<tr[^>]*>(.*?)</tr>", part[: part.index("</section>")], re.DOTALL)
    return [[re.sub(r"<[^>]*>", "", cell) for cell in re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row)] for row in found]


def test_the_table_has_every_method_and_marks_the_chosen_and_the_lowest(tmp_path):
    made = Made(page=PAGE)
    found = write_calibrated(tmp_path, made, CHOSEN)
    html = html_of(tmp_path, made)
    shown = rows(html, "calibration")
    assert [row[0] for row in shown] == ["method", "none", "temperature", "vector", "platt", "isotonic"] * 2
    of = found["action"]["temperature"]
    assert shown[2][1] == f"{of['ece']:.4f}" and shown[2][7] == f"{100 * of['above_95']:.1f} %"
    assert '<tr class="chosen"><td>temperature</td>' in html and '<tr class="chosen"><td>none</td>' in html
    lowest = min(found["action"][method]["nll"] for method in ("none", "temperature", "vector", "platt", "isotonic"))
    assert f"<u>{lowest:.4f}</u>" in html
    assert f"action: temperature {found['action']['fitted_temperature']:.3f}</h3>" in html
    assert "card: no calibration</h3>" in html


def test_the_certificate_shows_the_figures_by_head_and_those_of_one(tmp_path):
    made = Made(page=PAGE)
    found = write_calibrated(tmp_path, made, CHOSEN)
    assert [row[0] for row in rows(html_of(tmp_path, made), "certificate") if len(row) == 10] == [
        "head",
        "action",
        "card",
    ]
    file = tmp_path / "reports/certificate.json"
    certificate = read_json(file)
    write_json(file, {**certificate, "figures": {**certificate["figures"], "calibration": found["card"]["none"]}})
    (row,) = [row for row in rows(html_of(tmp_path, made), "certificate") if len(row) == 10][1:]
    assert row[:2] == ["action", f"{found['card']['none']['ece']:.4f}"]


def test_other_pages_have_no_such_section_and_its_file_is_needed(tmp_path):
    made = Made(page=Page())
    facts = facts_of(write_run(tmp_path, made), made)
    assert "calibration" not in Page().sections and 'id="calibration"' not in render(facts, made.page)
    with pytest.raises(UserError, match="reports/calibration.json: No such file"):
        facts_of(tmp_path, Made(page=PAGE))


def test_names_of_heads_stay_text(tmp_path):
    made = Made(heads={EVIL: ["a", "b"], "__proto__": ["a", "b"]}, page=replace(PAGE, sections=("calibration",)))
    write_calibrated(tmp_path, made, {})
    assert EVIL not in html_of(tmp_path, made)


@pytest.fixture(scope="module")
def opened(tmp_path_factory, browser):
    """Opens a page with the section, and gives the figures in it."""
    root = tmp_path_factory.mktemp("calibrated")
    found = write_calibrated(root, Made(page=PAGE), CHOSEN)
    file = root / "reports/report.html"
    file.write_text(html_of(root, Made(page=PAGE)), encoding="utf8")

    def show():
        browser.open(file, "calibration")
        return browser, found

    return show


def test_the_curves_and_bars_are_those_of_the_chosen_method_and_of_none(opened):
    browser, found = opened()
    bins = found["action"]["reliability"]
    dots = sum(count > 0 for method in ("none", "temperature") for count in bins[method]["count"])
    assert len(browser.all("#reliability circle.bin")) == dots
    assert browser.texts("#reliability .legend li") == ["no calibration", "temperature"]
    assert len(browser.all("#confidence .outlined rect")) == len(browser.all("#confidence .filled rect")) == 20
    of = found["action"]
    expected = [
        f"{name}: {100 * of[method]['above_90']:.1f} % above 0.90, {100 * of[method]['above_95']:.1f} % above 0.95"
        for name, method in (("no calibration", "none"), ("temperature", "temperature"))
    ]
    assert browser.texts("#confidence .note") == expected
    assert {"0.90", "0.95"} <= {text.text for text in browser.all("#confidence svg text")}


def test_another_method_and_another_head_can_be_chosen(opened):
    browser, _ = opened()
    browser.choose("#calibrated-by", "isotonic")
    assert browser.texts("#confidence .legend li") == ["no calibration", "isotonic"]
    browser.choose("#head", "card")
    assert browser.texts("#calibration .of-head h3") == ["card: no calibration"]
    assert browser.texts("#confidence .legend li") == ["no calibration", "isotonic"]
    browser.choose("#head", "action")
    assert browser.texts("#confidence .legend li") == ["no calibration", "temperature"]


def test_the_tooltip_tells_the_bin(opened):
    browser, found = opened()
    bins = found["action"]["reliability"]["none"]
    last = max(place for place, count in enumerate(bins["count"]) if count)
    dots = browser.all("#reliability g.s1 circle.bin")
    told = browser.hover(dots[-1])
    assert told == [
        "no calibration",
        f"confidence {bins['confidence'][last]:.3f}",
        f"accuracy {bins['accuracy'][last]:.3f}",
        f"{bins['count'][last]} answers",
    ]
    assert [line for line in browser.logs()[0] if "committed.js" not in line] == []
