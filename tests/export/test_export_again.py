"""A folder that is exported to again has files of the new model alone, and no card while they are written."""

import pytest

from support.exporting import MODELS, made, write_weights
from tailwise.core.errors import UserError
from tailwise.export.graph.exportable import prepare
from tailwise.export.write import export as writing
from tailwise.recipes.recipe import load_recipe

OLD = ("model.onnx", "model.pt", "model.pt2", "model.engine", "card.json")


def export(folder, form="torchscript"):
    model, spec = made("logos-small")
    exported = prepare(model, load_recipe("tailwise.recipes.logos"), spec, None)
    weights = write_weights(folder / "w.safetensors", "logos-small")
    wanted = writing.Wanted(form, "fp32", weights, "tailwise.recipes.logos", MODELS["logos-small"])
    writing.check_folder(folder / "out")
    writing.export(exported, spec, wanted, folder / "out")


@pytest.fixture
def earlier(tmp_path):
    """A folder with what all formats leave."""
    (tmp_path / "out").mkdir()
    for name in OLD:
        (tmp_path / "out" / name).write_text("old")
    return tmp_path


def test_the_new_model_is_alone(earlier):
    export(earlier)
    assert {name for name in OLD if (earlier / "out" / name).exists()} == {"model.pt", "card.json"}


def test_an_export_that_ends_midway_leaves_no_card(earlier, monkeypatch):
    def ended(path, data):
        raise KeyboardInterrupt

    monkeypatch.setattr(writing, "write_bytes", ended)
    with pytest.raises(KeyboardInterrupt):
        export(earlier)
    assert not (earlier / "out/card.json").exists()


def test_a_model_that_is_refused_leaves_the_folder_as_it_was(earlier, monkeypatch):
    def refused(*given):
        raise UserError("differs")

    monkeypatch.setattr(writing, "check_agreement", refused)
    with pytest.raises(UserError, match="differs"):
        export(earlier)
    assert all((earlier / "out" / name).read_text() == "old" for name in OLD)
