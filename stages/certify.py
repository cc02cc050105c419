"""Compare the figures of the test split with their targets.

certify.py RECIPE WEIGHTS SPLIT-FOLDER CERTIFICATE [--validation METRICS] [--calibration FILE] [--decoding FILE]

WEIGHTS: of a model, or the ensemble.json that `tailwise ensemble` wrote, whose members are the model in params.yaml
METRICS: what `evaluate` wrote; logits that it adjusted are adjusted by the same tau
--calibration: what `calibrate` wrote; the figures "calibration" are those of the calibrated probabilities
--decoding: what `fit_decoding` fitted; without it answers are the most probable classes
"""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from tailwise.core.errors import UserError
from tailwise.core.files import read_json, write_json
from tailwise.core.params.config import read_params, section, sections
from tailwise.core.stage.events import events_path, stage_name
from tailwise.core.stage.requirements import loaded_requirements
from tailwise.data.tables.pseudo import limits_of_pseudo
from tailwise.engine.checkpoint.recovery import files_in, fingerprint, loaded_code
from tailwise.engine.checkpoint.weights import INSTEAD_OF, read_tensors
from tailwise.engine.contract.metric import labels_of
from tailwise.engine.contract.run import Run
from tailwise.engine.contract.task import Task
from tailwise.engine.evaluate.adjusted import evaluate_adjusted, taus_in
from tailwise.engine.evaluate.evaluation import evaluate
from tailwise.engine.evaluate.inputs import ComputeConfig, trained_task
from tailwise.engine.monitor.backend import COMPUTING, backend, keep_backend
from tailwise.ensemble.averaged import Averaged
from tailwise.ensemble.file import Part, read_ensemble
from tailwise.evaluation.adjustment import log_prior
from tailwise.evaluation.calibration.comparison import calibration_figures
from tailwise.evaluation.calibration.fitted import check_classes, read_calibration
from tailwise.evaluation.calibration.measures import calibration_labels
from tailwise.evaluation.calibration.options import Calibration
from tailwise.evaluation.certificate import Targets, certificate, certify_split
from tailwise.evaluation.limits import Names, limits_of_ensemble, limits_of_intervals, limits_of_model
from tailwise.evaluation.measure import measure
from tailwise.evaluation.readings import log_reading
from tailwise.evaluation.selective import known_labels, selective_figures
from tailwise.metrics.predictions import Predictions
from tailwise.recipes.recipe import load_recipe


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("recipe")
    for name in ("weights", "split", "certificate"):
        parser.add_argument(name, type=Path)
    parser.add_argument("--validation", type=Path)
    parser.add_argument("--calibration", type=Path)
    parser.add_argument("--decoding", type=Path)
    args, params = parser.parse_args(), read_params()

    recipe, targets = load_recipe(args.recipe), section(params, "certificate", Targets)
    config, by = sections(params, recipe.config()), sections(params, ComputeConfig)
    parts = read_ensemble(args.weights) if args.weights.suffix == ".json" else [Part(args.weights, 1.0)]
    if len(parts) > 1:
        if args.calibration or args.validation:
            raise UserError("--calibration and --validation are of one model: leave them out for an ensemble")
        if params.get("evaluation", {}).get("adjust"):
            raise UserError("evaluation.adjust is of one model: set it to null for an ensemble")
        targets = targets.without("calibration")
    loaded = [trained_task(recipe, config, by, part.path, args.split) for part in parts]
    task, run = averaged(loaded, parts)
    classes = read_json(Path("reports/classes.json"))
    counts = classes["train"]
    taus = taus_in(read_json(args.validation)) if args.validation else {}
    priors = {name: log_prior(counts[name]).tolist() for name in taus}
    decode = recipe.decoder(args.decoding, task.heads) if args.decoding else None
    found = evaluate_adjusted(task, run, taus, priors, decode) if taus else evaluate(task, run, decode)
    calibration, changes = calibrated(args.calibration, params, found.predictions, decode is not None)
    measured = {name: measure(of_head) for name, of_head in found.predictions.items()}
    extra = recipe.extra(params, index_of(args.split), found.predictions, counts)
    selective = selective_figures(found.predictions)
    of_split = {**found.figures, **selective, **calibration}
    figures = {**of_split, **extra.figures}
    labels = {**labels_of(task.metrics), **extra.labels, **calibration_labels(calibration)}
    labels |= known_labels(selective, list(found.predictions))
    names = Names(recipe.sample_name, extra.label_name or "position", labels)
    rows, warnings, bootstrap = certify_split(measured, found.losses, targets, figures, names)
    facts = {"hashes": hashes(args.split, args.weights, parts), "seed": run.training.seed, "bootstrap": bootstrap}
    facts[COMPUTING] = backend(run.device)
    facts |= extra.figures
    warnings = [limits_of_intervals(recipe.sample_name), *limits_of_models(loaded, parts), *warnings, *changes]
    warnings += limits_of_pseudo(classes) + limits_of_ensemble([part.weight for part in parts])
    made = certificate(rows, of_split, warnings, facts)
    write_json(args.certificate, made)
    keep_backend(run.device)
    print(", ".join(f"{count} {verdict}" for verdict, count in made["verdicts"].items()))
    log_reading(events_path(stage_name()), facts["hashes"]["params"])


def averaged(loaded: Sequence[tuple[Task, Run]], parts: Sequence[Part]) -> tuple[Task, Run]:
    """The members' tasks and runs as one, whose model averages their probabilities; a single one as it is."""
    task, run = loaded[0]
    if len(parts) == 1:
        return task, run
    members, heads = [each.model.to(run.device) for each, _ in loaded], [head.name for head in task.heads]
    return replace(task, model=Averaged(members, [part.weight for part in parts], heads)), run


def limits_of_models(loaded: Sequence[tuple[Task, Run]], parts: Sequence[Part]) -> list[str]:
    """The limits of fallback models among the members, each once."""
    asked = [read_tensors(part.path)[1].get(INSTEAD_OF) for part in parts]
    return [*dict.fromkeys(line for (task, _), of in zip(loaded, asked) for line in limits_of_model(task.spec, of))]


def calibrated(
    file: Path | None, params: dict[str, Any], found: Mapping[str, Predictions], decoded: bool
) -> tuple[dict[str, Any], list[str]]:
    """The figures of calibrated predictions and their limits; none without a file."""
    if file is None:
        return {}, []
    by_head = read_calibration(file)
    check_classes(file, by_head, [of_head.head for of_head in found.values()])
    figures, limits = calibration_figures(found, by_head, section(params, "calibration", Calibration).bins, decoded)
    return {"calibration": figures}, limits


def index_of(split: Path) -> Path:
    """The table of all its samples, also of those that could not be prepared."""
    return Path(f"data/index/{split.name}.csv")


def hashes(split: Path, weights: Path, parts: Sequence[Part]) -> dict[str, str]:
    """What the certificate is of: SHA-256 over names and contents. parts: of the weights, which it may name"""
    found = {"data": files_in(split) | files_in(index_of(split)), "params": files_in(Path("reports/config.yaml"))}
    found |= {"code": loaded_code() | {file.name: file for file in loaded_requirements()}, "weights": files_in(weights)}
    for part in parts:
        found["weights"] |= files_in(part.path)
    return {name: fingerprint(files) for name, files in found.items()}


if __name__ == "__main__":
    main()
