"""The page without its script: it shows the metrics of a run, and names cannot inject anything."""

import base64
import hashlib
import json
import math
import re
import shutil
from dataclasses import replace

import pytest

from support.reporting.made import EPOCHS, KEPT, PHASES, RUNS, Made, facts_of, html_of, write_run
from tailwise.core.errors import UserError
from tailwise.core.files import read_json, write_json
from tailwise.reporting.history import OVERALL, finite
from tailwise.reporting.page import Page
from tailwise.reporting.payload import embedded
from tailwise.reporting.render import figure, interval, measured, render

EVIL = "</script><img src=x onerror=alert(1)>"
EVIL_RUN = Made(heads={EVIL: [EVIL, "'\"><b>", "{{ 7 * 7 }}"]}, named=EVIL)


@pytest.fixture
def facts(tmp_path):
    return facts_of(write_run(tmp_path))


def show(facts):
    return render(facts, Made().page)


def cells(html):
    """Texts of the rows of all tables."""
    rows = re.findall(r"<tr[^>]*>(.*?)</tr>", html, re.DOTALL)
    found = [re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row) for row in rows]
    return [[re.sub(r"<[^>]*>", "", cell).strip() for cell in row] for row in found]


def test_the_result_has_intervals_and_targets_and_nothing_of_the_test_split(facts):
    html = show(facts)
    rows = cells(html)
    assert ["action", "macro recall", "0.457 (0.400 to 0.512)", "0.600"] in rows
    assert ["", "lowest recall", "0.125", ""] in rows and ["", "balanced accuracy", "57.25 %", ""] in rows
    assert ["", "macro F1, rare classes", "0.457 (0.400 to 0.512)", ""] in rows
    assert html.count("40.50") == 1 and html.index("40.50") > html.index("Test split certificate")


def test_the_classes_have_counts_boosts_and_figures(facts):
    push = ["Push", "9", "", "9", "1.00", "2.00", *["0.25 (0.12 to 0.50)"] * 3]
    assert push in cells(show(facts))
    assert ["Dive", "Hold", "3", "60 %", ""] in cells(show(facts))


def test_the_certificate_has_every_target_the_limits_the_hashes_and_the_seed(facts):
    html = show(facts)
    start = html.index('<section id="certificate"')
    rows, part = cells(html), html[start : html.index("</section>", start)]
    assert ["action", "macro recall", "0.457 (0.400 to 0.512)", "0.600", "fail"] in rows
    assert ["action", "recall of Dive", "–", "0.400", "undecided"] in rows
    for text in ("fail: 1", "undecided: 2", "Made of made-up numbers.", "weights-0123456789abcdef"):
        assert text in part
    assert ["seed", "1"] in rows and ["intervals: draws", "1000"] in rows


def test_it_shows_data_faults_alerts_and_parameters(facts):
    html = show(facts)
    assert "256x144: 150, 64x64: 49" in html and "2.4 to 2.6, median 2.5" in html and "valid/clip_1.mp4: absent" in html
    assert ["phase2", "3", "collapse", "action", "Dive", "recall of Dive is 0"] in cells(html)
    assert ["train", "98", "200", "1", "2", "3", "1", "0", "0"] in cells(html) and "data: {root: valid}" in html
    assert 'alt="Push: valid/7"' in html


def test_the_columns_of_the_data_follow_the_reader(facts):
    assert "<th>dropped: severity</th><th>faulty clips</th>" in show(facts)
    index = {"train": {"samples": 98, "views": 200, "dropped": {}}}
    assert ["train", "98", "200", "1", "0", "0"] in cells(show(replace(facts, index=index)))


def test_the_easiest_and_the_hardest_samples_are_shown_where_a_curriculum_measured_them(facts):
    shown = {"sample": "train/<7>", "actual": ["Dive"], "confidence": 0.03125, "strip": "data:image/png;base64,AA=="}
    html = show(replace(facts, difficulty={"action": {"easiest": [], "hardest": [shown]}}))
    assert ["train/&lt;7&gt;", "Dive", "0.031", ""] in cells(html)
    assert '<img src="data:image/png;base64,AA==" alt="film strip of train/&lt;7&gt;"' in html
    assert show(replace(facts, difficulty={})) == show(facts) and "Easiest and hardest" not in show(facts)


