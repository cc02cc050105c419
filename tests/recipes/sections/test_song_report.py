"""The report's songs and structure in Chromium, of made-up answers."""

from dataclasses import replace

import numpy as np
import pytest
from selenium.webdriver.common.keys import Keys

from support.reporting.made import EVIL, html_of, write_run
from support.reporting.made import Made as Run
from support.sections.songs import HEAD, make_songs, predictions, write_index, write_prepared
from tailwise.core.files import read_json, write_json
from tailwise.engine.contract.metric import labels_of
from tailwise.evaluation.calibration.comparison import compare_methods
from tailwise.evaluation.calibration.fit import fit_all
from tailwise.evaluation.calibration.options import Calibration
from tailwise.metrics.labels import labels_to_json
from tailwise.metrics.sequence.boundaries import Boundaries
from tailwise.metrics.sequence.segments import Segments
from tailwise.recipes.sections.report.page import SectionsPage, describe_decoding
from tailwise.recipes.sections.tracks.matrices import weight_rows
from tailwise.recipes.sections.tracks.structure import extra

RUN = Run(heads={"section": list(HEAD.classes)}, page=SectionsPage(), phases=["phase1"], positions=True)
DECODED = {
    "kind": "durations",
    "most_probable": {"macro_f1": 0.9, "boundary_f1": 0.6},
    "chosen": {"weight": 0.5, "macro_f1": 0.9, "boundary_f1": 0.7},
}


MAPS = weight_rows(np.array([[0.75, 0.25], [0.5, 0.5], [0.5, 0.5], [0.25, 0.75]]), ["each position", "2 positions"])


def write_charted(root) -> None:
    """Adds figures of boundaries and segments to the run's epochs, and their names."""
    labels = labels_of({"boundaries": Boundaries(HEAD, (0, 1)), "segments": Segments(HEAD)})
    intervals = read_json(root / "reports/intervals.json")
    shown = ["boundaries.f1_0", "boundaries.f1_1", "segments.f1"]
    write_json(root / "reports/intervals.json", intervals | {"labels": labels_to_json(labels), "headline": shown})
    epochs = root / "reports/training/phase1/epochs.csv"
    columns = [name.replace(".", "_") for name in (*shown, "boundaries.precision_0", "boundaries.precision_1")]
    header, *rows = epochs.read_text().splitlines()
    more = [",".join([row, *["0.5"] * len(columns)]) for row in rows]
    epochs.write_text("\n".join([",".join([header, *columns]), *more, ""]))


def write_report(root, made, run=RUN, attention=False, charted=False, maps=False):
    """The report of a run in `root`; its first mistake is at position 3 of the most wrong song."""
    write_run(root, run)
    write_prepared(root, made)
    answers, options = predictions(made), Calibration("temperature")
    calibration = compare_methods(answers, fit_all(answers, options.grid), options)
    write_json(root / "reports/calibration.json", {"section": calibration})
    write_json(root / "reports/decoding.json", {"section": DECODED})
    found = extra(write_index(root, made), {"section": answers})
    for name, file in found.files.items():
        write_json(root / f"reports/{name}.json", file)
    worst = found.files["songs"]["songs"][0]
    mistakes = read_json(root / "reports/mistakes.json")
    of_head = next(iter(mistakes.values()))
    of_head[0] |= {"sample": worst["name"], "position": 3} | ({"attention": worst["matrix"]} if attention else {})
    of_head[0] |= {"scales": MAPS, "pyramid": MAPS} if maps else {}
    write_json(root / "reports/mistakes.json", mistakes)
    if charted:
        write_charted(root)
    path = root / "reports/report.html"
    path.write_text(html_of(root, run), encoding="utf8")
    return path, found.files


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    return write_report(tmp_path_factory.mktemp("songs"), make_songs(30), attention=True)


def ruled(browser):
    """Messages of the console but that no committed run lies beside the page."""
    return [text for text in browser.logs()[0] if "committed.js" not in text]


def names(browser):
    return browser.texts("#song-cards h3")


