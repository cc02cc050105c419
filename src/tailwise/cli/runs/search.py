"""Search over params keys with Optuna: ``tailwise search FILE``, in the folder of a pipeline.

Each trial is a DVC experiment.
"""

import argparse
import itertools
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tailwise.cli.runs.common import check_cache, check_folder, print_line, recipe_params
from tailwise.compare.revision import METRICS, PARAMS
from tailwise.compare.sweeps.pipeline import read_pipeline
from tailwise.compare.sweeps.runs import Runner
from tailwise.core.errors import UserError, escape_output
from tailwise.core.files import read_json, write_text
from tailwise.core.params.config import read_params, section
from tailwise.core.stage.folders import below_repository
from tailwise.metrics.dotted import check_known, dotted
from tailwise.search.space import check_keys, extremes, searched_keys, trial_params, wanted_trials
from tailwise.search.spec import Search, read_search


def search(args: argparse.Namespace, folder: Path = Path(".")) -> None:
    """args: file, trials, workers, storage, retry, only_list, markdown

    Raises UserError for what cannot be searched, and at the end for trials that failed.
    """
    escape_output(sys.stdout)
    check_folder(folder)
    asked, base = read_search(args.file), read_params(folder / PARAMS)
    check_search(args.file, asked, base, folder)
    try:
        import optuna
    except ModuleNotFoundError as error:
        raise UserError(
            f"tailwise search needs {error.name}: pip install -r requirements-search.txt -c constraints.txt"
        ) from error
    try:
        run_search(args, asked, base, folder)
    except optuna.exceptions.StorageInternalError as error:
        raise UserError(f"the study's database failed: {type(error.__cause__ or error).__name__}") from error


def run_search(args: argparse.Namespace, asked: Search, base: Mapping[str, Any], folder: Path) -> None:
    """Run what the study lacks, then show it."""
    claims = open_claims(args, asked, base, folder)
    trials = None if args.only_list else make_trials(args.file, asked, base, folder, claims)
    try:
        if trials:
            trials.run_all(args.workers)
    finally:
        show(args, claims.study, asked, claims.owner)
    if failed := trials and trials.failed:
        number, reason = next(iter(failed.items()))
        raise UserError(f"{len(failed)} trials failed, trial {number}: {reason}; `--retry` repeats them")


def open_claims(args: argparse.Namespace, asked: Search, base: Mapping[str, Any], folder: Path) -> Any:
    """The `Claims` on the trials of the study, after a line that says how many there are."""
    from tailwise.search.claims import Claims, real_trials, repeat_failed
    from tailwise.search.storage import FOLDER, OPENING, FileLock, make_storage, open_study

    state = folder / FOLDER / args.file.stem
    storage = make_storage(state, args.storage)
    state.mkdir(parents=True, exist_ok=True)
    with FileLock(state / OPENING):  # two searches that are started together begin one study
        study = open_study(storage, study_name(args.file, folder), args.file, asked, base)
    claims = Claims(study, asked, state, wanted_trials(asked, args.trials), shared=bool(args.storage))
    repeated = repeat_failed(study) if args.retry and not args.only_list else 0
    done = sum(trial.state.is_finished() for trial in real_trials(study))
    again = f", {repeated} failed ones are repeated" if repeated else ""
    print(f"{asked.title}: {done} of {claims.wanted} trials are finished{again}", flush=True)
    return claims


def make_trials(file: Path, asked: Search, base: Mapping[str, Any], folder: Path, claims: Any) -> Any:
    """The `Trials` of a study. Raises UserError where DVC could not save their experiments."""
    from tailwise.search.curves import training_curves
    from tailwise.search.sources import keep_sources, sources_of
    from tailwise.search.storage import FileLock
    from tailwise.search.trials import Trials

    check_cache(folder, asked.target)
    pipeline = read_pipeline(folder / "dvc.yaml", asked.target, searched_keys(asked))
    lock = FileLock(claims.folder.parent / "starting.lock")
    runner = Runner(folder, asked.target, pipeline, print_line, grouped=True, starting=lock)
    curves = training_curves(folder / "dvc.yaml")
    check = lambda: keep_sources(claims.study, file, sources_of(folder))  # noqa: E731
    return Trials(folder, asked, base, claims, runner, curves, print_line, check)


def show(args: argparse.Namespace, study: Any, asked: Search, owner: str) -> None:
    """Print the table, and write the file."""
    from tailwise.search.summary import markdown, terminal

    print(f"\n{terminal(study, asked, owner)}")
    if args.markdown:
        write_text(args.markdown, markdown(study, asked, owner))


def study_name(file: Path, folder: Path) -> str:
    """Of a search in the folder of a pipeline: experiments of several pipelines are in one repository."""
    place = below_repository(folder.resolve())
    return "-".join(part for part in (place.name, file.stem) if part)


def check_search(file: Path, asked: Search, base: Mapping[str, Any], folder: Path) -> None:
    """Raise UserError for keys, values, stages and figures that the pipeline has not."""
    check_keys(file, asked, base)
    read_pipeline(folder / "dvc.yaml", asked.target)
    if (folder / METRICS).is_file():
        check_known(f"{file}: objective.metric", [asked.objective.metric], dotted(read_json(folder / METRICS)))
    for kind, (key, values) in itertools.product(recipe_params(folder), extremes(asked)):
        try:
            section(trial_params(asked, values, base), "", kind)
        except UserError as error:
            reason = str(error).removeprefix(f"{PARAMS}: ")
            raise UserError(f"{file}: keys.{key}: {values[key]} is refused: {reason}") from error
