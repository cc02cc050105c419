"""Write the folder of an exported model: the file, its card, an example and its answer, pages, and a script."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from tailwise.core.errors import UserError
from tailwise.core.files import rounded, write_bytes, write_json, write_text
from tailwise.core.heads import Head
from tailwise.evaluation.calibration.fitted import Fitted, calibrate
from tailwise.export.graph.compare import Run, check_agreement, compare
from tailwise.export.graph.exportable import Exported
from tailwise.export.graph.exporters import FORMATS
from tailwise.export.graph.families import Arrays
from tailwise.export.graph.parity import Parity, Split, check_parity, compare_split
from tailwise.export.graph.precision import PRECISIONS, latency_ms, reduced
from tailwise.export.graph.torch_files import open_torch
from tailwise.export.run.folder import ATTENTION, CARD, EXAMPLE, open_onnx
from tailwise.export.write.card import LICENCE, Built, Facts, make_card
from tailwise.export.write.pages import ENGINE, pages
from tailwise.export.write.provenance import Origin

ANSWER = "answer.json"


@dataclass(frozen=True)
class Wanted:
    """form, precision: of --to and --precision; weights: the trained model's file; package: of its recipe"""

    form: str
    precision: str
    weights: Path
    package: str
    specification: dict[str, Any]
    origin: Origin = Origin()
    calibration: Mapping[str, Fitted] = field(default_factory=dict[str, Fitted])
    licence: str = LICENCE


def export(
    exported: Exported, spec: Any, wanted: Wanted, folder: Path, split: Split | None = None
) -> tuple[dict[str, Any], Built]:
    """Write the folder; returns its card and the file. split: samples that both models answer

    Raises UserError, and writes nothing, if the file does not answer as the trained model.
    """
    built, run = build(exported, spec.heads, wanted, split)
    card = make_card(exported, spec, facts_of(wanted), built)
    answer = answer_of(exported, run, spec.heads, wanted.calibration)
    remove_models(folder)
    write_bytes(folder / built.file, built.content)
    write_bytes(folder / EXAMPLE, as_npz(one_batch(exported.example)))
    write_json(folder / ANSWER, answer)
    for name, text in pages(card).items():
        write_text(folder / name, text)
    text = json.dumps(card, indent=2, ensure_ascii=False, allow_nan=False)
    write_text(folder / CARD, text + "\n")  # last: a folder with a card is whole
    return card, built


def remove_models(folder: Path) -> None:
    """Remove the card of an earlier export, then its model in any format, so that no card is beside another's model."""
    for name in (CARD, ENGINE, *(file for file, _ in FORMATS.values())):
        (folder / name).unlink(missing_ok=True)


def build(exported: Exported, heads: tuple[Head, ...], wanted: Wanted, split: Split | None = None) -> tuple[Built, Run]:
    """The exported file, compared with the trained model, and a function that runs it."""
    file, exporter = FORMATS[wanted.form]
    plain = exporter(exported)
    content = reduced(plain, wanted.precision)
    run = runner(exported, content, wanted.form)
    agreement = compare(exported.batches, exported.reference, run, exported.axes, heads)
    check_agreement(agreement, f"{wanted.form} in {wanted.precision}", PRECISIONS[wanted.precision])
    parity = on_split(exported, run, heads, wanted, split) if split else None
    sizes = {"weights": wanted.weights.stat().st_size, "fp32": len(plain), "model": len(content)}
    return Built(wanted.form, wanted.precision, file, plain, content, agreement, sizes, parity), run


def on_split(exported: Exported, run: Run, heads: tuple[Head, ...], wanted: Wanted, split: Split) -> Parity:
    """Both models on the split; UserError where fp32 does not answer as the trained model."""
    found = compare_split(split, exported.reference, run, exported.axes, heads)
    check_parity(found, f"{wanted.form} in {wanted.precision}", exact=wanted.precision == "fp32")
    return found


def facts_of(wanted: Wanted) -> Facts:
    with open(wanted.weights, "rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    told = wanted.origin, dict(wanted.calibration), wanted.licence
    return Facts(wanted.package, wanted.specification, digest, *told)


def runner(exported: Exported, content: bytes, form: str) -> Run:
    """The exported model as it will be run, on this machine's CPU."""
    if form == "onnx":
        return open_onnx(content, exported.output_names, "the exported model", threads=1)
    return open_torch(content, form, exported.output_names)


def one_batch(sample: Arrays) -> Arrays:
    return {name: value[None] for name, value in sample.items()}


def answer_of(
    exported: Exported, run: Run, heads: tuple[Head, ...], calibration: Mapping[str, Fitted]
) -> dict[str, Any]:
    """{"logits", "probabilities", "calibrated", "classes", "attention"} of the example, by head."""
    outputs = run(one_batch(exported.example))
    found = {head.name: of_head(head, outputs[head.name][0], calibration.get(head.name)) for head in heads}
    for head in heads:
        if (weights := outputs.get(f"{head.name} {ATTENTION}")) is not None:
            found[head.name]["attention"] = weights[0].tolist()
    return rounded(found)


def of_head(head: Head, logits: np.ndarray, fitted: Fitted | None) -> dict[str, Any]:
    """logits: (C,), or (T, C) of a sequence"""
    likely = softmax(np.atleast_2d(logits).astype(np.float64))
    answer: dict[str, Any] = {"classes": [head.classes[place] for place in likely.argmax(axis=1)]}
    answer |= {"logits": np.atleast_2d(logits).tolist(), "probabilities": likely.tolist()}
    return answer | ({} if fitted is None else {"calibrated": calibrate(likely, fitted).tolist()})


def softmax(logits: np.ndarray) -> np.ndarray:
    """(N, C)"""
    likely = np.exp(logits - logits.max(axis=1, keepdims=True))
    return likely / likely.sum(axis=1, keepdims=True)


def as_npz(arrays: Arrays) -> bytes:
    """A file for `np.load`, with the same bytes each time: numpy dates its members 1980."""
    file = io.BytesIO()
    np.savez_compressed(file, allow_pickle=False, **arrays)  # pyright: ignore[reportArgumentType]
    return file.getvalue()


def measure(exported: Exported, built: Built) -> tuple[float, float]:
    """Milliseconds that the example takes before and after --precision, on one thread. For the terminal alone."""
    batch, files = one_batch(exported.example), (built.plain, built.content)
    before, after = (latency_ms(open_onnx(each, exported.output_names, "", threads=1), batch) for each in files)
    return before, after


def check_folder(folder: Path) -> None:
    """Raise UserError for a folder that has other files: an export never mixes with them."""
    if folder.exists() and not folder.is_dir():
        raise UserError(f"{folder}: is no folder: give --out another one")
    known = {
        CARD,
        EXAMPLE,
        ANSWER,
        "README.md",
        "INTEGRATION.md",
        "predict.py",
        ENGINE,
        *(file for file, _ in FORMATS.values()),
    }
    if folder.is_dir() and (others := sorted({file.name for file in folder.iterdir()} - known)):
        raise UserError(f"{folder}: has other files, as {others[0]}: give --out a new folder")