def test_the_most_wrong_song_is_first_with_its_strips_and_matrix(browser, report):
    path, files = report
    browser.open(path, "songs")
    assert names(browser) == [song["name"] for song in files["songs"]["songs"][:6]]
    song, card = files["songs"]["songs"][0], "#song-cards > li:first-child"
    assert len(browser.all(f"{card} .strips .run")) == len(song["truth"]) + len(song["answer"])
    assert len(browser.all(f"{card} .missed")) == song["found"].count(0) > 0
    assert len(browser.all(f"{card} .found")) == song["found"].count(1)
    assert len(browser.all(f"{card} canvas")) == 1
    middle = "return arguments[0].getContext('2d').getImageData(5, 5, 1, 1).data[0]"
    assert browser.script(middle, browser.one(f"{card} canvas")) == 0
    assert ruled(browser) == [] and browser.script("return document.documentElement.scrollWidth <= innerWidth")


def test_songs_are_sorted(browser, report):
    path, files = report
    songs = files["songs"]["songs"]
    browser.open(path, "songs")
    for order, key in (
        ("longest first", lambda song: -song["length"]),
        ("best first", lambda song: -song["accuracy"]),
        ("lowest boundary F1 first", lambda song: song["boundary_f1"]),
        ("most confident where wrong first", lambda song: -(song["confident"] or -1)),
    ):
        browser.choose("#song-order", order)
        assert names(browser) == [song["name"] for song in sorted(songs, key=key)[:6]]
    browser.choose("#song-order", "by name")
    assert names(browser)[:3] == ["band 0 - song 0", "band 0 - song 1", "band 0 - song 2"]
    browser.click("#more-songs")
    assert len(names(browser)) == 12 and browser.text("#songs-shown") == "12 of 30 shown."


def test_songs_are_filtered_by_class_and_by_missed_transition(browser, report):
    path, files = report
    browser.open(path, "songs")
    browser.choose("#transition", next(text for text in options(browser) if text.startswith("verse → pre-chorus")))
    assert browser.text("#songs-shown") == "6 of 30 shown."
    browser.click("#missed")
    label = [HEAD.classes.index(name) for name in ("verse", "pre-chorus")]
    missing = [song for song in files["songs"]["songs"] if misses(song, label)]
    assert 0 < len(missing) < 30
    assert browser.text("#songs-shown") == f"{min(6, len(missing))} of {len(missing)} shown."
    assert names(browser) == [song["name"] for song in missing[:6]]


def options(browser):
    return [option.get_attribute("textContent") for option in browser.all("#transition option")]


def misses(song, pair):
    changes = zip(song["truth"], song["truth"][1:], song["found"])
    return any([before[0], after[0]] == pair and found == 0 for before, after, found in changes)


def test_the_table_of_transitions_leads_to_its_songs(browser, report):
    path, files = report
    browser.open(path, "structure")
    first = files["structure"]["transitions"][0]
    assert browser.texts(".transitions tbody tr:first-child td")[:5] == [
        first["source"],
        first["target"],
        *(str(first[name]) for name in ("truth", "answers", "found")),
    ]
    assert len(browser.all("#lengths svg")) == len(HEAD.classes)
    browser.all("[data-transition]")[0].click()
    browser.await_part("songs")
    assert browser.one("#transition").get_attribute("value") == " ".join(map(str, first["labels"]))
    assert browser.one("#missed").is_selected() and names(browser)
    assert ruled(browser) == []


def test_keys_move_over_positions_and_boundaries_and_tell_what_is_there(browser, report):
    path, files = report
    browser.open(path, "songs")
    song = files["songs"]["songs"][0]
    svg = browser.all(".strips svg")[0]
    assert svg.get_attribute("tabindex") == "0" and svg.get_attribute("aria-label").startswith(
        f"{song['name']}: truth "
    )
    browser.script("arguments[0].focus()", svg)
    svg.send_keys(Keys.HOME)
    first = [HEAD.classes[song[of][0][0]] for of in ("truth", "answer")]
    told = ["position 1", f"truth: {first[0]}", f"answer: {first[1]}, {song['confidence'][0]} %"]
    assert browser.text("#tip").splitlines() == told
    svg.send_keys(Keys.ARROW_RIGHT)
    assert browser.text("#tip").startswith("position 2\n")
    svg.send_keys(Keys.PAGE_DOWN)
    edges = sorted({start for of in ("truth", "answer") for _, start, _ in song[of]})
    assert browser.text("#tip").startswith(f"position {next(edge for edge in edges if edge > 1) + 1}\n")


