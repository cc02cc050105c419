"""The section `explanations` of the report, as text and in Chromium."""

import pytest

from support.reporting.made import EVIL, Made, facts_of, html_of, write_run
from tailwise.core.errors import UserError
from tailwise.core.files import read_json, write_json
from tailwise.reporting.page import Page

MADE = Made(page=Page(sections=("result", "explanations", "map")))


def section_of(html):
    start = html.index('<section id="explanations"')
    return html[start : html.index("</section>", start)]


def test_each_label_has_its_parts_and_nearest_samples(tmp_path):
    part = section_of(html_of(write_run(tmp_path, MADE), MADE))
    assert part.count('<article class="explained"') == 4 and part.count('class="heat saliency"') == 4
    assert "Rests most on view 1, frame 3. Of the 1 nearest training samples 1 is Dive, 0 Hold." in part
    assert "<title>frame 2: -0.250 nats</title>" in part and "0.50 nats" in part
    assert "valid/9, sample 5" in part and "valid/0 · sample 2 · 75 % sure" in part
    assert "<td>Hold: 3</td>" in part


def test_bars_of_a_sample_share_a_scale(tmp_path):
    """From -0.25 to 0.75 nats in a height of 40: 0 lies at 30."""
    part = section_of(html_of(write_run(tmp_path, MADE), MADE))
    bars = part[part.index("<title>frame 1: 0.125") : part.index("</svg>", part.index("<title>frame 1: 0.125"))]
    assert 'class="falls" x="0.12" width="0.76" y="25.0" height="5.0"' in bars
    assert 'class="rises" x="1.12" width="0.76" y="30.0" height="10.0"' in bars
    assert 'class="falls" x="2.12" width="0.76" y="0.0" height="30.0"' in bars


def test_pictures_with_nothing_to_lay_over_them_have_no_choice_of_it(tmp_path):
    root = write_run(tmp_path, MADE)
    file = root / "reports/explanations.json"
    found = read_json(file)
    parts = [part for of in found.values() for sample in of["samples"] for part in sample["parts"]]
    assert any(part["picture"] for part in parts) and 'name="laid"' in section_of(html_of(root, MADE))
    for part in parts:
        part["saliency"] = part["regions"] = ""
    write_json(file, found)
    assert 'name="laid"' not in section_of(html_of(root, MADE))


def test_the_file_is_needed(tmp_path):
    write_run(tmp_path, MADE)
    (tmp_path / "reports/explanations.json").unlink()
    with pytest.raises(UserError, match="reports/explanations.json: No such file"):
        facts_of(tmp_path, MADE)


def test_names_of_samples_and_classes_stay_text(tmp_path):
    made = Made(heads={EVIL: [EVIL, "b"]}, named=EVIL, page=Page(sections=("explanations",)))
    assert EVIL not in html_of(write_run(tmp_path, made), made)


@pytest.fixture(scope="module")
def opened(tmp_path_factory, browser):
    root = write_run(tmp_path_factory.mktemp("explained"), MADE)
    file = root / "reports/report.html"
    file.write_text(html_of(root, MADE), encoding="utf8")

    def show(section="explanations"):
        browser.open(file, section)
        return browser

    return show


def seen(browser, css):
    return [each.is_displayed() for each in browser.all(css)]


def test_one_heat_at_a_time_lies_over_the_picture(opened):
    browser = opened()
    mine = '.of-head[data-head="action"] '
    for chosen, saliency, regions in (("saliency", True, False), ("regions", False, True), ("nothing", False, False)):
        browser.click(f"#laid-{chosen}")
        assert set(seen(browser, mine + "img.saliency")) == {saliency}
        assert set(seen(browser, mine + "img.regions")) == {regions}
    browser.click("#laid-saliency")
    heat, picture = (browser.all(mine + css)[0].rect for css in ("img.saliency", ".layers img:not(.heat)"))
    assert heat == picture and picture["width"] == 3 * 34 - 2


def test_a_class_shows_its_labels_and_those_taken_for_it(opened):
    browser = opened()
    mine = '.of-head[data-head="action"] .explained'
    browser.choose("#label", "Hold")
    assert seen(browser, mine) == [True, False]
    browser.choose("#label", "Push")
    assert seen(browser, mine) == [False, False]
    browser.choose("#label", "all classes")
    assert seen(browser, mine) == [True, True]


def test_the_map_is_coloured_by_class_by_mistake_or_by_a_facet(opened):
    browser = opened("map")
    names = {"class": ["Dive", "Push", "Hold"], "mistakes": ["right", "mistake"], "views": ["2", "10"]}
    for colour, legend in names.items():
        browser.choose("#map-colour", colour)
        assert browser.texts("#embeddings .legend li") == legend
        looks = [set(point.get_attribute("class").split()) - {"point"} for point in browser.all("#embeddings .point")]
        assert looks == [{"s0"}, {"s0", "wrong", "r1"} if colour == "class" else {"s1"}]
