"""`tailwise paper`: a draft whose sentences follow from the figures, in text that nothing of the data can break."""

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tailwise.cli.main import main
from tailwise.core.heads import Head
from tailwise.metrics.predictions import Predictions, write_predictions
from tailwise.paper.document import Heading, Paragraph, Picture, Table, latex, markdown
from tailwise.paper.draft import parse_tables
from tailwise.paper.findings import of_classes, of_pairs, of_sources
from tailwise.paper.methods import phase_sentences

HEAD = Head("kind", ("a & b", "50 %_rare"))
HOSTILE = "\\input{x} <b> $x$ [a](http://x) `c` | 50 % #1 ~^&_"


def figure(value: float) -> dict:
    return {"value": value, "low": value - 0.1, "high": value + 0.05}


def of_class(recall: float, support: int) -> dict:
    return {"support": support, "recall": figure(recall), "precision": figure(0.5), "f1": figure(0.5)}


def head_figures(supports=(40, 40)) -> dict:
    classes = {name: of_class(recall, count) for name, recall, count in zip(HEAD.classes, (0.9, 0.4), supports)}
    confusions = [
        {"actual": "50 %_rare", "predicted": "a & b", "count": 24, "share": 0.6},
        {"actual": "a & b", "predicted": "50 %_rare", "count": 4, "share": 0.1},
    ]
    whole = {name: figure(0.65) for name in ("macro_recall", "macro_f1", "accuracy")}
    return {**whole, "classes": classes, "confusions": confusions}


def answers(wrong_of: dict[str, tuple[int, int]]) -> Predictions:
    """Of {group: (wrong answers, labels)}."""
    groups = [group for group, (_, count) in wrong_of.items() for _ in range(count)]
    predicted = np.concatenate([np.arange(count) < wrong for wrong, count in wrong_of.values()]).astype(int)
    likely = np.stack([1.0 - predicted, predicted], 1)
    names = [f"s{i}" for i in range(len(groups))]
    return Predictions(HEAD, names, groups, np.zeros(len(groups), int), predicted, likely)


@pytest.fixture
def run(tmp_path, monkeypatch) -> Path:
    """The reports of a finished run."""
    reports = tmp_path / "reports"
    (reports / "evaluation").mkdir(parents=True)
    (reports / "figures/pdf").mkdir(parents=True)
    (reports / "figures/pdf/recall_kind.pdf").write_bytes(b"")
    train = {"epochs": 7, "lr": 0.01, "optimizer": {"kind": "adamw", "weight_decay": 0.05}}
    phase = {"max_weight": 3.0, "boost": {"kind": "inverse", "tau": 0.5}, "apply_as": "weight", "train": train}
    config = {"phase2": phase, "training": {"batch_size": 16, "seed": 1}, "model": {"width": 32}}
    (reports / "config.yaml").write_text(json.dumps(config))
    trained = dict(zip(HEAD.classes, (900, 9)))
    counts = {"train": {"kind": trained}, "valid": {"kind": dict(zip(HEAD.classes, (40, 40)))}}
    target = {"head": "kind", "figure": "macro_recall", **figure(0.6), "target": 0.5, "verdict": "pass"}
    write = {
        "classes": counts,
        "intervals": {"heads": {"kind": head_figures()}, "few": 20},
        "certificate": {"targets": [target, {**target, "figure": "loss", "low": None, "high": None}]},
    }
    for name, value in write.items():
        (reports / f"{name}.json").write_text(json.dumps(value))
    write_predictions(reports / "evaluation/kind.csv", answers({"x": (9, 10), "y": (5, 100)}))
    (reports / "ablation.md").write_text("# Rows\n\n| a | F1 |\n| --- | ---: |\n| p \\| q | 0.5 ± 0.1 |\n")
    monkeypatch.chdir(tmp_path)
    return reports / "paper"


def test_a_draft_has_data_methods_results_and_what_to_do(run, capsys):
    assert main(["paper", "--title", "50 % of it"]) == 0
    assert capsys.readouterr().out == "reports/paper/paper.md\nreports/paper/paper.tex\n"
    text = (run / "paper.md").read_text()
    assert re.findall("^#+ (.*)$", text, re.MULTILINE) == [
        *("50 % of it", "Data", "Methods", "Results", "Ablation", "Errors, and what to do", "Figures")
    ]
    for said in (
        "imbalance of the training split 100 to 1",
        "| 50 %_rare | 9 | 40 |",
        "Phase 2 trains for 7 epochs on all training samples with adamw (weight_decay 0.05).",
        "the inverse of its frequency (tau 0.5), at most 3.0, weighs its loss",
        "| kind: macro recall | 0.600 [0.500, 0.650] | at least 0.5 | pass |",
        "| kind: loss | 0.600 | at most 0.5 | pass |",
        "| p \\| q | 0.5 ± 0.1 |",
        "50 %_rare is found least often: recall 0.400 [0.300, 0.450], with 9 training labels",
        "24 of 40 50 %_rare as a & b and 4 of 40 a & b as 50 %_rare",
        "the source x is odd: 9 of its 10 labels are answered wrongly, of the others 5%",
        "![Recall kind.](<../figures/png/recall_kind.png>)",
    ):
        assert said in text
    again = text, (run / "paper.tex").read_text()
    assert main(["paper", "--title", "50 % of it"]) == 0
    assert again == ((run / "paper.md").read_text(), (run / "paper.tex").read_text())


