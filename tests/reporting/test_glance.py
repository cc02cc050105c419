"""The first screen without its script: is a class lost, which targets are missed; and the runs that git has."""

import json
import re
import subprocess
from dataclasses import replace

import pytest

from support.reporting.made import EVIL, RUNS, Made, earlier_figures, facts_of, html_of, write_run
from tailwise.metrics.labels import Label
from tailwise.reporting.committed import CommittedRun, committed_runs, keep_committed, write_committed
from tailwise.reporting.payload import charts
from tailwise.reporting.render import render

BEYOND = {"value": 0.75, "low": 0.625, "high": 1.0}


def cards(html: str) -> list[tuple[str, str]]:
    """(verdict, text) of each head."""
    start = html.index('<ul class="glance">')
    part = html[start : html.index("<noscript>", start)]
    found = re.findall(r'<li class="(\w+)">\s*<h3>(.*?)\n</li>', part, re.DOTALL)
    return [(verdict, " ".join(re.sub(r"<[^>]*>", " ", text).split())) for verdict, text in found]


def test_a_lost_class_and_the_missed_targets_are_named_first(tmp_path):
    """Recalls of action 0, 0.25, 0.5 of 5, 9, 13 samples; of card 0, 0.25. A class below 6 samples decides nothing."""
    (verdict, action), (_, card) = cards(html_of(write_run(tmp_path)))
    assert verdict == "fail"
    assert action.startswith(
        "action 1 class lost Dive (0 of 5, too few to measure) Macro recall 0.457 (0.400 to 0.512)"
    )
    assert "Targets 0 passed 3 missed 3 undecided Missed macro recall 0.457 (0.400 to 0.512), target 0.6" in action
    undecided = "recall of Dive 0.00 (5 samples), target 0.375 recall of Push 0.25 (0.12 to 0.50), target 0.375"
    assert f"loss 1.500, target 1.2 Undecided {undecided} recall of Hold 0.50" in action
    assert card.startswith("card 1 class lost A (0 of 5, too few to measure)")


def judged(facts, verdict: str):
    """The facts of one head without a lost class, whose targets all have this verdict."""
    head = facts.heads[0]
    classes = [replace(row, recall=BEYOND) for row in head.classes]
    targets = [{**row, "verdict": verdict} for row in head.targets]
    return replace(facts, heads=[replace(head, classes=classes, targets=targets)])


@pytest.mark.parametrize("verdict", ["pass", "undecided", "fail"])
def test_a_run_without_a_lost_class_names_the_weakest_and_its_card_the_worst_verdict(tmp_path, verdict):
    facts = judged(facts_of(write_run(tmp_path)), verdict)
    ((found, text),) = cards(render(facts, Made().page))
    assert found == verdict and text.startswith("action no class lost weakest: Dive 0.75 (5 samples) Macro recall")
    assert ("Missed" in text, "Undecided" in text) == (verdict == "fail", verdict == "undecided")


def test_an_absent_class_is_neither_lost_nor_the_weakest(tmp_path):
    (_, text), _ = cards(html_of(write_run(tmp_path, RUNS["absent"]), RUNS["absent"]))
    assert "1 class lost Dive" in text and "Not measured 1 class without a validation sample" in text
    facts = facts_of(tmp_path, RUNS["absent"])
    known = {"value": None, "low": None, "high": None}
    empty = replace(facts.heads[0], classes=[replace(row, recall=known) for row in facts.heads[0].classes])
    assert cards(render(replace(facts, heads=[empty]), Made().page))[0][1].startswith("action no label Macro recall")


def test_of_many_lost_classes_and_targets_the_first_are_told(tmp_path):
    ((_, text),) = cards(html_of(write_run(tmp_path, RUNS["classifier"]), RUNS["classifier"]))
    assert "35 classes lost class 000" in text and re.search(r"class 020 [^)]*\) and 30 more", text)
    assert re.search(r"Missed macro recall .* macro F1 .* loss .* and \d+ more recall of class", text)