def test_a_pipeline_without_previews_shows_them_as_a_table(facts):
    shown = {"sample": "song 1", "actual": ["rises", "falls"], "confidence": 0.5}
    with_difficulty = replace(facts, difficulty={"tag": {"easiest": [shown], "hardest": []}})
    html = render(replace(with_difficulty, own={}), Page(sections=("data",)))
    assert ["song 1", "rises, falls", "0.500"] in cells(html)


def test_leaks_and_duplicates_are_reported_and_escaped(facts):
    index = {"train": {**facts.index["train"], "leaks": [f"g is in train and {EVIL}"]}}
    quality = {"train": {**facts.own["quality"]["train"], "duplicates": [["a", EVIL]]}}
    html = show(replace(facts, index=index, own={**facts.own, "quality": quality}))
    assert "in two splits</strong>: g is in train" in html and "<li>a, &lt;/script" in html
    assert EVIL not in html


def test_other_warnings_of_the_index_are_reported_the_first_twenty(facts):
    warnings = [f"the same clip is {i}.mp4 and {EVIL}" for i in range(30)]
    html = show(replace(facts, index={"train": {**facts.index["train"], "warnings": warnings}}))
    assert "<li>the same clip is 19.mp4 and &lt;/script" in html and "20.mp4 and" not in html and EVIL not in html
    assert "<li>and 10 more in train, see reports/index.json</li>" in html


def test_a_run_without_alerts_says_so(facts):
    assert "No alerts." in show(replace(facts, history=replace(facts.history, alerts=[])))


def test_the_same_facts_give_the_same_bytes(facts, tmp_path):
    assert show(facts) == html_of(tmp_path)


def test_names_from_the_data_stay_text(tmp_path):
    html = html_of(write_run(tmp_path, EVIL_RUN))
    assert EVIL not in html and "<b>" not in html and "{{ 7 * 7 }}" in html
    assert html.count("</script>") == html.count("<script") == 2
    block = re.search(r'<script type="application/json" id="facts">(.*?)</script>', html, re.DOTALL)[1]
    assert json.loads(block)["heads"][0]["classes"] == EVIL_RUN.heads[EVIL]
    assert not re.search("[<>&\u2028\u2029]", block)


def test_embedded_data_are_read_back():
    value = {"a": [EVIL, "\u2028\u2029&amp;", 0.123456789, None]}
    text = str(embedded(value))
    assert json.loads(text) == {"a": [EVIL, "\u2028\u2029&amp;", 0.123457, None]} and not set("<>&\u2028") & set(text)
    with pytest.raises(ValueError):
        embedded(float("nan"))


def test_it_names_no_address_and_allows_none(facts):
    html = show(facts)
    assert html.replace("http://www.w3.org/2000/svg", "").count("http") == html.count("http-equiv")
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', html)[1].replace("&#39;", "'")
    script, style = (re.search(rf"<{tag}>(.*?)</{tag}>", html, re.DOTALL)[1] for tag in ("script", "style"))
    hashes = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in (style, script)]
    allowed = f"style-src 'sha256-{hashes[0]}'; script-src 'sha256-{hashes[1]}' file:; img-src data:"
    assert policy == f"default-src 'none'; {allowed}; base-uri 'none'; form-action 'none'"


def test_the_steps_are_the_epochs_of_all_phases_in_order(facts):
    steps = [(step.phase, step.epoch, step.kept) for step in facts.history.steps]
    assert steps == [(phase, epoch, epoch == KEPT) for phase in PHASES for epoch in range(1, EPOCHS + 1)]
    assert facts.history.figures["train_loss"] == [3, 1.5, 1, 3, 1.5, 1]
    assert facts.history.heads["card"].figures["macro_recall"] == [0.6, 0.7, 0.8] * 2


def test_each_step_has_the_confusion_of_its_epoch(facts):
    history = facts.history.heads["action"]
    assert len(history.confusion) == len(facts.history.steps) and history.confusion[0] != history.confusion[1]
    for flat, recalls in zip(history.confusion, history.by_class["recall"]):
        table = dict(zip(zip(flat[::3], flat[1::3]), flat[2::3]))
        assert sum(table.values()) == 5 + 9 + 13
        found = [table.get((i, i), 0) / support for i, support in enumerate((5, 9, 13))]
        assert recalls == pytest.approx(found, abs=1e-6)


