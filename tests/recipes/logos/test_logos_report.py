"""The report's contact sheet and mistakes of images in Chromium, of made-up answers."""

import json

import numpy as np
import pytest

from support.logos.pictures import HEAD, write_split
from support.reporting import chrome
from support.reporting.made import Made, html_of, write_run
from tailwise.core.files import read_csv, read_json, write_csv, write_json, write_text
from tailwise.core.params.config import read_params
from tailwise.evaluation.calibration.comparison import compare_methods
from tailwise.evaluation.calibration.fit import fit_all
from tailwise.evaluation.calibration.options import Calibration
from tailwise.evaluation.embedding.options import EmbeddingMap
from tailwise.evaluation.embedding.places import embedding_map
from tailwise.metrics.predictions import Predictions
from tailwise.recipes.logos.report.page import LogosPage
from tailwise.recipes.logos.report.pictures import show, thumbnails
from tailwise.recipes.logos.report.pretraining import pretraining

RUN = Made(heads={"kind": list(HEAD.classes)}, page=LogosPage(), phases=["phase1"])
UNCERTAIN = {"entropy": 0.9, "expected_entropy": 0.6, "mutual_information": 0.3}
ROUTING = {
    **{"rules": 0.75, "model": 0.8, "hybrid": 0.9, "coverage": 0.5, "threshold": 0.7},
    "classes": {HEAD.classes[0]: {"rules": 1.0, "model": 0.5, "hybrid": 0.25}},
    "curve": {"coverage": [0.0, 0.5, 1.0], "accuracy": [0.8, 0.9, 0.75], "threshold": [2.0, 0.7, 0.4]},
}
TIMES = {"images": 60, **{way: {"mean": 12.5, "longest": 40.0} for way in ("rules", "model", "hybrid")}}
ATTENTION = [[0.0, 0.5], [0.25, 0.25]]


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    page = chrome.start(tmp_path_factory.mktemp("profile"))
    yield page
    page.driver.quit()


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
    write_json(root / "reports/routing.json", ROUTING)
    write_json(
        root / "reports/map.json", {"kind": embedding_map(answers, np.eye(8), EmbeddingMap()) | {"pictures": []}}
    )
    header = ["epoch", "kind_accuracy", "kind_macro_recall", "kind_min_recall", "pairs_loss", "pairs_found"]
    epochs = [[1, 0.25, 0.25, 0.0, 2.0, 0.4, 2.5, None], [2, 0.5, 0.45, 0.25, 1.5, 0.6, 1.25, 1.75]]
    write_csv(root / "reports/training/pretrain/epochs.csv", [*header, "pairs_colour", "pairs_shape"], epochs)
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


def test_routing_compares_rules_model_and_hybrid(browser, report):
    times = report.parents[1] / ".logs/answers.js"
    browser.open(report, "routing")
    assert browser.texts("#routing td:not(.time)")[:6] == [
        "rules alone",
        "0.750",
        "model alone",
        "0.800",
        "hybrid",
        "0.900",
    ]
    assert "answer 50 % of validation: those with a confidence of 0.700 or more" in browser.texts("#routing .note")[0]
    assert "not beside this page" in browser.text("#answer-times")
    assert browser.hover(browser.one("#routed svg"))[1] == "the rules answer 50.0 %"
    write_text(times, f"window.answerTimes = {json.dumps(TIMES)};\n")
    browser.open(report, "routing")
    browser.await_all("td.time:not(:empty)")
    assert browser.texts("td.time") == ["12.5 ms, longest 40 ms"] * 3 and "60 validation images" in browser.text(
        "#answer-times"
    )


def test_pretraining_shows_the_probe_and_the_losses(browser, report):
    browser.open(report, "pretraining")
    assert browser.texts("#probed .legend li") == ["accuracy", "macro recall", "lowest recall"]
    assert browser.texts("#contrasted .legend li") == ["colour", "shape"]
    rows = [row.text for row in browser.all("#pretraining tbody tr")]
    assert "kind, accuracy of the probe 0.250 0.500 0.500" in rows and "loss of colour 2.500 1.250 1.250" in rows
    assert (
        "loss of shape – 1.750 1.750" in rows and "start.pretrained is null" in browser.texts("#pretraining .note")[0]
    )
    config = read_params(report.parent / "config.yaml")
    write_text(report.parent / "config.yaml", f"data: {config['data']}\nstart: {{pretrained: a.safetensors}}\n")
    assert pretraining(report.parents[1])["kept"]


def test_thumbnails_are_small_and_in_the_order_asked(tmp_path):
    split = write_split(tmp_path / "valid", 4)
    names = [row["sample"] for row in read_csv(split / "manifest.csv")]
    one, two, again = thumbnails(split, (HEAD,), [names[2], names[0], names[2]])
    assert one == again != two and one.startswith("data:image/webp;base64,") and len(one) < 1024
