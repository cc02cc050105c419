"""The exporters: a model as ONNX, as TorchScript, or as a program of torch.export. Each gives the bytes of one file."""

from __future__ import annotations

import io
import logging
import warnings
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch

from tailwise.core.errors import UserError, shorten
from tailwise.export.graph.exportable import Exported, as_tensors, for_export, trace_batch

OPSET = 20
"""Of ONNX: runtimes from 2024 on read it."""
PLACES = (".debug_pkl", "/.data/serialization_id")
"""How names in a TorchScript file end that torch.jit.load reads where they are there."""
LARGEST = 2**31 - 2**20
"""Bytes that one file of ONNX may have."""


def to_onnx(exported: Exported) -> bytes:
    """One ONNX file with its weights inside. The same model gives the same bytes."""
    check_size(exported.module)
    with exporting("onnx"), for_export():
        return plain_model(capture(exported).model_proto, exported)


def to_torch_export(exported: Exported) -> bytes:
    """A program of torch.export, for ``torch.export.load``: the one that ONNX is made of, whose sizes vary."""
    file = io.BytesIO()
    with exporting("torch-export"), for_export():
        program = capture(exported).exported_program
        for node in program.graph.nodes:
            node.meta.pop("stack_trace", None)  # places of code on this machine
            node.meta.pop("from_node", None)  # places in memory
        torch.export.save(program, file)
    return file.getvalue()


def capture(exported: Exported) -> Any:
    """An `ONNXProgram`. ImportError without onnx and onnxscript."""
    return torch.onnx.export(
        exported.module,
        trace_inputs(exported),
        input_names=list(exported.axes),
        output_names=list(exported.output_names),
        dynamic_shapes=(dynamic_shapes(exported),),
        opset_version=OPSET,
        dynamo=True,
        external_data=False,
        verbose=False,
    )


def check_size(module: torch.nn.Module) -> None:
    size = sum(tensor.nbytes for tensor in module.state_dict().values())
    if size > LARGEST:
        raise UserError(f"{size:,} bytes of weights, but an ONNX file has at most {LARGEST:,}: use --to torch-export")


def plain_model(model: Any, exported: Exported) -> bytes:
    """The file without what an exporter notes beside the graph, such as the places of the code that made a node."""
    for node in _nodes(model.graph):
        node.ClearField("doc_string")
        del node.metadata_props[:]
    for value in (*model.graph.value_info, *model.graph.input, *model.graph.output, *model.graph.initializer):
        del value.metadata_props[:]
    del model.graph.metadata_props[:], model.metadata_props[:], model.graph.value_info[:]
    model.graph.name, model.producer_name, model.producer_version = exported.recipe.name, "tailwise", ""
    for value in model.graph.input:
        for name, dimension in zip(exported.axes[value.name], value.type.tensor_type.shape.dim):
            dimension.dim_param = name
    return model.SerializeToString(deterministic=True)


def _nodes(graph: Any) -> Iterator[Any]:
    """All nodes, also those of loops and branches."""
    for node in graph.node:
        yield node
        for attribute in node.attribute:
            if attribute.HasField("g"):
                yield from _nodes(attribute.g)


def to_torchscript(exported: Exported) -> bytes:
    """A trace, for ``torch.jit.load``; its sizes vary as those of the model do, which the comparison shows."""
    file = io.BytesIO()
    with exporting("torchscript"), for_export():
        traced = torch.jit.trace(exported.module, trace_inputs(exported), check_trace=False)
        torch.jit.save(traced, file)
    return without_places(file.getvalue())


def without_places(content: bytes) -> bytes:
    """A TorchScript file without the places of code on this machine, and the hash over them; both are optional."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(file, "w") as new:
        for member in old.infolist():
            if not member.filename.endswith(PLACES):
                new.writestr(zipfile.ZipInfo(member.filename), old.read(member))
    return file.getvalue()


def trace_inputs(exported: Exported) -> tuple[torch.Tensor, ...]:
    return tuple(as_tensors(trace_batch(exported)).values())


def dynamic_shapes(exported: Exported) -> tuple[dict[int, Any], ...]:
    """Of each input {place: a dimension that varies}."""
    varies = torch.export.Dim.DYNAMIC
    return tuple(dict.fromkeys(range(len(names)), varies) for names in exported.axes.values())


@contextmanager
def exporting(form: str) -> Iterator[None]:
    """Without the exporters' own lines; UserError for a model that they cannot take."""
    before = logging.root.manager.disable
    logging.disable(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except (UserError, ImportError, MemoryError, KeyboardInterrupt):
        raise
    except Exception as error:
        why = shorten(" ".join(str(error).split()), 200)
        raise UserError(f"this model cannot be exported to {form} ({why}): try another --to") from error
    finally:
        logging.disable(before)


Exporter = Callable[[Exported], bytes]
FORMATS: Mapping[str, tuple[str, Exporter]] = {
    "onnx": ("model.onnx", to_onnx),
    "torchscript": ("model.pt", to_torchscript),
    "torch-export": ("model.pt2", to_torch_export),
}
"""{--to: (file, exporter)}"""
