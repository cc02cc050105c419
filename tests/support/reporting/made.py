"""Files of a synthetic run, for any heads, classes and names."""

import math
from dataclasses import astuple, dataclass, field, replace
from functools import cache
from pathlib import Path

import numpy as np

from tailwise.core.files import write_csv, write_json, write_text
from tailwise.core.heads import Head
from tailwise.data.video.strips import strip
from tailwise.evaluation.calibration.comparison import compare_methods
from tailwise.evaluation.calibration.fit import fit_all
from tailwise.evaluation.calibration.options import Calibration
from tailwise.evaluation.certificate import verdict_of
from tailwise.evaluation.intervals import Interval
from tailwise.metrics.interventions import COLUMNS, Intervention
from tailwise.metrics.predictions import Predictions
from tailwise.recipes.fouls.report.page import FoulsPage
from tailwise.reporting.collect import Facts, collect
from tailwise.reporting.overlay import overlay
from tailwise.reporting.page import Page
from tailwise.reporting.render import render

PHASES = ["phase1", "phase2"]
EPOCHS = 3
FEW = 6
"""Samples below which a figure is unreliable."""
OFFICIAL = {"score": 54.296875, "action": None, "severity": 51.171875, "fouls": 256, "differences": ["12 of 256 fouls"]}
TARGET = {"macro_recall": 0.6, "macro_f1": 0.55, "class_recall": 0.375, "loss": 1.2}
KEPT = 2
"""The epoch of each phase with the best figures."""

ACTIONS = ("Dive", "Push", "Hold")
FIGURES = ("macro_recall", "macro_f1", "accuracy", "min_recall", "loss")


@dataclass(frozen=True)
class Made:
    """absent: classes without a sample in validation and test; mistakes: of each head; named: samples and files

    done: {phase: interventions}, None for a run of a version that kept no record
    official: whether SoccerNet's evaluator scored it; kinds: more of codecs, sizes and rates
    page: of the pipeline; positions: a label belongs to a position of a sample; boosted: whether there are boosts
    headless: phases whose model has no head
    """

    heads: dict[str, list[str]] = field(
        default_factory=lambda: {"action": ["Dive", "Push", "Hold"], "card": ["A", "B"]}
    )
    absent: tuple[str, ...] = ()
    mistakes: int = 3
    named: str = "valid"
    done: dict[str, list[Intervention]] | None = field(default_factory=dict)
    official: bool = False
    kinds: int = 0
    page: Page = FoulsPage()
    phases: list[str] = field(default_factory=lambda: PHASES)
    positions: bool = False
    boosted: bool = True
    headless: tuple[str, ...] = ()


