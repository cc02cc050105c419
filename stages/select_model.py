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
from tailwise.evaluation.selection import Answers, Choice, Selection, choose, limits_of_answers, only
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
    names, recipe = wanted.of(args.phases), load_recipe(args.recipe)
    choice, limits = only(names[0]), []
    if len(names) > 1:
        figure, answers = answers_of(recipe, params, args.split, names)
        choice, limits = (
            choose(answers, figure, wanted.standard_errors),
            limits_of_answers(answers[names[0]], recipe.sample_name),
        )
    write_bytes(args.weights, weights_of(choice.chosen).read_bytes())
    write_json(args.selection, {**choice.to_json(), "reason": choice.reason, "limits": limits})
    print("\n".join(lines(choice, limits)))


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


def lines(choice: Choice, limits: list[str]) -> list[str]:
    rows = [
        f"{row.name}: {readable(choice.figure)} {row.value:.3f}, {row.behind:.3f} below {choice.best}, "
        f"standard error {row.error:.3f}"
        for row in choice.candidates
    ]
    return [*rows, f"chosen: {choice.reason}", *limits]


if __name__ == "__main__":
    main()
