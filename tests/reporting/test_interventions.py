"""Interventions: read, summarised at the top, and shown on the curves; in a browser, by pointer and keys."""

import re
from dataclasses import replace
from typing import get_args

import torch
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from support.helpers import HEADS, Linear, make_phase, make_run, make_table, make_task
from support.reporting.made import EVIL, PHASES, RUNS, TROUBLE, Made, write_run
from support.reporting.made import html_of as html_in
from tailwise.engine.contract.run import Stability
from tailwise.engine.train.loop import train_phase
from tailwise.engine.train.outputs import write_outputs
from tailwise.metrics.interventions import Fault, describe_action, describe_fault
from tailwise.reporting.interventions import notices, read_computed, read_interventions


def html_of(root, made):
    return html_in(write_run(root, made), made)


def part(html, name):
    """A section of the page as text: a row, entry or paragraph a line."""
    start = html.index(f'<section id="{name}"')
    inside = re.sub(r"</(td|th)>", " | ", html[start : html.index("</section>", start)])
    return re.sub(r" *\n[ \n]*", "\n", re.sub(r"<[^>]*>", "", inside.replace("</li>", "\n")))


def test_the_made_up_run_has_a_fault_of_every_kind():
    assert {row.fault for rows in TROUBLE.values() for row in rows} == set(get_args(Fault))


def test_every_intervention_is_listed_and_what_changes_the_model_is_reported_first(tmp_path):
    training, run = (part(html_of(tmp_path, Made(done=TROUBLE)), name) for name in ("training", "run"))
    for phase, rows in TROUBLE.items():
        for row in rows:
            cells = [phase, row.epoch, row.step, row.fault, describe_action(row), describe_fault(row)]
            assert " | ".join(map(str, cells)).strip() in training
    for reported in (
        "phase2: memory ran short: micro-batch 4, first at epoch 1, step 1",
        "phase2: a simpler model took over at epoch 2, step 7 (exploding gradient)",
        "phase2: stopped after epoch 3: confidence.above_95 0.734, limit 0.6",
    ):
        assert training.index(reported) < training.index("Overall")
        assert run.index(reported) > run.index("Parameters")
    assert "phase1 | cpu | 1 | 16" in run and "phase2 | cpu | 1 | 4" in run


def test_a_run_without_trouble_says_that_nothing_had_to_be_done(tmp_path):
    html = html_of(tmp_path, Made())
    assert "No interventions." in part(html, "training") and 'class="loud"' not in html


def test_a_run_of_a_version_that_kept_no_record_is_no_run_without_trouble(tmp_path):
    html = html_of(tmp_path, Made(done=None))
    assert "No record of phase1, phase2" in part(html, "training") and "No interventions." not in html
    assert 'id="computed"' not in html


def test_a_phase_after_a_simpler_model_took_over_begins_with_it(tmp_path):
    write_run(tmp_path, Made(done={"phase1": TROUBLE["phase2"]}))
    folder = tmp_path / "reports/training"
    found = notices(PHASES, read_interventions(folder, PHASES), read_computed(folder, PHASES))
    assert found[-1] == ("phase2", "begun with the simpler model that took over in phase1")


def test_a_simpler_model_that_was_never_better_is_reported_and_not_handed_over(tmp_path):
    write_run(tmp_path, Made(done={"phase1": TROUBLE["phase2"]}))
    folder = tmp_path / "reports/training"
    computed = {"phase1": {"micro_batch": 4, "fallback": 0}}
    found = notices(PHASES, read_interventions(folder, PHASES), computed)
    assert found[-2][1].endswith("; the best weights are those of the model before")
    assert found[-1][1].startswith("stopped after epoch 3")


class Deep(Linear):
    """More than the simpler one, and short of memory for more than 4 samples at once."""

    def __init__(self):
        super().__init__(5, HEADS)
        self.first = torch.nn.Linear(5, 5)

    def forward(self, x):
        if torch.is_grad_enabled() and len(x) > 4:
            raise torch.OutOfMemoryError
        return super().forward(self.first(x))


