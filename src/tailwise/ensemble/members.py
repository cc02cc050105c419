"""Members of an ensemble: runs of a pipeline that git and DVC's cache have."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from tailwise.compare.answers import Store
from tailwise.compare.revision import Revision, read_revision
from tailwise.core.errors import UserError
from tailwise.core.heads import Head
from tailwise.metrics.predictions import Predictions, read_predictions

WEIGHTS = ".safetensors"
VALID = "valid"
"""The last part of the path of a prepared validation split, in every pipeline."""


@dataclass(frozen=True)
class Member:
    """A run, or a weights file with its answers.

    commit: None for files of the workspace; answers: {head: predictions on validation}
    path: of its weights in the pipeline's folder; file: where their content is; md5: what DVC recorded of it
    valid: {path: hash} of the validation split that it was evaluated on; empty where it is unknown
    """

    name: str
    commit: str | None
    answers: Mapping[str, Predictions]
    path: str
    file: Path
    md5: str | None = None
    valid: Mapping[str, str] | None = None


def read_members(folder: Path, names: Sequence[str], also: Sequence[tuple[Path, Path]], any_data: bool) -> list[Member]:
    """The runs, then the files.

    also: (weights file, folder of its answers); any_data: whether the validation data may have other hashes
    Raises UserError for what is no run, twice there, evaluated on other data, or not on this machine.
    """
    store = Store(folder)
    runs = [_of_run(folder, store, read_revision(folder, name)) for name in dict.fromkeys(names)]
    if not runs:
        raise UserError("name the runs of the ensemble: branches, tags, commits, experiments, workspace")
    _check_different(runs)
    if not any_data:
        _check_data(runs)
    heads = [found.head for found in runs[0].answers.values()]
    return [*runs, *(_of_files(weights, answers, heads) for weights, answers in also)]


def _of_run(folder: Path, store: Store, run: Revision) -> Member:
    answers, (path, md5) = store.read(run), _weights(run)
    if not answers:
        raise UserError(f"{run.name}: its answers, reports/evaluation, are not in DVC's cache: {_remedy(run)}")
    file = folder / path if run.commit is None else store.file(md5)
    if not file.is_file():
        raise UserError(f"{run.name}: its weights, {path}, are not in DVC's cache: {_remedy(run)}")
    valid = {name: each for name, each in run.inputs.items() if PurePosixPath(name).name == VALID}
    return Member(run.name, run.commit, answers, path, file, md5, valid)


def _weights(run: Revision) -> tuple[str, str]:
    """Path and hash of the weights that the figures were made with."""
    found = [(path, md5) for path, md5 in run.inputs.items() if path.endswith(WEIGHTS)]
    if len(found) != 1:
        raise UserError(f"dvc.lock of {run.name}: its figures are of {len(found)} weights files, not of one")
    return found[0]


def _remedy(run: Revision) -> str:
    brings = "`dvc fetch --all-commits` or `dvc exp pull` bring them from a remote"
    if run.commit is None:
        return f"{brings}, `dvc repro` computes them"
    return f"{brings}, `dvc exp apply {run.name}` (of a branch: `git switch`) and `dvc repro` compute them"


def _check_different(runs: Sequence[Member]) -> None:
    first: dict[str | None, str] = {}
    for run in runs:
        if run.commit in first:
            raise UserError(f"{run.name} and {first[run.commit]} are the same commit: leave one of them out")
        first[run.commit] = run.name


def _check_data(runs: Sequence[Member]) -> None:
    for run in runs[1:]:
        if run.valid != runs[0].valid:
            path = next(iter({**(run.valid or {}), **(runs[0].valid or {})}))
            raise UserError(
                f"{run.name}: was evaluated on another {path} than {runs[0].name}: run both on the same data, or give "
                "--any-data if these are other features of the same samples"
            )


def _of_files(weights: Path, answers: Path, heads: Sequence[Head]) -> Member:
    if not weights.is_file():
        raise UserError(f"{weights}: no such file")
    found = {head.name: read_predictions(answers / f"{head.name}.csv", head) for head in heads}
    path = weights.name if weights.is_absolute() else weights.as_posix()
    return Member(path, None, found, path, weights)