BLOCKS = {"backbone": -4, "heads": 0}
"""{block of the model: power of ten of its gradient}"""
SELECTIVE = {"coverage": [0.25, 0.5, 0.75, 1.0], "risk": [0.0, 0.0, 0.125, 0.25]}
SELECTIVE |= {"error_at_50": 0.0, "error_at_80": 0.125, "error_area": 0.0938, "excess_error_area": 0.0312}
EVIL = "</script><img src=x onerror=\"window.broken=1;document.title='broken'\">"
MICRO_BATCH = {"phase1": 16, "phase2": 4}
NAN, INF = math.nan, math.inf
TROUBLE = {
    "phase1": [
        Intervention(1, 4, "not finite", "skip batch", 1.0, 16, 0, NAN, NAN),
        Intervention(1, 9, "not finite again", "roll back", 0.5, 16, 0, INF, NAN),
        Intervention(3, 2, "vanishing gradient", "alert", 0.5, 16, 0, 1.5, 1e-6, 0.8),
    ],
    "phase2": [
        Intervention(1, 1, "out of memory", "halve micro-batch", 1.0, 8, 0),
        Intervention(1, 1, "out of memory", "halve micro-batch", 1.0, 4, 0),
        Intervention(2, 4, "loss stays high", "roll back", 0.25, 4, 0, 3.0, 0.5, 1.0),
        Intervention(2, 3, "loss spike", "roll back", 0.5, 4, 0, 9.0, 0.5, 1.2),
        Intervention(2, 7, "exploding gradient", "fall back", 1.0, 4, 1, 1.5, 4e3, 2.0, "", 30, 41),
        Intervention(3, 11, "frozen layer", "alert", 1.0, 4, 1, 1.5, 0.4, None, "backbone.blocks.3.weight"),
        Intervention(3, 11, "figure above its limit", "stop", 1.0, 4, 1, 0.734, None, 0.6, "confidence.above_95"),
    ],
}
"""An intervention of each kind."""
MANY = [f"class {i:03d} with a name of some length" for i in range(174)]
RUNS = {
    "plain": Made(mistakes=12),
    "absent": Made(absent=("Push",)),
    "one": Made(heads={"outcome": ["Dive", "Push"]}, mistakes=0),
    "evil": Made(
        heads={EVIL: [EVIL, "'\"><b>", "${1}{{ 7 * 7 }}"], "b": ["__proto__", "constructor"]},
        named=EVIL,
        done={"phase1": [Intervention(2, 1, EVIL, EVIL, 1.0, 16, 0, parameter=EVIL)]},
    ),
    "trouble": Made(done=TROUBLE),
    "older": Made(done=None),
    "mixed": Made(heads={"action": [f"a name that fills a line {'and goes on ' * 6}{i}" for i in range(3)]}, kinds=40),
    "official": Made(heads={"action": ["Dive", "Push"], "severity": ["A", "B"]}, official=True),
    "tagger": Made(
        heads={"tag": ["falls", "stays", "rises"]},
        page=Page(item_name="note"),
        phases=["phase1"],
        positions=True,
    ),
    "contrastive": Made(heads={}, page=Page(sections=("training", "run")), phases=["pretrain"], boosted=False),
    "pretrained": Made(phases=["pretrain", "train"], headless=("pretrain",), page=Page(sections=("training", "run"))),
    "classifier": Made(
        heads={"action": MANY},
        page=Page(sections=("result", "training", "data", "run"), item_name="clip"),
        phases=["train"],
        boosted=False,
    ),
    "many": Made(
        heads={"action": MANY},
        absent=tuple(MANY[::7]),
        mistakes=20,
        done={"phase2": [replace(TROUBLE["phase1"][0], epoch=e, step=s) for e in (1, 2) for s in range(1, 40)]},
    ),
}
"""Runs by what is special about them."""


def write_run(root: Path, made: Made = Made()) -> Path:
    """`root`, with what the report reads in it. All numbers follow from a seed."""
    rng = np.random.default_rng(3)
    reports = root / "reports"
    counts = {
        split: {
            head: {name: 0 if split != "train" and name in made.absent else 5 + 4 * i for i, name in enumerate(names)}
            for head, names in made.heads.items()
        }
        for split in ("train", "valid", "test")
    }
    write_json(reports / "classes.json", counts)
    for nth, phase in enumerate(made.phases):
        _write_phase(reports / f"training/{phase}", made, counts["valid"], rng)
        boost = {head: {name: 1.0 + nth for name in names} for head, names in made.heads.items()}
        if made.boosted:
            write_json(root / f"data/weights/{phase}/boost.json", {"apply_as": "margin", "boost": boost})
    write_text(reports / "config.yaml", f"data: {{root: {made.named}}}\n")
    if not made.heads:
        return root
    valid, test = (_figures(made, score) for score in (57.25, 40.5))
    write_json(reports / "metrics.json", valid)
    write_json(reports / "certificate.json", _certificate(made, test))
    write_json(reports / "intervals.json", _intervals_json(made, counts["valid"]))
    write_json(reports / "mistakes.json", {head: _mistakes(made, names, rng) for head, names in made.heads.items()})
    if "calibration" in made.page.sections:
        write_json(reports / "calibration.json", {head: _calibration(tuple(of)) for head, of in made.heads.items()})
    if "map" in made.page.sections:
        write_json(reports / "map.json", {head: map_of(names, made.named) for head, names in made.heads.items()})
    if "explanations" in made.page.sections:
        found = {head: explanations_of(names, made.named) for head, names in made.heads.items()}
        write_json(reports / "explanations.json", found)
    _write_data(reports, made)
    return root


