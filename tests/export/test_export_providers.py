"""On what ONNX Runtime runs an exported model, with one that stands in for a build with CUDA."""

import sys
from types import SimpleNamespace

import pytest

from tailwise.core.errors import UserError
from tailwise.export.run.folder import CPU, CUDA, open_onnx, providers


def runtime(available: list[str], works: list[str], loaded: list[str]):
    """A runtime whose sessions run on `works`; writes into `loaded`."""

    def preload() -> None:
        loaded.append("cuda")
        print("a library was not found")

    def session(content, options, wanted):
        return SimpleNamespace(get_providers=lambda: works, get_outputs=list, get_inputs=list)

    return SimpleNamespace(
        get_available_providers=lambda: available,
        preload_dlls=preload,
        SessionOptions=SimpleNamespace,
        InferenceSession=session,
    )


@pytest.mark.parametrize(
    ("device", "available", "expected"),
    [
        ("cpu", [CUDA, CPU], [CPU]),
        ("auto", [CUDA, CPU], [CUDA, CPU]),
        ("cuda", [CUDA, CPU], [CUDA, CPU]),
        ("auto", [CPU], [CPU]),
    ],
)
def test_libraries_are_loaded_where_cuda_is_to_be_used(capsys, device, available, expected):
    loaded: list[str] = []
    assert providers(runtime(available, available, loaded), device) == expected
    assert loaded == (["cuda"] if CUDA in expected else []) and capsys.readouterr().out == ""


@pytest.mark.parametrize(("available", "said"), [([CPU], "has no CUDA"), ([CUDA, CPU], "cannot use CUDA")])
def test_cuda_that_is_asked_for_is_not_replaced_by_the_cpu(monkeypatch, available, said):
    monkeypatch.setitem(sys.modules, "onnxruntime", runtime(available, [CPU], []))
    with pytest.raises(UserError, match=said):
        open_onnx(b"", [], "model.onnx", "cuda")
    assert open_onnx(b"", [], "model.onnx", "auto").outputs == ()
