"""The controls of the page in Chromium: they do what they say, with pointer and keys."""

import base64
import io
import re

import numpy as np
from PIL import Image
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait


def shown(browser):
    """The page that is open and the one that the navigation names."""
    current = browser.texts("nav a[aria-current=page]")
    return browser.texts("main > section > h2"), current


def test_the_pages_are_reached_from_the_navigation(report):
    browser = report()
    assert shown(browser) == (["Result"], ["Result"])
    browser.go("certificate")
    assert shown(browser) == (["Test split certificate"], ["Certificate"])
    browser.driver.back()
    WebDriverWait(browser.driver, 10).until(lambda _: shown(browser) == (["Result"], ["Result"]))


def test_a_head_brings_its_classes_curves_and_confusion(report):
    browser = report(part="training")
    assert browser.texts("#each .legend li") == ["Dive", "Push", "Hold"]
    browser.choose("#head", "card")
    assert browser.texts("#each .legend li") == ["A", "B"]
    assert browser.texts("#label option") == ["all classes", "A", "B"]
    assert browser.text("#confusion-at") == "card: phase2, epoch 2 of 3 (kept)"
    assert [each.text for each in browser.all("#confusion text.name")] == ["A", "A", "B", "B"]
    browser.go("result")
    assert browser.texts(".of-head h4") == ["card"]
    assert [text.text for text in browser.all("#recalls text.title")] == ["action", "card"]


def test_a_class_is_told_marked_and_filters(report):
    browser = report()
    browser.choose("#label", "Push")
    told = "Push · recall 0.25 (0.13 to 0.50) · precision 0.25 (0.13 to 0.50) · F1 0.25 (0.13 to 0.50)"
    assert browser.text("#chosen") == f"{told} · 9 training, 9 validation samples"
    assert browser.texts("tr.chosen td:first-child") == ["Push"]
    browser.go("training")
    assert "0 of 2 shown" in browser.text("#alerts-shown") and browser.texts("#alerts tbody tr") == []
    assert "with Push" in browser.text("#pairs") and all("Push" in pair for pair in browser.texts("#pairs li"))
    browser.go("mistakes")
    assert all("Push" in title for title in browser.texts(".mistake h4"))
    assert browser.text("#mistakes-shown") == "8 of 12 shown."
    browser.go("data")
    assert browser.texts("table.strips td:first-child") == ["Push"]


def test_a_click_on_a_recall_chooses_its_class(report):
    browser = report()
    row = browser.all("#recalls .row")[2]
    browser.hover(row)
    row.click()
    chosen = "return ['#head', '#label'].map((id) => document.querySelector(id).selectedOptions[0].text)"
    assert browser.script(chosen) == ["action", "Hold"]
    browser.all("#recalls .row")[4].click()
    assert browser.script(chosen) == ["card", "B"] and browser.texts(".of-head h4") == ["card"]
    browser.all("#recalls .row")[4].click()
    assert browser.script(chosen) == ["card", "all classes"]


def test_the_pointer_is_told_values_and_intervals(report):
    browser = report()
    ring = browser.all("#recalls .row .dot")[0]
    assert browser.hover(ring)[1:3] == ["recall 0.00 (5 samples: too few to measure)", "precision 0.00 (0.00 to 0.25)"]
    assert ring.get_attribute("class") == "dot few" and len(browser.all("#recalls .whisker")) == 3
    told = browser.hover(browser.all("#recalls .row .dot")[1])
    assert told[:2] == ["Push", "recall 0.25 (0.13 to 0.50)"] and browser.one("#tip").is_displayed()
    browser.go("training")
    assert not browser.one("#tip").is_displayed()
    where, *lines = browser.hover(browser.all("#overall .chart svg")[0])
    assert re.fullmatch(r"phase\d, epoch \d of 3.*", where) and re.fullmatch(r"macro recall: 0\.\d+", lines[0])
    told = browser.hover(browser.all("#confusion .cell")[0])
    assert told[:2] == ["actual: Dive", "predicted: Dive"] and re.fullmatch(r"\d of 5 samples, \d+ %", told[2])


def test_the_epochs_are_stepped_by_button_key_and_slider(report):
    browser = report(part="training")

    def state():
        counts = [cell.text for cell in browser.all("#confusion text.count")]
        return browser.text("#at"), browser.text("#confusion-at"), counts, browser.one("#step").get_property("value")

    kept = state()
    assert kept[0] == "phase2, epoch 2 of 3 (kept)" and browser.one("#at").get_attribute("aria-live") == "polite"
    browser.click("#back")
    before = state()
    assert before[:2] == ("phase2, epoch 1 of 3", "action: phase2, epoch 1 of 3") and before[2] != kept[2]
    browser.one("body").send_keys(Keys.ARROW_RIGHT)
    assert state() == kept
    browser.one("body").send_keys(Keys.ARROW_LEFT)
    assert state() == before
    browser.one("#step").send_keys(Keys.HOME)
    assert state()[0] == "phase1, epoch 1 of 3" and not browser.one("#back").is_enabled()
    browser.one("#step").send_keys(Keys.ARROW_RIGHT)
    assert state()[0] == "phase1, epoch 2 of 3 (kept)"
    browser.one("#head").send_keys(Keys.ARROW_RIGHT)
    assert browser.text("#at").startswith("phase1, epoch 2")