def map_of(names: list[str], named: str) -> dict:
    """A head's part of reports/map.json: a right label, and a mistake where there is another class."""
    ids = [0, min(1, len(names) - 1)]
    return {
        **{"labels": 2, "same_class": 0.5, "of_classes": dict.fromkeys(names, 0.5), "trustworthiness": None},
        **{"samples": [f"{named}/0", f"{named}/1"], "actual": [0, 0], "predicted": ids, "confidence": [0.5, 0.5]},
        **{"x": [0.0, 100.0], "y": [50.0, 50.0], "pictures": [], "facets": {"views": ["2", "10"]}},
    }


def explanations_of(names: list[str], named: str) -> dict:
    """A head's part of reports/explanations.json: a mistake in two views, and a right position without a picture."""
    heat = overlay(np.arange(6.0).reshape(3, 1, 2), 24, 32, 2)
    picture = {"step": "frame", "at": None, "picture": film(), "frames": 3, "saliency": heat, "regions": heat}
    views = [
        {"name": "view 1", "importance": 0.5, "steps": [0.125, -0.25, 0.75], **picture},
        {"name": "view 2", "importance": -0.1, "steps": [0.0, 0.0, 0.0], **picture},
    ]
    bare = {"importance": None, "step": "line", "at": 1, "picture": "", "frames": 0, "saliency": "", "regions": ""}
    near = [{"sample": f"{named}/9", "label": names[0], "similarity": 0.875}]
    counts = {"labels": 4, "right": 1, "taken_for": {names[-1]: 3}, "alike": {names[-1]: 1}}
    mistake = {"sample": f"{named}/0", "actual": names[0], "predicted": names[-1], "confidence": 0.75, "nearest": near}
    right = {**mistake, "predicted": names[0], "position": 1, "nearest": [{**near[0], "position": 4}]}
    rests = {"part": "view 1", "step_name": "frame", "step": 2}
    return {
        "classes": [{"name": names[0], "train": 5, **counts}],
        "samples": [
            {**mistake, "parts": views, "rests_on": rests},
            {**right, "parts": [{"name": "song", "steps": [1.0, 2.0], **bare}], "rests_on": None},
        ],
    }


