"""An exported model answers as the trained one, for batches, views and lengths of any size."""

import numpy as np
import pytest

from support.exporting import MODELS, made
from tailwise.export.graph.compare import TOLERANCE, compare
from tailwise.export.graph.exportable import prepare
from tailwise.recipes.recipe import load_recipe

pytest.importorskip("onnxscript", reason="needs requirements-export.txt")
pytest.importorskip("onnxruntime", reason="needs requirements-export.txt")

from tailwise.export.graph.exporters import FORMATS  # noqa: E402
from tailwise.export.graph.torch_files import open_torch  # noqa: E402
from tailwise.export.run.folder import open_onnx  # noqa: E402

QUICK = ("fouls", "sections", "logos-small", "actions")
NAMES = [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in MODELS]


def exported(name: str):
    model, spec = made(name)
    return prepare(model, load_recipe(f"tailwise.recipes.{MODELS[name]['recipe']}"), spec, None), spec.heads


@pytest.mark.parametrize("name", NAMES)
def test_onnx_runtime_gives_what_the_trained_model_gives(name):
    one, heads = exported(name)
    run = open_onnx(FORMATS["onnx"][1](one), one.output_names, name, threads=1)
    found = compare(one.batches, one.reference, run, one.axes, heads)
    assert found.difference < TOLERANCE and found.same == 1
    assert len({batch[next(iter(batch))].shape[:2] for batch in one.batches}) == len(one.batches) == 3


@pytest.mark.parametrize("name", ["fouls", "logos-small", pytest.param("sections", marks=pytest.mark.slow)])
def test_the_files_of_torch_give_it_too(name):
    one, heads = exported(name)
    for form in ("torchscript", "torch-export"):
        run = open_torch(FORMATS[form][1](one), form, one.output_names)
        found = compare(one.batches, one.reference, run, one.axes, heads)
        assert found.difference < TOLERANCE and found.same == 1, form


def test_the_same_model_gives_the_same_bytes_without_places_of_code():
    one, again = (FORMATS["onnx"][1](exported("logos-small")[0]) for _ in range(2))
    assert one == again and b".py" not in one and b"/" + b"src/" not in one


@pytest.mark.parametrize("name", [name for name in MODELS if name.startswith("fouls") and name != "fouls-r3d"])
def test_the_exported_form_of_views_is_the_model(name):
    """Also where views are absent in the middle, whose frames may be anything."""
    one, _ = exported(name)
    batch = {input_name: value.copy() for input_name, value in one.batches[2].items()}
    batch["mask"] = np.array([[True, False, True, True], [False, True, False, False]])
    wanted, found = one.reference(batch), open_module(one)(batch)
    for output, value in wanted.items():
        np.testing.assert_allclose(found[output], value, atol=1e-5, err_msg=output)


def open_module(one):
    """The module that is exported, before any exporter."""
    import torch

    from tailwise.export.graph.exportable import as_tensors

    def run(batch):
        with torch.no_grad():
            return {n: v.numpy() for n, v in zip(one.output_names, one.module(*as_tensors(batch).values()))}

    return run


@pytest.mark.parametrize("longest", [1, 2, 9, 300])
def test_chains_without_loops_are_the_chains(longest):
    import torch

    from tailwise.export.graph.sequences import LoopFreeChain
    from tailwise.models.sequence.crf import CRF

    chain = CRF("section", 4).double().eval()
    for parameter in chain.parameters():
        torch.nn.init.normal_(parameter)
    length = torch.tensor([longest, (longest + 1) // 2, 1])
    scores = 3 * torch.randn(3, longest, 4, dtype=torch.float64)
    with torch.no_grad():
        wanted, found = chain(scores, length)["section"], LoopFreeChain(chain)(scores, length)["section"]
    torch.testing.assert_close(found, wanted, atol=1e-9, rtol=0)
    assert float(found.exp().sum(dim=-1)[0].sub(1).abs().max()) < 1e-9
