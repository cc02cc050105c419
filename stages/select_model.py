"""Take one of the phases' models, by the one-standard-error rule on validation.

select_model.py RECIPE SPLIT-FOLDER WEIGHTS SELECTION PHASE...

WEIGHTS: a copy of the chosen model's file; SELECTION: which, and why; PHASE: in order of preference, their weights are
data/models/<phase>.safetensors; params.yaml may leave some out
"""

import argparse
from pathlib import Path

from tailwise.core.files import write_bytes, write_json
from tailwise.core.params.config import read_params, section, sections
from tailwise.engine.evaluate.evaluation import evaluate
from tailwise.engine.evaluate.inputs import ComputeConfig, build_task, trained_task
from tailwise.engine.monitor.backend import keep_backend
from tailwise.evaluation.limits import Names, limits_of_groups
from tailwise.evaluation.measure import Measured, count_groups
from tailwise.evaluation.selection import Answers, Choice, Selection, choose, only
from tailwise.metrics.labels import readable
from tailwise.recipes.recipe import Recipe, load_recipe

MODELS = Path("data/models")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("recipe")
    for name in ("split", "weights", "selection"):
        parser.add_argument(name, type=Path)
    parser.add_argument("phases", nargs="+")
    args, params = parser.parse_args(), read_params()

    wanted = section(params, "selection", Selection) if "selection" in params else Selection()
    names, recipe = wanted.candidates(args.phases), load_recipe(args.recipe)
    choice, limits = only(names[0]), []
    if len(names) > 1:
        figure, answers = answers_of(recipe, params, args.split, names)
        choice, limits = choose(answers, figure, wanted.errors), limits_of(answers[names[0]], recipe)
    write_bytes(args.weights, weights_of(choice.chosen).read_bytes())
    write_json(args.selection, {**choice.to_json(), "reason": choice.reason, "limits": limits})
    print("\n".join(told(choice, limits)))


def weights_of(phase: str) -> Path:
    return MODELS / f"{phase}.safetensors"


def answers_of(recipe: Recipe, params: dict, split: Path, names: list[str]) -> tuple[str, dict[str, Answers]]:
    """(the figure that chooses a phase's best epoch, {phase: its model's answers on the split})."""
    config, by = sections(params, recipe.config()), sections(params, ComputeConfig)
    task, run = trained_task(recipe, config, by, weights_of(names[0]), split)
    found: dict[str, Answers] = {names[0]: evaluate(task, run).predictions}
    for name in names[1:]:
        of_phase = build_task(recipe, config, task.heads, (None, split), by.training.seed, weights_of(name))[0]
        found[name] = evaluate(of_phase, run).predictions
    keep_backend(run.device)
    return (task.select.figure if task.select else ""), found


def limits_of(answers: Answers, recipe: Recipe) -> list[str]:
    """What the split is too small to tell."""
    names = Names(recipe.sample_name)
    of_heads = [line for found in answers.values() for line in Measured(found, found.matrix, {}).limits(names)]
    return [*limits_of_groups(count_groups(answers.values())), *of_heads]


def told(choice: Choice, limits: list[str]) -> list[str]:
    rows = [
        f"{row.name}: {readable(choice.figure)} {row.value:.3f}, {row.behind:.3f} below {choice.best}, "
        f"standard error {row.error:.3f}"
        for row in choice.candidates
    ]
    return [*rows, f"chosen: {choice.reason}", *limits]


if __name__ == "__main__":
    main()