def test_absent_classes_have_no_figure(tmp_path):
    facts = facts_of(write_run(tmp_path, Made(absent=("Push",))))
    assert [step[1] for step in facts.history.heads["action"].by_class["recall"]] == [None] * 6
    assert ["Push", "9", "", "0", "1.00", "2.00", "–", "–", "–"] in cells(show(facts))


def test_an_absent_file_is_named(tmp_path):
    write_run(tmp_path)
    (tmp_path / "reports/mistakes.json").unlink()
    with pytest.raises(UserError, match="mistakes.json: No such file"):
        facts_of(tmp_path)
    write_json(tmp_path / "reports/mistakes.json", {})
    shutil.rmtree(tmp_path / "reports/training/phase2")
    with pytest.raises(UserError, match="phase2/epochs.csv: No such file"):
        facts_of(tmp_path)


def test_a_head_without_mistakes_or_rare_classes_is_shown(tmp_path):
    intervals = read_json(write_run(tmp_path, Made(mistakes=0)) / "reports/intervals.json")
    unknown = {"value": None, "low": None, "high": None}
    intervals["heads"]["action"]["rare"] = {"classes": [], "macro_recall": unknown, "macro_f1": unknown}
    write_json(tmp_path / "reports/intervals.json", intervals)
    html = html_of(tmp_path)
    assert "Rare classes of card: A (5 samples)." in html and "Rare classes of action" not in html


def test_an_undefined_figure_is_a_dash():
    assert figure(None) == "–" and figure(0.12345) == "0.123" and figure(0.5, 2) == "0.50"
    assert interval({"value": 0.5, "low": None, "high": None}) == "0.500"
    assert interval({"value": None, "low": 0.1, "high": 0.2}) == "–"
    assert finite([math.nan, math.inf, 0.5]) == [None, None, 0.5]


def test_the_evaluator_of_soccernet_stands_beside_the_balanced_accuracy_of_its_own_data_alone(tmp_path, facts):
    html = html_of(write_run(tmp_path / "official", RUNS["official"]))
    assert cells(html).count(["SoccerNet's evaluator", "not available", "51.17 %", "54.30 %"]) == 2
    assert ["balanced accuracy", "45.67 %", "45.67 %", "57.25 %"] in cells(html)
    assert html.count("<li>12 of 256 fouls</li>") == 2 and "differ:" in html
    assert not re.search("official|SoccerNet.s evaluator<", show(facts).partition("<script type")[0])


def test_of_a_few_samples_their_number_stands_and_no_interval(facts):
    interval = {"value": 1.0, "low": 1.0, "high": 1.0}
    assert measured(interval, 2, 20) == "1.000 (2 samples)" and measured(interval, 1, 20, digits=2) == "1.00 (1 sample)"
    assert measured(interval, 20, 20) == "1.000 (1.000 to 1.000)"
    assert measured({"value": None, "low": None, "high": None}, 0, 20) == "–"
    html = show(facts)
    dive = ["Dive", "5", "", "5", "1.00", "2.00", "0.00 (5 samples)", "0.00 (0.00 to 0.25)", "0.00 (5 samples)"]
    assert dive in cells(html) and "With fewer than 6 samples" in html
    assert ["action", "recall of Push", "1.000 (2 samples)", "0.400", "undecided"] in cells(html)
    assert "<li>action: 1 sample of Dive.</li>" in html


def test_each_number_of_the_data_counts_one_thing(facts):
    of_train = {
        **facts.own["quality"]["train"],
        "faulty": {f"{i}.mp4": "absent" for i in range(6)},
        "dropped": ["a", "b", "c"],
        "duplicates": [["x", "y"]] * 11,
    }
    html = show(replace(facts, own={**facts.own, "quality": {**facts.own["quality"], "train": of_train}}))
    assert ["train", "98", "200", "1", "2", "3", "6", "3", "11"] in cells(html)
    titles = [title.rpartition(": ")[::2] for title in re.findall(r"<summary>(.* train\b.*)</summary>", html)]
    assert titles == [
        ("Faulty clips of train", "6"),
        ("Samples of train that are left out, without a usable view", "3"),
        ("The same content in several clips of train", "11"),
    ]