def overconfident(classes, seed):
    """400 answers to labels that are less sure than they say."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(size=(400, len(classes)))
    true, stated = (np.exp(factor * logits) for factor in (1, 3))
    true, stated = true / true.sum(axis=1, keepdims=True), stated / stated.sum(axis=1, keepdims=True)
    targets = (true.cumsum(axis=1) < rng.random((400, 1))).sum(axis=1).clip(max=len(classes) - 1)
    return Predictions(Head("h", tuple(classes)), [""] * 400, [""] * 400, targets, stated.argmax(axis=1), stated)


@cache
def _calibration(classes: tuple[str, ...]) -> dict:
    """Of a head of these classes, as in reports/calibration.json."""
    fitted = fit_all(overconfident(classes, 1))
    return compare_methods(overconfident(classes, 2), fitted, Calibration("temperature"))


def facts_of(root: Path, made: Made = Made()) -> Facts:
    return collect(made.page, made.phases, root)


def html_of(root: Path, made: Made = Made()) -> str:
    """The report of what `write_run` wrote."""
    return render(facts_of(root, made), made.page)


def earlier_figures(made: Made = Made()) -> dict:
    """reports/metrics.json of another run: all classes found half, macro recall 0.5, lowest recall 0.125."""
    figures = _figures(made, 56.0)
    for head, names in made.heads.items():
        figures[head] |= {"macro_recall": 0.5, "recall": dict.fromkeys(names, 0.5)}
    return figures


def film(shades: tuple[int, ...] = (40, 120, 200)) -> str:
    """A strip whose frames have a grey each."""
    return strip(np.stack([np.full((24, 32, 3), shade, np.uint8) for shade in shades]))


def recall(made: Made, name: str, place: int) -> dict:
    """Interval of a class."""
    if name in made.absent:
        return {"value": None, "low": None, "high": None}
    value = (place % 5) / 4
    return {"value": value, "low": max(0, value - 0.125), "high": min(1, value + 0.25)}


def _write_phase(folder: Path, made: Made, support: dict, rng) -> None:
    epochs, classes, confusion = [], [], []
    heads = {} if folder.name in made.headless else made.heads
    for epoch in range(1, EPOCHS + 1):
        figures = [(epoch + i) / 10 for i in range(len(FIGURES) * len(heads))]
        epochs.append([epoch, 1e-3, 3.0 / epoch, 0.75, 0.5 + epoch / 10, *figures])
        for head, names in heads.items():
            for i, name in enumerate(names):
                found = rng.multinomial(support[head][name], rng.dirichlet(np.ones(len(names))))
                absent = not support[head][name]
                value = None if absent else found[i] / support[head][name]
                classes.append([epoch, head, name, support[head][name], int(found.sum()), value, None, 0.5, 1.5])
                cells = [[epoch, head, name, names[j], int(count)] for j, count in enumerate(found) if count]
                confusion += cells
    of_heads = [f"{head}_{figure}" for head in heads for figure in FIGURES]
    write_csv(folder / "epochs.csv", ["epoch", "lr", "train_loss", "gradient_norm", "score", *of_heads], epochs)
    header = ["epoch", "head", "class", "support", "predicted", "recall", "precision", "f1", "boost"]
    write_csv(folder / "classes.csv", header, classes)
    norms = [[epoch, block, f"{10.0**power * epoch:.3e}"] for epoch in (1, 2, 3) for block, power in BLOCKS.items()]
    write_csv(folder / "gradients.csv", ["epoch", "block", "norm"], norms)
    write_csv(folder / "confusion.csv", ["epoch", "head", "actual", "predicted", "count"], confusion)
    write_json(folder / "best.json", {"epoch": KEPT})
    alerts = [
        {"epoch": 3, "kind": "collapse", "head": head, "label": names[0], "text": f"recall of {names[0]} is 0"}
        for head, names in list(heads.items())[:1]
    ]
    write_json(folder / "alerts.json", alerts)
    if made.done is not None:
        done = made.done.get(folder.name, [])
        write_csv(folder / "interventions.csv", COLUMNS, map(astuple, done))
        run = {"device": "cpu", "processes": 1, "micro_batch": MICRO_BATCH.get(folder.name, 8)}
        fallback = sum(each.action == "fall back" for each in done)
        write_json(folder / "run.json", {**run, "fallback": fallback})


def _figures(made: Made, score: float) -> dict:
    figures = dict(zip(FIGURES, (0.4567, 0.4567, 0.4567, 0.125, 1.5)))
    recalls = {
        head: {name: recall(made, name, i)["value"] for i, name in enumerate(names)}
        for head, names in made.heads.items()
    }
    return {"balanced_accuracy": score, **{head: {**figures, "recall": recalls[head]} for head in made.heads}}


def _intervals_json(made: Made, support: dict) -> dict:
    known = {"value": 0.4567, "low": 0.4, "high": 0.5125}
    heads = {}
    for head, names in made.heads.items():
        classes = {
            name: {"support": support[head][name], "predicted": support[head][name] + 1}
            | {figure: recall(made, name, i) for figure in ("recall", "precision", "f1")}
            for i, name in enumerate(names)
        }
        confusions = [{"actual": names[0], "predicted": names[-1], "count": 3, "share": 0.6}] if len(names) > 1 else []
        rare = {"classes": names[:1], "macro_recall": known, "macro_f1": known}
        figures = {figure: known for figure in ("macro_recall", "macro_f1", "accuracy")}
        heads[head] = {**figures, "loss": 1.5, "classes": classes, "confusions": confusions, "rare": rare}
        heads[head]["selective"] = {"confidence": SELECTIVE}
    made_of = {"official": OFFICIAL} if made.official else {}
    made_of["units"] = {"balanced_accuracy": "%"}
    made_of["targets"] = [row for head, of in heads.items() for row in _targets(head, of)]
    return {"target": TARGET, "few": FEW, "limits": ["action: 1 sample of Dive."], "heads": heads, **made_of}


def _targets(head: str, figures: dict) -> list[dict]:
    """As the certificate judges, but for FEW."""
    rows = [(name, figures[name], TARGET[name], None) for name in ("macro_recall", "macro_f1")]
    rows += [
        (f"recall of {name}", of["recall"], TARGET["class_recall"], of["support"])
        for name, of in figures["classes"].items()
    ]
    judged = [
        {"head": head, "figure": figure, **of, "target": target, "samples": samples}
        | {"verdict": verdict_of(Interval(**of), target) if samples is None or samples >= FEW else "undecided"}
        for figure, of, target, samples in rows
    ]
    loss = {"value": 1.5, "low": None, "high": None, "target": TARGET["loss"], "verdict": "fail", "samples": None}
    return [*judged, {"head": head, "figure": "loss", **loss}]


def _certificate(made: Made, figures: dict) -> dict:
    head = next(iter(made.heads))
    row = {"head": head, "figure": "macro_recall", "value": 0.4567, "low": 0.4, "high": 0.5125, "target": 0.6}
    absent = {"head": head, "figure": "recall of Dive", "value": None, "low": None, "high": None, "target": 0.4}
    few = {**row, "figure": "recall of Push", "value": 1.0, "low": 1.0, "high": 1.0, "target": 0.4, "samples": 2}
    rows = [(row, "fail"), ({**absent, "samples": 0}, "undecided"), (few, "undecided")]
    return {
        "verdicts": {"pass": 0, "fail": 1, "undecided": 2},
        "targets": [{"samples": None, **of, "verdict": verdict} for of, verdict in rows],
        **({"official": OFFICIAL} if made.official else {}),
        "figures": figures,
        "limits": ["Made of made-up numbers."],
        "hashes": {name: f"{name}-0123456789abcdef" for name in ("data", "params", "code", "weights")},
        "seed": 1,
        "bootstrap": {"over": "matches", "groups": 12, "draws": 1000, "level": 0.95, "seed": 5},
    }


def _mistakes(made: Made, names: list[str], rng) -> list[dict]:
    found = []
    for nth in range(made.mistakes if len(names) > 1 else 0):
        p = np.sort(rng.dirichlet(np.ones(len(names))))[::-1]
        order = np.roll(names, -nth)
        views = [{"attention": share, "frames": 3, "strip": film()} for share in (0.75, 0.25)]
        explained = {"position": nth} if made.positions else {"views": views}
        found.append(
            {"sample": f"{made.named}/{nth}", "group": f"match {nth % 2}", "actual": order[1], "predicted": order[0]}
            | {"probabilities": {str(name): float(share) for name, share in zip(order, p)}, **explained}
        )
    return found


def _write_data(reports: Path, made: Made) -> None:
    index = {"samples": 98, "views": 200, "dropped": {"action": 1, "offence": 2, "severity": 3}}
    if made.positions:
        index = {"samples": 98, "notes": 700}
    write_json(reports / "index.json", {split: index for split in ("train", "valid", "test")})
    more = {f"another kind, the {i}th": 40 - i for i in range(made.kinds)}
    spread = {"least": 2.4, "median": 2.5, "most": 2.6}
    quality = {
        **{"clips": 200, "faulty": {f"{made.named}/clip_1.mp4": "absent"}, "dropped": [], "duplicates": []},
        **{"codecs": {"h264 yuv420p": 200} | more, "sizes": {"256x144": 150, "64x64": 49} | more},
        "rates": {"25": 199} | more,
        **{"seconds": spread, "frames": spread, "key_frames": spread},
    }
    write_json(reports / "quality.json", {split: quality for split in ("train", "valid", "test")})
    sheet = {
        head: {name: [{"sample": f"{made.named}/7", "strip": film()}] if i else [] for i, name in enumerate(names)}
        for head, names in made.heads.items()
    }
    write_json(reports / "contact.json", sheet)
