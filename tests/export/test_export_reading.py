"""What reading new inputs takes of a specification, from JSON, without the models."""

import json

import pytest

from support.exporting import MODELS, made
from tailwise.core.errors import UserError
from tailwise.export.run.reading import Reading
from tailwise.export.write.specification import write_reading


def read(written, heads=(), package="tailwise.recipes.x"):
    return Reading(json.loads(json.dumps(written)), heads, package, "folder")


@pytest.mark.parametrize("name", ["fouls", "fouls-progressive", "sections", "logos", "actions"])
def test_every_field_but_the_models_is_as_it_was(name):
    _, spec = made(name)
    written = write_reading(spec)
    found = read(written, spec.heads)
    assert written and all(getattr(found, field) == getattr(spec, field) for field in written)
    assert found.heads == spec.heads and not {"model", "streams"} & written.keys()
    assert {type(getattr(found, field)) for field in written} == {type(getattr(spec, field)) for field in written}
    assert MODELS[name]["recipe"] == name.partition("-")[0]


@pytest.mark.parametrize(
    ("field", "said"),
    [
        ({"kind": "os.path.join", "value": {}}, "no dataclass of tailwise"),
        ({"kind": "tailwise_evil.module.Cls", "value": {}}, "no dataclass of tailwise"),
        ({"kind": "tailwise.core.errors.UserError", "value": {}}, "is no dataclass"),
        ({"kind": "tailwise.core.absent.Thing", "value": {}}, "has no tailwise.core.absent"),
        ({"kind": 3, "value": {}}, "no dataclass of tailwise"),
        ({"kind": "tailwise.data.images.canvas.Canvas", "value": {"size": 1}}, "reading.canvas"),
        ({"value": 3}, "must have a kind"),
        (3, "must have a kind"),
    ],
)
def test_a_card_names_no_code_and_no_wrong_value(field, said):
    with pytest.raises(UserError, match=said):
        _ = read({"canvas": field}).canvas


def test_a_field_that_is_not_there_is_refused():
    with pytest.raises(UserError, match="its card has no reading.model: export"):
        _ = read({}).model