def test_names_stay_text_and_the_test_split_is_not_told(tmp_path):
    html = html_of(write_run(tmp_path, RUNS["evil"]), RUNS["evil"])
    assert EVIL not in html and "40.5" not in "".join(text for _, text in cards(html))


@pytest.fixture
def repo(tmp_path):
    """A repository with a pipeline in a folder of its own."""
    git(tmp_path, "init", "--quiet")
    (tmp_path / "pipelines/songs/reports").mkdir(parents=True)
    return tmp_path


def git(folder, *arguments):
    who = ("-c", "user.name=test", "-c", "user.email=test@example.org")
    subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True)


def commit(folder, text: str) -> None:
    (folder / "reports").mkdir(exist_ok=True)
    (folder / "reports/metrics.json").write_text(text)
    git(folder, "add", "reports")
    git(folder, "commit", "--quiet", "--message", "run")


def test_the_last_two_runs_of_the_pipelines_own_folder_are_found(repo):
    songs = repo / "pipelines/songs"
    for nth in range(3):
        commit(songs, json.dumps({"score": nth}))
    commit(repo, json.dumps({"score": 9}))
    (songs / "reports/metrics.json").write_text(json.dumps({"score": 3}))
    runs = committed_runs(songs)
    assert [run.metrics for run in runs] == [{"score": 2}, {"score": 1}]
    assert all(re.fullmatch(r"[0-9a-f]{7,}", run.commit) and re.fullmatch(r"\d{4}-\d\d-\d\d", run.date) for run in runs)
    assert [run.metrics for run in committed_runs(repo)] == [{"score": 9}]


@pytest.mark.parametrize("text", ["", "{", "[1]", '{"a": NaN}', "[" * 100_000])
def test_a_committed_file_that_is_no_metrics_is_no_run(repo, text):
    commit(repo, json.dumps({"score": 1}))
    commit(repo, text)
    assert [run.metrics for run in committed_runs(repo)] == [{"score": 1}]


def test_without_a_commit_a_repository_or_git_there_is_no_earlier_run(repo, tmp_path_factory, monkeypatch):
    assert committed_runs(repo) == [] == committed_runs(tmp_path_factory.mktemp("outside"))
    commit(repo, "{}")
    monkeypatch.setenv("PATH", "")
    keep_committed(repo)
    assert (repo / ".logs/committed.js").read_text() == 'window.committedRuns = JSON.parse("[]");\n'


def test_a_folder_of_logs_that_cannot_be_written_ends_no_stage(tmp_path, capsys):
    (tmp_path / ".logs").write_text("a file where a folder is wanted")
    keep_committed(tmp_path)
    assert capsys.readouterr().err.startswith("the last committed run was not looked up: ")


def test_the_report_has_the_same_bytes_whatever_is_committed(tmp_path):
    root = write_run(tmp_path)
    git(root, "init", "--quiet")
    before, metrics = html_of(root), (root / "reports/metrics.json").read_text()
    commit(root, json.dumps(earlier_figures()))
    (root / "reports/metrics.json").write_text(metrics)
    keep_committed(root)
    assert html_of(root) == before and len(committed_runs(root)) == 1


def test_a_name_in_the_script_beside_the_page_stays_text(tmp_path):
    write_committed(tmp_path, [CommittedRun("1a2b3c4", "2026-11-20", {"__proto__": {EVIL: 1}, "\u2028'\"\\": 2})])
    text = (tmp_path / ".logs/committed.js").read_text()
    inside = re.fullmatch(r"window\.committedRuns = JSON\.parse\((\".*\")\);\n", text)[1]
    assert json.loads(json.loads(inside))[0]["metrics"] == {"__proto__": {EVIL: 1}, "\u2028'\"\\": 2}
    assert text.isascii()


