"""The pages of an exported folder, for people: its card, how to integrate it, and a script that calls it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from string import Template
from typing import Any

from tailwise.export.graph.parity import lines_of

TEMPLATES = Path(__file__).parent / "templates"
LOADS = {
    "torchscript": 'torch.jit.load(folder / card["file"])',
    "torch-export": 'torch.export.load(folder / card["file"]).module()',
}
PADDING = {
    "views": "Samples of one batch with fewer views are filled up with views of 0 whose `mask` is false. Absent views "
    "are computed and then left out: a batch of samples with as many views each is the fastest.",
    "length": "Sequences of one batch are filled up to the longest one; `length` says how long each is. Outputs beyond "
    "a length mean nothing.",
}
OPTIMUM = {"batch": (1, 4, 16), "views": (1, 2, 4), "length": (1, 64, 512)}
"""{dimension: (least, usual, most)} for TensorRT."""
ENGINE = "model.engine"


def summary(card: Mapping[str, Any], folder: Path) -> str:
    """Where the model is, how it agrees with the trained one, and its size."""
    found, sizes = card["agreement"], card["bytes"]
    lines = [
        f"{folder / card['file']}: {card['format']} in {card['precision']}, {sizes['model']:,} bytes",
        f"made-up batches: largest difference of an output {found['largest_difference']:.2g}; "
        f"same answers: {found['same_answers']:.1%} of {found['answers']}",
    ]
    return "\n".join(lines + (lines_of(card["parity"]) if card["parity"] else []))


def pages(card: Mapping[str, Any]) -> dict[str, str]:
    """{file: its text}."""
    return {"README.md": readme(card), "INTEGRATION.md": guide(card), "predict.py": script(card["format"])}


def filled(name: str, values: Mapping[str, object]) -> str:
    return Template((TEMPLATES / name).read_text("utf8")).substitute(values)


def script(form: str) -> str:
    if form == "onnx":
        return (TEMPLATES / "call_onnx.txt").read_text("utf8")
    return filled("call_torch.txt", {"load": LOADS[form]})


def readme(card: Mapping[str, Any]) -> str:
    reading = {name: each["value"] for name, each in card["reading"].items()}
    values = {
        "what": f"One sample is one {card['sample']}.",
        "heads": "\n".join(f"| {head['name']} | {', '.join(head['classes'])} |" for head in card["heads"]),
        "inputs": "\n".join(_input_row(each) for each in card["inputs"]),
        "most": "".join(f", {name} at most {size:,}" for name, size in card["largest"].items()),
        "outputs": ", ".join(f"`{name}`" for name in card["outputs"]),
        "reading": json.dumps(reading, indent=2, ensure_ascii=False),
        "agreement": _agreement(card["agreement"]) + _parity(card["parity"]),
        "origin": _origin(card),
        "limits": "\n".join(f"- {line}" for line in card["limits"]),
    }
    return filled("README.md", {**card, **values})


def _input_row(each: Mapping[str, Any]) -> str:
    return f"| `{each['name']}` | {each['dtype']} | {' x '.join(map(str, each['dims']))} |"


def _agreement(found: Mapping[str, Any]) -> str:
    same = f"{found['same_answers']:.1%} of {found['answers']} answers are the same"
    return (
        f"On made-up batches of several sizes: {same}; an output differs by {found['largest_difference']:.1g} at most."
    )


def _parity(found: Mapping[str, Any]) -> str:
    """A table of the heads on a prepared split; "" where none was compared."""
    if not found:
        return ""
    count, difference = found["samples"], found["largest_difference"]
    rows = [_head_row(name, head) for name, head in found["heads"].items()]
    return "\n".join(
        [
            f"\n\nOn the split {found['split']}, {count:,} samples, an output differs by {difference:.1g} at most.\n",
            "| head | answers | of them differ | ties among these | accuracy trained | exported | "
            "macro recall trained | exported |",
            "|---|---|---|---|---|---|---|---|",
            *rows,
        ]
    )


def _head_row(name: str, head: Mapping[str, Any]) -> str:
    shares = [head[model][figure] for figure in ("accuracy", "macro_recall") for model in ("trained", "exported")]
    counts = [head[key] for key in ("answers", "differing", "ties")]
    return f"| {' | '.join([name, *map(str, counts), *(f'{s:.3f}' if s is not None else '' for s in shares)])} |"


def _origin(card: Mapping[str, Any]) -> str:
    lines = [f"- weights file: SHA-256 `{card['weights_sha256']}`"]
    stage, data = card["training"]["stage"], card["training"]["data_md5"]
    lines += (
        [f"- written by the stage `{stage}`"]
        if stage
        else ["- of a run that is not named: no dvc.lock with these weights was read"]
    )
    lines += [f"- which read `{path}`, MD5 `{of}`" for path, of in data.items()]
    if verdicts := card["certificate"].get("verdicts"):
        lines += [f"- certificate: {', '.join(f'{count} {name}' for name, count in verdicts.items())}"]
        lines += ["", "| head | figure | value | interval | target | verdict |", "|---|---|---|---|---|---|"]
        lines += [_target_row(target) for target in card["certificate"]["targets"]]
    return "\n".join(lines)


def _target_row(target: Mapping[str, Any]) -> str:
    value, low, high = (target.get(name) for name in ("value", "low", "high"))
    known = [f"{value:.3f}", f"{low:.3f} to {high:.3f}"] if None not in (value, low, high) else ["", ""]
    cells = [
        target.get("head", ""),
        target.get("figure", ""),
        *known,
        target.get("target", ""),
        target.get("verdict", ""),
    ]
    return f"| {' | '.join(map(str, cells))} |"


def guide(card: Mapping[str, Any]) -> str:
    names = varying(card)
    values = {
        "bytes": f"{card['bytes']['model']:,}",
        "install": f"pip install numpy {'onnxruntime' if card['format'] == 'onnx' else 'torch'}",
        "padding": "\n\n".join(text for name, text in PADDING.items() if name in names),
        "calibrated": " and, as `calibrated`, with the calibration of `card.json`." if card["calibration"] else ".",
        "runtimes": tensorrt(card) if card["format"] == "onnx" else "Export it with `--to onnx` for other runtimes.",
    }
    return filled("INTEGRATION.md", {**card, **values})


def varying(card: Mapping[str, Any]) -> list[str]:
    """Names of the dimensions that vary, each once."""
    return list(dict.fromkeys(size for each in card["inputs"] for size in each["dims"] if isinstance(size, str)))


def tensorrt(card: Mapping[str, Any]) -> str:
    """How a GPU machine with TensorRT builds an engine."""
    command = " \\\n  ".join(trtexec(card))
    return f"On a GPU machine with TensorRT:\n\n```sh\n{command}\n```"


def trtexec(card: Mapping[str, Any]) -> list[str]:
    """The command that builds an engine, with its flags: sizes from the least to the most."""
    shapes = [f"--{kind}Shapes={_shapes(card, place)}" for place, kind in enumerate(("min", "opt", "max"))]
    return ["trtexec", f"--onnx={card['file']}", *shapes, f"--saveEngine={ENGINE}"]


def _shapes(card: Mapping[str, Any], place: int) -> str:
    sized = (
        (each["name"], [OPTIMUM[d][place] if isinstance(d, str) else d for d in each["dims"]])
        for each in card["inputs"]
    )
    return ",".join(f"{name}:{'x'.join(map(str, dims))}" for name, dims in sized)