def test_latex_is_balanced_and_takes_any_text(run):
    assert main(["paper"]) == 0
    text = (run / "paper.tex").read_text()
    for hostile in (latex(HOSTILE, [Heading(HOSTILE), Paragraph(HOSTILE), Table(HOSTILE, [HOSTILE] * 2, [])]), text):
        plain = re.sub(r"\\[\\{}&%$#_]", "", hostile)
        assert plain.count("{") == plain.count("}") and "\\input" not in hostile
        assert plain.count("\\begin{") == plain.count("\\end{")
        assert all("%" not in line for line in plain.splitlines()[1:])
    rows = re.search(r"\\midrule\n\\endhead\n(.*?)\\bottomrule", text, re.DOTALL)
    assert rows and r"{}a \& b & 900 & 40 \\" in rows[1] and r"50 \%\_rare & 9 & 40 \\" in rows[1]


def test_markdown_takes_any_text():
    text = markdown("t", [Paragraph(HOSTILE), Table("c", ["h"], [[HOSTILE]]), Picture(HOSTILE, "f", "n")])
    assert not re.search(r"(?<!\\)<b|(?<!\\)\]\(http", text)
    table = next(line for line in text.splitlines() if line.startswith("| \\\\input"))
    assert len(re.findall(r"(?<!\\)\|", table)) == 2


@pytest.mark.parametrize(
    ("supports", "trained", "said"),
    [
        ((40, 40), (900, 9), "label more of it first"),
        ((40, 40), (9, 900), "look at its labels and at what it is taken for before its number"),
        ((40, 6), (900, 9), "Its 6 validation samples are too few to measure it"),
    ],
)
def test_the_weakest_class_gets_what_its_numbers_say(supports, trained, said):
    (found,) = of_classes("kind", head_figures(supports), dict(zip(HEAD.classes, trained)), 20)
    assert said in found and found.startswith("kind: 50 %_rare is found least often")


def test_sources_are_told_if_they_stand_out_among_all():
    assert [*of_sources(answers({f"g{i}": (2, 10) for i in range(20)}))] == [
        "kind: none of 20 sources stands out by its errors."
    ]
    assert not [*of_sources(answers({"all of it": (3, 10)}))] and not [*of_sources(answers({"p": (4, 4), "q": (0, 4)}))]
    found = [*of_sources(answers({"p": (10, 10), "q": (9, 10), "small": (4, 4), "r": (4, 100)}))]
    assert [line.split(" is odd")[0] for line in found] == ["kind: the source p", "kind: the source q"]


@pytest.mark.parametrize(("groups", "labels", "rate"), [(10, 20, 0.3), (2, 30, 0.02), (5, 20, 0.01), (4, 30, 0.02)])
def test_chance_alone_names_a_source_in_at_most_5_percent(groups, labels, rate):
    rng, found = np.random.default_rng(0), 0
    for _ in range(200):
        drawn = {f"g{i}": (int(rng.binomial(labels, rate)), labels) for i in range(groups)}
        found += any("is odd" in line for line in of_sources(answers(drawn)))
    assert found <= 18  # more in 1 % of trials of a level of 5 %


def test_positions_are_no_sources():
    found = answers({"x": (50, 50), "y": (0, 50)})
    assert not [*of_sources(replace(found, positions=np.arange(100)))]


def test_a_pair_needs_enough_labels_and_a_class_a_label():
    assert [*of_pairs("kind", {"confusions": []}, 20)] == [] == [*of_pairs("kind", head_figures((40, 19)), 20)]
    figures = head_figures()
    figures["classes"]["a & b"]["recall"]["value"] = None
    figures["classes"]["50 %_rare"]["recall"]["value"] = 1.0
    assert [*of_classes("kind", figures, {}, 20)] == [
        "kind: validation has no label of a & b: label some, or they stay unmeasured."
    ]


def test_a_phase_without_boosts_says_nothing_of_them():
    said = " ".join(
        phase_sentences("phase1", {"max_weight": 1.0, "boost": {"kind": "inverse"}, "train": {"epochs": 2}})
    )
    assert said == "Phase 1 trains for 2 epochs on all training samples."


def test_tables_of_markdown_keep_their_captions():
    first, second = parse_tables("# One `x`\n\n| a |\n| --- |\n| **1** |\n\n## Two\ntext\n| b |\n| --- |\n| 2 |")
    assert (first.caption, first.header, first.rows) == ("One x.", ["a"], [["1"]])
    assert (second.caption, second.rows) == ("Two.", [["2"]])


def test_without_a_finished_run_it_is_one_line(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["paper"]) == 1
    assert capsys.readouterr().err.endswith("no such file: run the pipeline first, with dvc repro\n")
