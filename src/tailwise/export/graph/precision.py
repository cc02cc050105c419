"""Smaller ONNX models: weights of 16 bits, or of 8 bits with activations quantised as they come; size and latency."""

from __future__ import annotations

import statistics
import time
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from tailwise.core.errors import UserError
from tailwise.export.graph.compare import TOLERANCE
from tailwise.export.graph.exporters import exporting
from tailwise.export.run.folder import Runner

PRECISIONS: Mapping[str, float] = {"fp32": TOLERANCE, "fp16": 0.1, "int8": 1.0}
"""{--precision: largest difference of an output that is accepted}"""
QUANTISED = ["MatMul", "Gemm"]
"""Operators whose weights become 8 bits: the dense layers. Convolutions lose more, and ONNX Runtime slows down."""
RUNS = 20


def reduced(content: bytes, precision: str) -> bytes:
    """The model in this precision; inputs and outputs keep their types. UserError if that is not possible."""
    if precision == "fp32":
        return content
    with exporting(f"onnx in {precision}"):
        return half(content) if precision == "fp16" else quantised(content)


def half(content: bytes) -> bytes:
    """Weights and computation in 16 bits."""
    import onnx
    from onnxruntime.transformers.float16 import convert_float_to_float16

    model = convert_float_to_float16(onnx.load_from_string(content), keep_io_types=True)
    return model.SerializeToString(deterministic=True)


def quantised(content: bytes) -> bytes:
    """Dense layers with weights of 8 bits, a scale a column."""
    import onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic

    with TemporaryDirectory() as folder:
        path = Path(folder) / "model.onnx"
        options: dict[str, Any] = {"op_types_to_quantize": QUANTISED, "per_channel": True}
        quantize_dynamic(onnx.load_from_string(content), path, weight_type=QuantType.QInt8, **options)
        small = onnx.load(path)
    if not any(node.op_type.endswith("Integer") for node in small.graph.node):
        raise UserError("--precision int8 changes nothing: the model has no dense layer; use fp16")
    return small.SerializeToString(deterministic=True)


def latency_ms(run: Runner, batch: Mapping[str, np.ndarray]) -> float:
    """The median time of one call in milliseconds; raises UserError as the runner does."""
    run(batch)
    times: list[float] = []
    for _ in range(RUNS):
        begun = time.perf_counter()
        run(batch)
        times.append(time.perf_counter() - begun)
    return 1000 * statistics.median(times)