def with_more(root, verdict="pass"):
    """A run with another metric: figures at a glance, and targets by name."""
    for name in ("metrics", "certificate", "intervals"):
        path = root / f"reports/{name}.json"
        found = json.loads(path.read_text())
        row = {"head": "boundaries", "figure": "f1_1", "value": 0.86, "low": None, "high": None, "target": 0.85}
        row |= {"verdict": verdict, "samples": None, "bound": "above", "title": "boundary F1, within 1 line"}
        figures = {"f1_1": 0.86, "by": {"chorus": 0.5, "verse": None}}
        if name == "metrics":
            found["boundaries"] = figures
        else:
            found["targets"].append(row)
        if name == "certificate":
            found["figures"]["boundaries"] = figures
        if name == "intervals":
            found["headline"] = ["boundaries.f1_1"]
            found["labels"] = {"boundaries.f1_1": {"family": "boundary F1", "member": "within 1 line"}}
        path.write_text(json.dumps(found))
    return root


def words(html: str) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", html).split())


def test_figures_and_targets_of_other_metrics_are_on_the_first_screen_and_in_the_certificate(tmp_path):
    html = html_of(with_more(write_run(tmp_path)))
    glance = words(html[html.index('<ul class="glance">') : html.index("<noscript>")])
    assert "boundary F1, within 1 line 0.860 above 0.85 passed" in glance
    assert [text.split()[0] for _, text in cards(html)] == ["action", "card", "other"]
    certificate = words(html[html.index('<section id="certificate"') :])
    assert "boundary F1, within 1 line 0.860 above 0.850 pass" in certificate
    assert 'A target with "above" or "below" has no interval: its value decides.' in certificate
    assert "Boundaries boundary F1, within 1 line 0.860 by chorus 0.500 by verse –" in certificate
    assert "f1_1" not in words(re.sub(r"<script.*?</script>", "", html, flags=re.DOTALL))


def test_the_first_screen_counts_the_targets_of_all_figures(tmp_path):
    """The heads' 3 + 3 missed targets of the run, and one of another figure, which its card names."""
    html = html_of(with_more(write_run(tmp_path), "fail"))
    rows = json.loads((tmp_path / "reports/intervals.json").read_text())["targets"]
    counts = [sum(row["verdict"] == verdict for row in rows) for verdict in ("pass", "fail", "undecided")]
    assert "All targets {} passed {} missed {} undecided".format(*counts) in words(html)
    verdict, text = cards(html)[2]
    assert verdict == "fail" and text == (
        "other figures Targets 0 passed 1 missed Missed boundary F1, within 1 line 0.860, target above 0.85"
    )


def test_a_family_of_figures_is_one_chart_and_what_is_not_at_a_glance_is_folded(tmp_path):
    """Precision and F1 at two tolerances, of which F1 is a headline, and a figure that nothing names."""
    root = with_more(write_run(tmp_path))
    facts = facts_of(root)
    words_of = {"f1": "boundary F1", "precision": "boundary precision"}
    names = [(kind, tolerance) for kind in words_of for tolerance in (0, 1)]
    labels = {f"boundaries.{kind}_{t}": Label(words_of[kind], f"within {t}") for kind, t in names}
    columns = {f"boundaries_{kind}_{t}": [0.5] * 6 for kind, t in names}
    history = replace(facts.history, figures={**facts.history.figures, **columns, "own": [1.0] * 6})
    made = charts(replace(facts, labels=labels, history=history))
    boundary, precision, own = made[-3:]
    assert boundary == {
        "title": "boundary F1",
        "shown": True,
        "lines": [{"name": f"within {t}", "figure": f"boundaries_f1_{t}"} for t in (0, 1)],
    }
    assert (precision["title"], precision["shown"], len(precision["lines"])) == ("boundary precision", False, 2)
    assert own == {"title": "own", "shown": True, "lines": [{"name": "own", "figure": "own"}]}


def test_a_pipeline_with_a_word_for_a_position_has_it_on_the_page(tmp_path):
    root = write_run(tmp_path)
    path = root / "reports/intervals.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"label_name": "line"}))
    html = html_of(root)
    assert "Dive 0.00 (5 lines)" in words(html) and '"item_name":"line"' in html and "(5 samples)" not in words(html)


def test_without_them_the_page_has_nothing_of_it(tmp_path):
    html = html_of(write_run(tmp_path))
    assert '"headline"' not in html and "other figures" not in html and "has no interval: its value" not in html