def test_a_page_without_parts_of_its_own_has_the_words_of_its_data(tmp_path):
    """The tagger: labels of notes, one phase, no clip, no view, no score of another pipeline."""
    html = html_of(write_run(tmp_path, RUNS["tagger"]), RUNS["tagger"])
    head, push = ["class", "training notes", "", "validation notes", "boost phase1"], ["stays", "9", "", "9", "1.00"]
    assert [row[:5] for row in cells(html) if row[0] in ("class", "stays")][:2] == [head, push]
    assert ["train", "98", "700"] in cells(html) and "Validation notes that the model misclassified" in html
    shown = html.partition("<style>")[0] + html.partition("</style>")[2].partition("<script type")[0]
    assert re.findall("(?i)view(?!port|box)|clip|film|strip|soccernet|foul|camera", shown) == []


def test_sections_that_are_not_shown_need_no_file(tmp_path):
    """A contrastive phase: no head, no class counts, no boost."""
    html = html_of(write_run(tmp_path, RUNS["contrastive"]), RUNS["contrastive"])
    assert re.findall('<section id="([a-z]+)"', html) == ["training", "run"]
    assert sorted(path.name for path in (tmp_path / "reports").iterdir()) == ["classes.json", "config.yaml", "training"]
    facts = facts_of(tmp_path, RUNS["contrastive"])
    assert facts.history.heads == {} and facts.history.figures["score"] == [0.6, 0.7, 0.8]
    assert "certificate" not in html.partition("<script type")[0].partition("</style>")[2]


def test_a_phase_without_heads_has_no_figure_of_them(tmp_path):
    facts = facts_of(write_run(tmp_path, RUNS["pretrained"]), RUNS["pretrained"])
    assert list(facts.history.heads) == ["action", "card"] and list(facts.history.figures) == [*OVERALL]
    assert facts.history.heads["action"].figures["macro_recall"] == [None] * 3 + [0.1, 0.2, 0.3]
    assert facts.history.heads["card"].confusion[0] == [] != facts.history.heads["card"].confusion[3]


def test_a_class_is_without_a_boost_in_a_pipeline_without(tmp_path):
    html = html_of(write_run(tmp_path, RUNS["classifier"]), RUNS["classifier"])
    assert "boost train" not in html and ["class 001 with a name of some length", "9", "", "9"] in [
        row[:4] for row in cells(html)
    ]


def test_a_section_that_does_not_exist_is_refused_with_the_known_ones():
    with pytest.raises(ValueError, match="the report has no section 'results'; there are: result, training, mistakes"):
        Page(sections=("results",))


def test_a_pipeline_adds_sections_of_its_own(tmp_path):
    """A template, a style, a script, facts, and a place in the navigation."""
    (tmp_path / "web").mkdir()
    (tmp_path / "web/probe.html").write_text(
        '<section id="probe"><p>{{ own.text }}: {{ page.item_name }}</p></section>'
    )
    (tmp_path / "web/probe.js").write_text("own.explain = () => [facts.own.length];\n")
    (tmp_path / "web/probe.css").write_text(".probe { margin: 0 }\n")

    class Probed(Page):
        def collect(self, root):
            return {"text": f"{EVIL} of {len(list(root.iterdir()))} files"}

        def payload(self, own):
            return {"length": len(own["text"])}

    page = Probed(
        sections=("probe", "run"),
        folder=tmp_path / "web",
        titles={"probe": "Probe"},
        scripts=("probe",),
        styles=("probe",),
    )
    made = replace(RUNS["contrastive"], page=page)
    html = html_of(write_run(tmp_path / "run", made), made)
    assert re.findall('<li><a href="#(.*)">(.*)</a>', html) == [("probe", "Probe"), ("run", "Run")]
    assert "onerror=alert(1)&gt; of 1 files: sample</p>" in html and EVIL not in html
    assert "own.explain = () => [facts.own.length];" in html and ".probe { margin: 0 }" in html


def test_gradients_of_blocks_are_columns_over_the_epochs_and_may_be_absent(tmp_path):
    write_run(tmp_path)
    (tmp_path / "reports/training/phase1/gradients.csv").write_text("epoch,block,norm\n2,backbone,1.5e-07\n2,odd,0\n")
    found = facts_of(tmp_path).history.block_norms
    later = [1e-4, 2e-4, 3e-4]
    assert found == {"backbone": [None, 1.5e-7, None, *later], "odd": [None, 0.0, *[None] * 4],
                     "heads": [None, None, None, 1.0, 2.0, 3.0]}  # fmt: skip
    for phase in PHASES:
        (tmp_path / f"reports/training/{phase}/gradients.csv").unlink()
    assert facts_of(tmp_path).history.block_norms == {}
