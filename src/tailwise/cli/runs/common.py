"""What the commands on runs of a pipeline share: checks of its folder, and its recipe."""

from pathlib import Path

import yaml

from tailwise.compare.answers import Store
from tailwise.compare.git import WORKSPACE, check_repository, content
from tailwise.compare.lock import read_lock
from tailwise.compare.revision import PARAMS
from tailwise.core.errors import UserError
from tailwise.recipes.recipe import Recipe, load_recipe


def print_line(line: str) -> None:
    print(line, flush=True)


def check_folder(folder: Path) -> None:
    """Raise UserError outside git, and in a folder without a pipeline."""
    check_repository(folder)
    for file in ("dvc.yaml", PARAMS):
        if not (folder / file).is_file():
            raise UserError(f"{file}: is not there: go into the folder of a pipeline")


def check_cache(folder: Path, target: str) -> None:
    """Raise UserError where DVC would run the stages and then fail to save the experiment, as in a new clone."""
    later = read_lock(content(folder, None, "dvc.lock"), WORKSPACE).later_outs(target)
    if absent := Store(folder).lacks(later):
        raise UserError(
            f"DVC's cache lacks {absent[0]}, which dvc.lock records: DVC could not save an experiment that ends with "
            f"{target}: run `dvc repro` or `dvc pull` first"
        )


def recipe_of(folder: Path) -> Recipe | None:
    """The recipe that a pipeline's dvc.yaml names; None if it names none."""
    given = yaml.safe_load((folder / "dvc.yaml").read_text("utf8")).get("vars", [])
    names = [each["recipe"] for each in given if isinstance(each, dict) and "recipe" in each]
    return load_recipe(names[0]) if names else None


def recipe_params(folder: Path) -> list[type]:
    """The dataclass of params.yaml by the pipeline's recipe; none where dvc.yaml names no recipe."""
    recipe = recipe_of(folder)
    return [] if recipe is None else [recipe.params()]
