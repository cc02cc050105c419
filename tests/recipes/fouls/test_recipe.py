"""The fouls recipe: what it adds to the shared stages."""

from pathlib import Path

import pytest

from tailwise.core.errors import UserError
from tailwise.recipes.recipe import load_recipe, names

FOULS = load_recipe("tailwise.recipes.fouls")


def test_recipes_are_the_folders_with_a_recipe():
    assert names() == ["actions", "fouls", "logos", "sections"] and FOULS.name == "fouls"


def test_a_package_without_a_recipe_is_refused_by_name():
    with pytest.raises(UserError, match="no recipe tailwise.recipes.none: tailwise.recipes.none.recipe is not on"):
        load_recipe("tailwise.recipes.none")
    with pytest.raises(UserError, match="no recipe nowhere: nowhere.recipe is not on the Python path"):
        load_recipe("nowhere")


def test_a_recipe_whose_own_import_fails_is_not_called_absent(tmp_path, monkeypatch):
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken/recipe.py").write_text("import a_package_that_nobody_has\n")
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty/recipe.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match="a_package_that_nobody_has"):
        load_recipe("broken")
    with pytest.raises(UserError, match="empty.recipe has no RECIPE"):
        load_recipe("empty")


@pytest.mark.parametrize(
    ("backbone", "expected"),
    [
        ({"kind": "tiny", "width": 16}, 8e-3),
        ({"kind": "s3d", "weights": {"kind": "none"}}, 1e-3),
        ({"kind": "s3d", "weights": {"kind": "kinetics400"}}, 1e-4),
        ({"kind": "s3d", "weights": {"kind": "file", "path": "x"}}, 1e-4),
    ],
)
def test_the_first_learning_rate_depends_on_the_initial_weights(backbone, expected):
    assert FOULS.first_lr({"model": {"backbone": backbone}}) == expected


def test_labels_are_the_manifests_one_a_sample(tmp_path):
    (tmp_path / "manifest.csv").write_text("sample,view,action\na,0,x\na,1,x\nb,0,\n")
    labels = FOULS.labels(Path(tmp_path), ["action"])
    assert labels.samples == ["a", "b"] and labels.classes == {"action": ["x", ""]}
