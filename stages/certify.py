"""Judge the model on the test split: certify.py RECIPE WEIGHTS SPLIT-FOLDER CERTIFICATE."""

import argparse
import importlib
from pathlib import Path

from tailwise.core.config import read_params, section, sections
from tailwise.core.cores import data_workers
from tailwise.core.files import write_json
from tailwise.core.runtime import Runtime
from tailwise.engine.evaluate import answer, figures
from tailwise.engine.inputs import read_heads
from tailwise.engine.recovery import files_in, fingerprint, loaded_code
from tailwise.engine.run import Run, Training, start
from tailwise.engine.weights import load_into
from tailwise.judging.certificate import Targets, certificate, judge_head, limits, limits_of_groups
from tailwise.judging.intervals import DRAWS, LEVEL, SEED, by_group, intervals


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("recipe")
    parser.add_argument("weights", type=Path)
    parser.add_argument("split", type=Path)
    parser.add_argument("certificate", type=Path)
    return parser.parse_args()


def main() -> None:
    args, params = arguments(), read_params()
    recipe, targets = importlib.import_module(f"{args.recipe}.task"), section(params, "certificate", Targets)
    training, runtime = section(params, "training", Training), section(params, "runtime", Runtime)
    device, heads = start(training, runtime), read_heads(Path("data/index/heads.json"))
    task = recipe.build(sections(params, recipe.Config), heads, None, args.split, training.seed)
    load_into(task.model, task.spec, args.weights)
    answers = answer(task, Run("certify", training, device, data_workers(runtime.workers, training.threads)))

    rows, groups = [], list(task.valid.groups())
    warnings = limits_of_groups(len(set(groups)))
    for name, of_head in answers.items():
        support = dict(zip(of_head.head.classes, of_head.matrix.sum(axis=1).tolist()))
        matrices = by_group(of_head.targets, of_head.probabilities.argmax(axis=1), groups, len(support))
        rows += judge_head(name, support, len(set(groups)), intervals(matrices), of_head.loss, targets)
        warnings += limits(name, support)
    facts = {"hashes": hashes(args), "seed": training.seed, "bootstrap": bootstrap(groups)}
    made = certificate(rows, figures(task, answers), warnings, facts)
    write_json(args.certificate, made)
    print(", ".join(f"{count} {verdict}" for verdict, count in made["verdicts"].items()))


def hashes(args: argparse.Namespace) -> dict[str, str]:
    """What the certificate is of: SHA-256 over names and contents."""
    config = files_in(Path("reports/config.yaml"))
    data, weights = files_in(args.split), files_in(args.weights)
    return {
        "data": fingerprint(data),
        "params": fingerprint(config),
        "code": fingerprint(loaded_code() | files_in(Path("requirements.txt"))),
        "weights": fingerprint(weights),
    }


def bootstrap(groups: list[str]) -> dict:
    return {"over": "groups", "groups": len(set(groups)), "draws": DRAWS, "level": LEVEL, "seed": SEED}


if __name__ == "__main__":
    main()