def test_a_click_on_a_curve_and_an_alert_lead_to_their_epoch(report):
    browser = report(part="training")
    browser.all("#alerts tbody button")[0].click()
    assert browser.text("#at") == "phase1, epoch 3 of 3"
    curve = browser.one("#each svg")
    browser.script("arguments[0].scrollIntoView({block: 'center'})", curve)
    ActionChains(browser.driver).move_to_element_with_offset(curve, 400, 0).perform()
    assert browser.text("#tip").startswith("phase2, epoch 3 of 3")
    ActionChains(browser.driver).click().perform()
    assert browser.text("#at") == "phase2, epoch 3 of 3"


def test_another_figure_of_the_classes_is_another_curve(report):
    browser = report(part="training")
    before = [path.get_attribute("d") for path in browser.all("#each .curve")]
    browser.choose("#measure", "samples predicted")
    after = [path.get_attribute("d") for path in browser.all("#each .curve")]
    assert len(before) == len(after) == 3 and before != after and "samples predicted" in browser.text("#each h4")


def test_mistakes_are_sorted_and_more_are_shown(report):
    browser = report(part="mistakes")

    def samples():
        return [note.split(" · ")[0] for note in browser.texts(".mistake .note")]

    def confidence():
        return [int(card.split("%")[0]) for card in browser.texts(".mistake .probable span:nth-of-type(2)")]

    assert confidence() == sorted(confidence(), reverse=True) and len(samples()) == 8
    browser.choose("#order", "by sample")
    assert samples() == [f"valid/{i}" for i in range(8)]
    browser.click("#more")
    assert samples() == [f"valid/{i}" for i in range(12)] and not browser.one("#more").is_displayed()
    browser.choose("#order", "by actual class")
    actual = [title.split(",")[0] for title in browser.texts(".mistake h4")]
    assert actual == sorted(actual) and len(set(actual)) > 1


def grey(browser, film):
    """Mean of the middle of a film as it is painted."""
    picture = np.asarray(Image.open(io.BytesIO(base64.b64decode(film.screenshot_as_base64))).convert("L"))
    height, width = picture.shape
    return picture[height // 3 : height // 2, width // 3 : width // 2].mean()


def test_playing_shows_one_frame_after_the_other(report):
    browser = report(part="mistakes")
    browser.choose("#order", "by sample")
    button, film = browser.all(".mistake > button")[0], browser.all(".mistake .film")[0]
    browser.script("setInterval = (step) => { window.step = step; return 1; }; clearInterval = () => {}")
    strip = film.size["width"]
    button.click()
    greys = []
    for frame in ("1", "2", "3", "1"):
        assert film.get_attribute("data-frame") == frame
        greys.append(grey(browser, film))
        browser.script("window.step()")
    np.testing.assert_allclose(greys, [40, 120, 200, 40], atol=6)
    assert button.text == "■ Stop"
    button.send_keys(Keys.ENTER)
    assert button.text == "▶ Play" and film.get_attribute("data-frame") == "" and film.size["width"] == strip


def test_a_film_moves_by_itself(report):
    browser = report(part="mistakes")
    browser.all(".mistake > button")[0].click()
    wait = "const done = arguments[0], film = document.querySelector('.film'), seen = new Set();"
    watch = "new MutationObserver(() => seen.add(film.dataset.frame) && seen.size === 3 && done([...seen].sort()))"
    browser.driver.set_script_timeout(20)
    seen = browser.driver.execute_async_script(f"{wait}{watch}.observe(film, {{attributes: true}})")
    assert seen == ["1", "2", "3"]


def test_attention_and_probabilities_stand_by_their_view(report):
    browser = report(part="mistakes")
    captions = browser.texts(".mistake:first-child figcaption")
    assert [caption.split("\n")[-1] for caption in captions] == ["attention 75 %", "attention 25 %"]


def test_keys_alone_reach_the_controls_and_show_where_they_are(report):
    browser = report()

    def press(key):
        ActionChains(browser.driver).send_keys(key).perform()
        focused = browser.driver.switch_to.active_element
        assert focused.value_of_css_property("outline-style") != "none"
        return focused.get_attribute("id") or focused.text

    assert [press(Keys.TAB) for _ in range(2)] == ["Result", "Training"]
    ActionChains(browser.driver).send_keys(Keys.ENTER).perform()
    WebDriverWait(browser.driver, 10).until(lambda _: shown(browser) == (["Training"], ["Training"]))
    browser.script("document.querySelector('nav a[href=\"#run\"]').focus()")
    assert [press(Keys.TAB) for _ in range(3)] == ["head", "label", "back"]
    press(Keys.SPACE)
    assert browser.text("#at") == "phase2, epoch 1 of 3"
    assert [press(Keys.TAB) for _ in range(2)] == ["step", "forth"]
    press(Keys.ENTER)
    assert browser.text("#at") == "phase2, epoch 2 of 3 (kept)"