def test_interventions_written_by_training_are_shown(tmp_path, monkeypatch):
    """A model short of memory, whose loss is not finite until the simpler one takes over."""
    monkeypatch.chdir(tmp_path)
    task = make_task(Deep())
    broken = replace(
        task,
        loss=lambda *arguments: {name: value * torch.nan for name, value in task.loss(*arguments).items()},
        fallback=lambda: make_task(train=make_table()),
    )
    run = make_run(batch_size=8, stability=Stability(max_rollbacks=0))
    trained = train_phase(broken, make_phase(), range(24), {}, run)
    boosts = {head.name: dict.fromkeys(head.classes, 1.0) for head in HEADS}
    write_outputs("phase1", broken.metrics, boosts, trained, {"asked": True}, run)
    folder = tmp_path / "reports/training"
    assert notices(["phase1"], read_interventions(folder, ["phase1"]), read_computed(folder, ["phase1"])) == [
        ("phase1", "memory ran short: micro-batch 4, first at epoch 1, step 1"),
        ("phase1", "a simpler model took over at epoch 1, step 3 (not finite again)"),
    ]


def marks(browser, chart):
    return browser.all(f"{chart} .done path")


def test_the_epochs_with_interventions_are_marked_on_every_curve(report):
    browser = report("trouble", "training")
    charts = [f"#overall .chart:nth-child({nth})" for nth in (1, 2, 3, 4)] + ["#each"]
    assert [len(marks(browser, chart)) for chart in charts] == [5] * 5
    assert [len(report(name, "training").all(".done")) for name in ("plain", "older")] == [0, 0]


def test_the_tooltip_shows_the_interventions_of_its_epoch(report):
    browser = report("trouble", "training")
    reported = browser.hover(marks(browser, "#each")[3])
    assert reported[0] == "phase2, epoch 2 of 3 (kept)" and reported[1].startswith("Dive: ")
    assert reported[-2:] == [
        "step 3: loss spike (loss 9, recent median 1.2): rolled back to the last good weights, rate x 0.5",
        "step 7: exploding gradient (gradient norm 4e+03, recent median 2): "
        "fell back to a simpler model, 30 of its 41 tensors loaded",
    ]
    mark, kept = marks(browser, "#each")[3].rect, browser.all("#each .kept")[1].rect
    assert abs(mark["x"] + mark["width"] / 2 - kept["x"] - kept["width"] / 2) < 1 and mark["y"] < kept["y"]


def test_keys_reach_the_marks_and_choose_their_epoch(report):
    browser = report("trouble", "training")
    browser.script("document.querySelector('#forth').focus()")

    def press(key):
        ActionChains(browser.driver).send_keys(key).perform()
        return browser.driver.switch_to.active_element

    mark = press(Keys.TAB)
    tip = WebDriverWait(browser.driver, 10).until(lambda _: browser.one("#tip").is_displayed() and browser.text("#tip"))
    assert tip.splitlines()[0] == "phase1, epoch 1 of 3" and "step 4: not finite (" in tip
    assert mark.get_attribute("aria-label").startswith("phase1, epoch 1 of 3; step 4: not finite")
    assert mark.value_of_css_property("outline-style") != "none"
    press(Keys.ENTER)
    assert browser.text("#at") == "phase1, epoch 1 of 3"
    assert browser.driver.switch_to.active_element.get_attribute("data-step") == "0"
    assert press(Keys.TAB).get_attribute("data-step") == "2"
    assert [press(Keys.TAB).get_attribute("data-step") for _ in range(4)] == ["3", "4", "5", None]


def test_an_intervention_in_the_table_leads_to_its_epoch(report):
    browser = report("trouble", "training")
    browser.all("#interventions tbody button")[2].click()
    assert browser.text("#at") == "phase1, epoch 3 of 3"


def test_of_many_interventions_the_first_are_reported(report):
    browser = report("many", "training")
    reported = browser.hover(marks(browser, "#overall .chart:nth-child(2)")[0])
    assert [line for line in reported if line.startswith("step")][-1].startswith("step 6:")
    assert reported[-1] == "and 33 more, see the table"


def test_no_intervention_injects_anything(report, tmp_path):
    browser = report("evil", "training")
    assert EVIL in browser.text("#interventions") and browser.all("#interventions img, .done img") == []
    assert EVIL in browser.hover(marks(browser, "#each")[0])[-1] and browser.script("return window.broken") is None
    assert EVIL not in html_of(tmp_path, RUNS["evil"])
