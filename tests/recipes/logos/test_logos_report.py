"""The report's contact sheet and mistakes of images in Chromium, of made-up answers."""

import numpy as np
import pytest

from support.logos.pictures import HEAD, write_split
from support.reporting.made import Made, html_of, write_run
from tailwise.core.files import read_csv, read_json, write_json
from tailwise.evaluation.calibration.comparison import compare_methods
from tailwise.evaluation.calibration.fit import fit_all
from tailwise.evaluation.calibration.options import Calibration
from tailwise.metrics.predictions import Predictions
from tailwise.recipes.logos.report.page import LogosPage
from tailwise.recipes.logos.report.pictures import show

RUN = Made(heads={"kind": list(HEAD.classes)}, page=LogosPage(), phases=["phase1"])
UNCERTAIN = {"entropy": 0.9, "expected_entropy": 0.6, "mutual_information": 0.3}
ATTENTION = [[0.0, 0.5], [0.25, 0.25]]


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    root = tmp_path_factory.mktemp("logos")
    write_run(root, RUN)
    split, names = write_split(root / "data/prepared/train", 8), [f"{i}" for i in range(8)]
    shown = show(split, (HEAD,), [row["sample"] for row in read_csv(split / "manifest.csv")][:3])
    sheet = {name: shown if i == 0 else [] for i, name in enumerate(HEAD.classes)}
    write_json(root / "reports/contact.json", {"kind": sheet})
    answers, options = answered(names), Calibration("temperature")
    write_json(root / "reports/calibration.json", {"kind": compare_methods(answers, fit_all(answers, None), options)})
    mistakes = read_json(root / "reports/mistakes.json")
    for mistake in mistakes["kind"]:
        mistake |= {"picture": shown[0]["picture"], "attention": ATTENTION, "uncertainty": UNCERTAIN}
    write_json(root / "reports/mistakes.json", mistakes)
    path = root / "reports/report.html"
    path.write_text(html_of(root, RUN), encoding="utf8")
    return path


def answered(names) -> Predictions:
    classes = len(HEAD.classes)
    targets = np.arange(len(names)) % classes
    probabilities = np.full((len(names), classes), 0.1) + np.eye(classes)[targets] * (1 - 0.1 * classes)
    return Predictions(HEAD, names, names, targets, probabilities.argmax(axis=1), probabilities)


def test_the_contact_sheet_has_a_row_of_images_for_each_class(browser, report):
    browser.open(report, "data")
    assert len(browser.all(".sheet")) == len(HEAD.classes)
    assert len(browser.all(".sheet:first-of-type .picture")) == 3
    assert "no training image" in browser.texts(".sheet")[-1]
    wide = "return document.querySelector('.picture').naturalWidth > 0"
    assert browser.script(wide) and browser.script("return document.documentElement.scrollWidth <= innerWidth")


def test_a_mistake_shows_its_image_the_attention_and_the_uncertainty(browser, report):
    browser.open(report, "mistakes")
    card = "#mistake-cards > li:first-child"
    assert len(browser.all(f"{card} .looked img")) == 1 and len(browser.all(f"{card} .looked canvas")) == 1
    assert "entropy 0.90, of which 0.30" in browser.texts(card)[0]
    dark = "return [...arguments[0].getContext('2d').getImageData(5, 5, 1, 1).data].slice(0, 3)"
    light = "return [...arguments[0].getContext('2d').getImageData(100, 5, 1, 1).data].slice(0, 3)"
    canvas = browser.one(f"{card} .looked canvas")
    assert sum(browser.script(dark, canvas)) < sum(browser.script(light, canvas))