def test_the_sections_of_a_song_are_a_table_too(browser, report):
    path, files = report
    browser.open(path, "songs")
    browser.all("#song-cards summary")[0].click()
    song = files["songs"]["songs"][0]
    rows = browser.await_all("#song-cards > li:first-child tbody tr")
    assert len(rows) == len(song["truth"]) + len(song["answer"])


def test_a_mistake_is_shown_in_its_song_with_the_attention(browser, report):
    path, _ = report
    browser.open(path, "mistakes")
    assert len(browser.all("#mistake-cards .strips .place")) == 1
    assert browser.texts("#mistake-cards figcaption") == ["attention"]
    assert ruled(browser) == []


def test_families_of_figures_are_charts_and_the_rest_is_folded(browser, tmp_path):
    path, _ = write_report(tmp_path, make_songs(3), charted=True)
    browser.open(path, "training")
    assert browser.texts("#overall .chart > h4")[5:] == ["Boundary F1", "Segments found, F1"]
    assert browser.texts("#overall .chart:nth-child(6) .legend li") == ["exact", "within 1 position"]
    assert not browser.one("#more-curves").is_displayed()
    browser.all("#training details summary")[0].click()
    browser.settle()
    assert browser.texts("#more-curves h4") == ["Boundary precision"] and ruled(browser) == []


def test_a_mistake_shows_the_weights_of_scales_and_parts(browser, tmp_path):
    path, _ = write_report(tmp_path, make_songs(3), maps=True)
    browser.open(path, "mistakes")
    assert len(browser.all("#mistake-cards .weights")) == 2
    assert len(browser.all("#mistake-cards .weights:nth-of-type(2) rect")) == 2 * 4
    assert browser.texts("#mistake-cards .weights .note")[0] == "weight of each scale: black is 0.75"
    assert ruled(browser) == []


def test_audio_has_times(browser, tmp_path):
    path, _ = write_report(tmp_path, make_songs(3, seconds=0.5))
    browser.open(path, "songs", dark=True)
    assert "0:00" in browser.texts(".strips text") and " s ·" in browser.texts("#song-cards .note")[0]
    browser.go("structure")
    assert browser.texts("#structure tbody tr td")[0] == "0.5 seconds"


def test_one_short_song_without_a_boundary_is_drawn(browser, tmp_path):
    made = make_songs(1, form=(1,))
    path, _ = write_report(tmp_path, replace(made, truth=[made.truth[0][:1]], answer=[made.truth[0][:1]]))
    browser.open(path, "songs", width=390)
    assert len(browser.all(".strips .run")) == 2 and ruled(browser) == []
    assert browser.script("return document.documentElement.scrollWidth <= innerWidth")


def test_names_stay_text(browser, tmp_path):
    made = make_songs(2)
    path, _ = write_report(tmp_path, replace(made, names=[EVIL, f"{EVIL} 2"]))
    browser.open(path, "songs")
    assert sorted(names(browser)) == [EVIL, f"{EVIL} 2"]
    assert browser.script("return window.broken") is None and browser.driver.title == "tailwise: report"


def test_without_scripts_there_are_tables(report):
    path, files = report
    html = path.read_text()
    songs, structure = (html[html.index(f'<section id="{name}"') :] for name in ("songs", "structure"))
    assert f"<td>{files['songs']['songs'][0]['name']}</td>" in songs.split("</section>")[0]
    assert "median length" in structure.split("</section>")[0]
    assert "http://" not in html.replace("http://www.w3.org/", "") and "https://" not in html


def test_how_answers_follow_from_probabilities_is_said():
    assert describe_decoding(DECODED) == (
        "The answers are decoded by durations, weight 0.5; on the calibration songs the mean boundary F1 is 0.700, and "
        "0.600 for the most probable classes."
    )
    plain = {"kind": "most_probable", "most_probable": {}, "chosen": {}}
    assert describe_decoding(plain) == "The answers are the most probable class of each position."


def test_the_page_says_it(browser, report):
    browser.open(report[0], "structure")
    assert "decoded by durations, weight 0.5" in browser.text("#structure")
