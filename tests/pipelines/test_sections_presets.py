"""The shipped presets of the sections pipeline are valid params, and name only what differs."""

from pathlib import Path

import pytest

from tailwise.cli.preset import apply
from tailwise.core.params.config import read_file, section
from tailwise.recipes.sections.params import Params
from tailwise.recipes.sections.readers.billboard import SYNONYMS

FOLDER = Path(__file__).parents[2] / "pipelines" / "sections"
PRESETS = sorted((FOLDER / "presets").glob("*.yaml"))


@pytest.mark.parametrize("file", PRESETS, ids=lambda file: file.stem)
def test_a_preset_is_valid(file):
    params = read_file(FOLDER / "params.yaml")
    assert apply(params, read_file(file))
    assert section(params, "", Params)


def test_presets_of_real_songs_merge_every_section_into_the_same_classes():
    tables = [read_file(FOLDER / "presets" / f"{name}.yaml") for name in ("billboard", "billboard-table")]
    folders, table = (of["data"]["reader"]["classes"] for of in tables)
    assert folders == table and list(table)[0] == "intro" and len(table) == 8
    assert sorted(label for labels in table.values() for label in labels) == sorted(SYNONYMS)
    assert {k: v for k, v in tables[0].items() if k != "data"} == {k: v for k, v in tables[1].items() if k != "data"}
