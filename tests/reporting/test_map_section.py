"""The section `map` of the report, as text and in Chromium."""

import numpy as np
import pytest
from selenium.webdriver.common.keys import Keys

from support.reporting.made import EVIL, Made, facts_of, html_of, write_run
from tailwise.core.errors import UserError
from tailwise.core.files import write_json
from tailwise.core.heads import Head
from tailwise.evaluation.embedding.options import EmbeddingMap
from tailwise.evaluation.embedding.places import embedding_map
from tailwise.metrics.predictions import Predictions
from tailwise.reporting.page import Page

MADE = Made(page=Page(sections=("result", "map")))
GREY = "data:image/gif;base64,R0lGODlhAQABAIAAAAUEBAAAACwAAAAAAQABAAACAkQBADs="
PLACES = {"x": [50.0, 90.0, 55.0, 10.0, 52.0, 50.0], "y": [50.0, 52.0, 90.0, 50.0, 10.0, 56.0]}
"""In the middle, right, above, left, below, and just above the middle."""


def head_map(names, named="s", positions=None):
    """Six labels, of which the last two are mistakes."""
    targets, predicted = np.array([0, 1, 0, 1, 0, 1]), np.array([0, 1, 0, 1, 1, 0])
    likely = np.full((6, len(names)), 0.1)
    likely[np.arange(6), predicted] = 0.75
    labels = [f"{named}{i}" for i in range(6)]
    found = Predictions(Head("h", tuple(names)), labels, labels, targets, predicted, likely, positions)
    return {**embedding_map(found, np.eye(6), EmbeddingMap()), **PLACES, "pictures": [GREY] * 6}


def write_mapped(root, made=MADE, named="s"):
    write_run(root, made)
    maps = {head: head_map(names, named) for head, names in made.heads.items()}
    write_json(root / "reports/map.json", maps)
    return maps


def test_the_table_has_each_class_and_the_file_is_needed(tmp_path):
    write_run(tmp_path, MADE)
    (tmp_path / "reports/map.json").unlink()
    with pytest.raises(UserError, match="reports/map.json: No such file"):
        facts_of(tmp_path, MADE)
    write_mapped(tmp_path)
    html = html_of(tmp_path, MADE)
    part = html[html.index('<section id="map"') : html.index("</section>", html.index('<section id="map"'))]
    assert part.count("<tr data-label=") == 3 + 2 and "trustworthiness" not in part
    assert "<td>Hold</td><td>–</td>" in part


def test_names_stay_text(tmp_path):
    made = Made(heads={EVIL: [EVIL, "b"], "__proto__": ["a", "b"]}, page=Page(sections=("map",)))
    write_mapped(tmp_path, made, EVIL)
    assert EVIL not in html_of(tmp_path, made)


@pytest.fixture(scope="module")
def opened(tmp_path_factory, browser):
    root = tmp_path_factory.mktemp("mapped")
    write_mapped(root)
    file = root / "reports/report.html"
    file.write_text(html_of(root, MADE), encoding="utf8")

    def show():
        browser.open(file, "map")
        return browser

    return show


def looks(browser):
    return [set(point.get_attribute("class").split()) - {"point"} for point in browser.all("#embeddings .point")]


def test_mistakes_have_a_ring_and_lie_above_the_others(opened):
    browser = opened()
    right = [{"s0"}, {"s1"}, {"s0"}, {"s1"}]
    assert looks(browser) == [*right, {"s0", "wrong", "r1"}, {"s1", "wrong", "r0"}]
    assert browser.texts("#embeddings .legend li") == ["Dive", "Push", "Hold"]
    assert browser.text("#map-shown") == "6 samples, 2 mistakes."
    assert browser.hover(browser.all("#embeddings .point")[4]) == ["s4", "Dive", "taken for Push, 75 % sure"]
    assert browser.one("#tip img").get_attribute("src") == GREY
    assert browser.hover(browser.all("#embeddings .point")[0])[2] == "right, 75 % sure"


def test_a_class_or_the_mistakes_alone_stand_out(opened):
    browser = opened()
    browser.choose("#label", "Hold")
    assert all("faint" in look for look in looks(browser)) and browser.text("#map-shown") == "0 samples, 0 mistakes."
    browser.choose("#label", "all classes")
    browser.click("#map-mistakes")
    assert ["faint" in look for look in looks(browser)] == [True] * 4 + [False] * 2
    assert browser.text("#map-shown") == "2 samples, 2 mistakes."
    browser.choose("#head", "card")
    assert browser.texts("#embeddings .legend li") == ["A", "B"]


def test_keys_move_over_the_points_and_the_mistakes(opened):
    browser = opened()
    svg = browser.one("#embeddings svg")
    assert svg.get_attribute("tabindex") == "0" and "arrow keys" in svg.get_attribute("aria-label")

    def press(key):
        svg.send_keys(key)
        return browser.text("#map-chosen span:last-child")

    assert browser.one("#map-chosen").get_attribute("aria-live") == "polite"
    assert [press(key) for key in (Keys.HOME, Keys.ARROW_RIGHT, Keys.ARROW_LEFT)] == ["s0", "s1", "s0"]
    assert press(Keys.ARROW_LEFT) == "s3"
    assert press(Keys.ARROW_LEFT) == "s3" and press(Keys.PAGE_DOWN) == "s4" and press(Keys.PAGE_DOWN) == "s5"
    assert press(Keys.ARROW_UP) == "s2" and press(Keys.PAGE_UP) == "s5"
    assert browser.text("#map-chosen strong") == "Push" and browser.one("#map-chosen img").get_attribute("src") == GREY
    cursor = browser.one("#embeddings .cursor")
    assert cursor.get_attribute("visibility") is None or cursor.get_attribute("visibility") == ""
    browser.choose("#head", "card")
    assert browser.text("#map-chosen") == ""
