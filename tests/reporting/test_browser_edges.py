"""Any run in Chromium: no console messages, no requests, readable, and no injection through names."""

import re

import numpy as np
import pytest

from support.reporting import chrome
from support.reporting.made import EVIL, MANY, RUNS, html_of, write_run


@pytest.mark.parametrize("name", RUNS)
@pytest.mark.parametrize("width", [1200, 360])
def test_every_page_of_every_run_is_quiet_asks_for_nothing_and_fits_its_window(report, name, width):
    for part in RUNS[name].page.sections:
        browser = report(name, part, width=width)
        assert browser.script("return document.documentElement.scrollWidth <= innerWidth"), part
        assert browser.script("return document.querySelector('main > section:not([hidden])').id") == part
        said, asked = browser.logs()
        assert said == [] and asked[0].endswith("report.html")
        assert {url.partition(":")[0] for url in asked} <= {"file", "data"}


@pytest.mark.parametrize("part", ["data", "result"])
def test_many_kinds_of_clips_and_long_names_leave_every_column_on_the_screen(report, part):
    browser = report("mixed", part)
    boxes = [box for box in browser.all(f"#{part} .wide") if box.is_displayed()]
    assert len(boxes) > 1
    assert all(browser.script("return arguments[0].scrollWidth <= arguments[0].clientWidth", box) for box in boxes)


def test_truncated_cells_are_listed_below(report):
    browser = report("mixed", "data")
    assert "256x144: 150, 64x64: 49, another kind, the 0th: 40 and 39 more" in browser.texts(".stored td:nth-child(3)")
    (kinds,) = [of for of in browser.all("#data details") if of.text == "Sizes of train: 42"]
    kinds.find_element("css selector", "summary").click()
    assert "another kind, the 39th: 1" in kinds.text


def test_no_name_injects_anything(report):
    for part in RUNS["evil"].page.sections:
        browser = report("evil", part)
        assert browser.script("return window.broken") is None and browser.driver.title == "tailwise: report"
        assert browser.all("main b, img[onerror], img[src=x]") == []
    report("evil")
    assert browser.hover(browser.all("#recalls .row .dot")[0])[0] == EVIL and browser.all("#tip *") == []
    report("evil", "mistakes")
    assert any(EVIL in title for title in browser.texts(".mistake h4"))
    report("evil", "training")
    browser.choose("#head", "b")
    assert browser.texts("#each .legend li") == ["__proto__", "constructor"]
    browser.choose("#label", "__proto__")
    assert "__proto__" in browser.text("#pairs")


def test_an_absent_class_has_a_row_and_no_figure(report):
    browser = report("absent")
    rows = browser.all("#recalls .row")
    assert [len(row.find_elements("css selector", ".dot")) for row in rows] == [1, 0, 1, 1, 1]
    assert browser.hover(rows[1])[1] == "recall –"
    browser.go("training")
    paths = [path.get_attribute("d") for path in browser.all("#each .curve")]
    assert paths[1] == "" and paths[0] and paths[2]


def test_one_head_without_mistakes(report):
    browser = report("one", "mistakes")
    assert browser.text("#mistakes-shown") == "No mistakes of this head are stored." and browser.all(".mistake") == []
    assert browser.texts("#head option") == ["outcome"]


def test_many_classes_are_found_by_typing_and_read_by_pointing(report):
    browser = report("many", "training")
    assert len(browser.all("#each .curve")) == 174
    side = browser.one("#confusion svg").size
    assert side["width"] <= 1200 and len(browser.all("#confusion text")) == 0
    assert browser.hover(browser.one("#confusion svg"))[0].startswith("actual: class ")
    browser.one("#label").send_keys("class 123")
    assert browser.texts("#each .legend li") == [MANY[123]] and MANY[123] in browser.text("#pairs")
    browser.go("result")
    chart = browser.one(".chart:has(> #recalls)")
    assert len(browser.all("#recalls .row")) == 174 and chart.size["height"] < 600
    assert chart.get_property("scrollHeight") > 3000


