"""The card of an exported model: what it takes and gives, where it comes from, its limits."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from tailwise.evaluation.calibration.fitted import Fitted
from tailwise.export.graph.compare import Agreement
from tailwise.export.graph.exportable import Exported
from tailwise.export.graph.parity import Parity
from tailwise.export.run.folder import VERSION, Input
from tailwise.export.write.provenance import Origin
from tailwise.export.write.specification import write_reading

LICENCE = "not stated: that of the training data and of pretrained weights applies"
LIMITS = (
    "The model answers every input with one of its classes, also an input that shows none of them.",
    "Its figures hold for inputs like those that it was trained and tested on; classes with few samples are uncertain.",
    "Probabilities are comparable with shares of correct answers only where they are calibrated.",
    "No decision about a person may rest on it alone.",
)


@dataclass(frozen=True)
class Facts:
    """What a card says besides the model. weights: SHA-256 of the weights file
    package: of the recipe, for `tailwise predict`
    """

    package: str
    specification: dict[str, Any]
    weights: str
    origin: Origin
    calibration: dict[str, Fitted]
    licence: str = LICENCE


@dataclass(frozen=True)
class Built:
    """An exported file. form, precision: of --to, --precision; plain, content: in fp32 and in that precision

    sizes: bytes of the weights file, of `plain` and of `content`
    parity: on a prepared split; None: not compared
    """

    form: str
    precision: str
    file: str
    plain: bytes
    content: bytes
    agreement: Agreement
    sizes: dict[str, int]
    parity: Parity | None = None


def make_card(exported: Exported, spec: Any, facts: Facts, built: Built) -> dict[str, Any]:
    """JSON; the same model gives the same card."""
    return {
        "version": VERSION,
        "recipe": exported.recipe.name,
        "package": facts.package,
        "sample": exported.recipe.sample_name,
        "heads": [{"name": head.name, "classes": list(head.classes)} for head in spec.heads],
        "inputs": [asdict(each) for each in inputs_of(exported)],
        "largest": dict(exported.largest),
        "outputs": list(exported.output_names),
        "specification": facts.specification,
        "reading": write_reading(spec),
        **of_file(built),
        **of_training(facts),
        "limits": list(LIMITS),
    }


def of_file(built: Built) -> dict[str, Any]:
    """What the card says of the file."""
    return {
        "format": built.form,
        "precision": built.precision,
        "file": built.file,
        "sha256": hashlib.sha256(built.content).hexdigest(),
        "agreement": built.agreement.as_json(),
        "parity": built.parity.as_json() if built.parity else {},
        "bytes": built.sizes,
    }


def of_training(facts: Facts) -> dict[str, Any]:
    """What the card says of where the model comes from."""
    return {
        "weights_sha256": facts.weights,
        "training": {"stage": facts.origin.stage, "data_md5": facts.origin.data},
        "certificate": facts.origin.certificate,
        "calibration": {name: asdict(fitted) for name, fitted in facts.calibration.items()},
        "licence": facts.licence,
    }


def inputs_of(exported: Exported) -> list[Input]:
    """The model's inputs, as a batch: dimensions that vary by name, the others by size."""
    return [
        Input(name, value.dtype.name, dims_of(value[None], exported.axes[name]))
        for name, value in exported.example.items()
    ]


def dims_of(batch: np.ndarray, names: tuple[str, ...]) -> tuple[int | str, ...]:
    return *names, *batch.shape[len(names) :]