def test_the_log_beside_the_page_is_shown_and_its_absence_is_reported(report, browser, tmp_path):
    assert report(part="run").texts("#log tbody td") == ["train", "61.5 s", "", "812 MB"]
    assert browser.text("#log-state") == "1 stages, 62 s together."
    (tmp_path / "reports").mkdir()
    alone = tmp_path / "reports/report.html"
    alone.write_text(html_of(write_run(tmp_path)), encoding="utf8")
    browser.open(alone, "run")
    assert browser.text("#log-state").startswith("There is no log beside this page")


def contrast(browser, selector):
    """Of an element's text to the page's ground, as the rules for accessible pages count it."""
    colours = "return [getComputedStyle(arguments[0]).color, getComputedStyle(document.body).backgroundColor]"

    def light(colour):
        parts = np.array([float(part) for part in re.findall(r"[\d.]+", colour)[:3]]) / 255
        return np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4) @ [0.2126, 0.7152, 0.0722]

    dark, bright = sorted(light(colour) for colour in browser.script(colours, browser.all(selector)[0]))
    return (bright + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("dark", [False, True])
def test_both_schemes_are_readable(report, dark):
    browser = report(part="certificate", dark=dark)
    ground = browser.script("return getComputedStyle(document.body).backgroundColor")
    assert (ground == "rgb(255, 255, 255)") != dark
    for selector in ("h1", "p.note", "thead th", "tbody td", "nav a", ".verdict.fail", ".verdict.undecided"):
        assert contrast(browser, selector) > 4.5, selector


def test_without_a_script_the_tables_are_there(report):
    browser = report(part="result")
    browser.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        browser.driver.refresh()
        heads = ["Result", "Training", "Calibration", "Mistakes", "Explanations", "Map of embeddings"]
        heads += ["Data and quality", "Test split certificate", "Run"]
        assert [title.text for title in browser.all("main > section > h2")] == heads
        assert not browser.one("#controls").is_displayed() and browser.one("#targets").is_displayed()
    finally:
        browser.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


def test_without_a_browser_the_tests_are_skipped_with_a_reason_or_fail_where_it_is_needed(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv(chrome.NEEDED, raising=False)
    with pytest.raises(pytest.skip.Exception, match="apt-get install chromium chromium-driver"):
        chrome.start(tmp_path)
    monkeypatch.setenv(chrome.NEEDED, "1")
    with pytest.raises(pytest.fail.Exception, match="apt-get install chromium chromium-driver"):
        chrome.start(tmp_path)


def test_without_heads_there_is_nothing_to_choose_but_the_epoch(report):
    browser = report("contrastive")
    assert browser.all("#head, #label, #each, #confusion") == []
    blocks = "Gradient norm of each block of the model"
    assert browser.texts("#overall h4") == ["Loss", "Gradient norm", blocks, "Learning rate", "Score"]
    browser.click("#back")
    assert browser.text("#at") == "pretrain, epoch 1 of 3"
    browser.go("run")
    assert not browser.one("#controls").is_displayed()


def test_a_phase_without_heads_leaves_a_gap_in_their_curves(report):
    browser = report("pretrained")
    assert [path.get_attribute("d").count("M") for path in browser.all("#each .curve")] == [1, 1, 1]
    while browser.one("#back").is_enabled():
        browser.click("#back")
    assert (
        browser.text("#confusion-at") == "action: pretrain, epoch 1 of 3"
        and browser.texts("#confusion rect.cell") == []
    )
    assert browser.text("#pairs") == "Nothing confused."


def test_a_mistake_in_a_sequence_has_its_position(report):
    browser = report("tagger", "mistakes")
    browser.choose("#order", "by sample")
    assert browser.texts(".mistake .note")[1] == "valid/1 · note 2 · match 1"
    assert browser.all(".mistake button, .mistake img") == []
    browser.go("data")
    assert not browser.one("#controls").is_displayed()
