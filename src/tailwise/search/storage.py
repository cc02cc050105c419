"""Where a study is kept: by default a journal of Optuna in the pipeline's folder of logs, which only grows."""

# pyright: reportMissingImports=false

import fcntl
import json
import os
import warnings
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, cast

import optuna
from optuna.storages import BaseStorage, JournalStorage, RDBStorage
from optuna.storages.journal import JournalFileBackend, JournalRedisBackend

from tailwise.compare.revision import IGNORED, flat
from tailwise.core.errors import UserError
from tailwise.search.sampling import NumberedSampler, make_pruner
from tailwise.search.space import searched_keys
from tailwise.search.spec import Search

FOLDER = Path(".logs/search")
JOURNAL, OPENING = "study.log", "opening.lock"
SEARCH, BASE = "search", "base"
"""Attributes of a study: what is searched, and the other params."""


class FileLock:
    """An exclusive lock of processes and threads, which the kernel releases when its process dies, however it dies."""

    def __init__(self, path: Path):
        self._path, self._file = path, -1

    def acquire(self) -> bool:
        file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o644)
        fcntl.flock(file, fcntl.LOCK_EX)
        self._file = file
        return True

    def release(self) -> None:
        os.close(self._file)

    def __enter__(self) -> None:
        self.acquire()

    def __exit__(self, *_: object) -> None:
        self.release()


def journal(path: Path) -> JournalFileBackend:
    """Optuna's backend on a file, after the removal of a last line that a power failure has cut off."""
    lock = FileLock(path.with_suffix(".lock"))
    with lock:
        _drop_torn_line(path)
    return JournalFileBackend(str(path), cast(Any, lock))


def make_storage(folder: Path, url: str | None) -> BaseStorage:
    """folder: of the study's state; url: of a database of Optuna, for several machines

    Raises UserError for one that does not answer.
    """
    if url is None:
        folder.mkdir(parents=True, exist_ok=True)
        return JournalStorage(journal(folder / JOURNAL))
    try:
        if url.startswith("redis"):
            return JournalStorage(JournalRedisBackend(url))
        waiting = {"connect_args": {"timeout": 60}} if url.startswith("sqlite") else {}
        return RDBStorage(url, engine_kwargs=waiting)
    except ModuleNotFoundError as error:
        raise UserError(f"--storage: this database needs the package {error.name}: pip install it") from error
    except Exception as error:  # of SQLAlchemy, Redis or a driver; the address may hold a password
        raise UserError(f"--storage: no database of Optuna answers at this address: {type(error).__name__}") from error


def open_study(storage: BaseStorage, name: str, file: Path, search: Search, base: Mapping[str, Any]) -> optuna.Study:
    """The study of this name, begun if there is none; UserError if it was begun with another search or params."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    warnings.filterwarnings("ignore", category=optuna.exceptions.ExperimentalWarning)
    study = _study(storage, name, search)
    trials = study.get_trials(deepcopy=False)  # before the attributes: who has asked for a trial has set them
    wanted = {SEARCH: identity(search), BASE: base_params(search, base)}
    begun = {key: value for key, value in study.user_attrs.items() if key in wanted}
    if trials and begun != wanted:
        raise UserError(_changed(file, name, _joined(begun), _joined(wanted)))
    if any(wanted[key] != value for key, value in begun.items()):  # a study just begun may have none: it is kept
        optuna.delete_study(study_name=name, storage=storage)
        study = _study(storage, name, search)
    for attribute, now in wanted.items():
        if study.user_attrs.get(attribute) != now:
            study.set_user_attr(attribute, now)
    return study


def _study(storage: BaseStorage, name: str, search: Search) -> optuna.Study:
    """The study of this name, begun if there is none."""
    return optuna.create_study(
        storage=storage,
        study_name=name,
        sampler=NumberedSampler(search),
        pruner=make_pruner(search.pruner),
        direction="maximize" if search.objective.maximized else "minimize",
        load_if_exists=True,
    )


def _joined(attributes: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """Of the params first, since their keys say more."""
    return {**attributes.get(BASE, {}), **attributes.get(SEARCH, {})}


def identity(search: Search) -> dict[str, str]:
    """{field: as text} of all that trials must have in common; not their number, nor when they are pruned."""
    named = asdict(search)
    return {key: json.dumps(value) for key, value in named.items() if key not in ("title", "trials", "pruner")}


def base_params(search: Search, base: Mapping[str, Any]) -> dict[str, str]:
    """{dotted key of params.yaml: as text} of what can change a figure and is not searched."""
    searched = tuple(f"{key}." for key in searched_keys(search))
    decisive = ((key, value) for key, value in flat(base) if key.split(".")[0] not in IGNORED)
    return {key: json.dumps(value) for key, value in decisive if not f"{key}.".startswith(searched)}


def _changed(file: Path, name: str, then: Mapping[str, str], now: Mapping[str, str]) -> str:
    key = next(key for key in [*then, *now] if then.get(key) != now.get(key))
    values = f"{then.get(key, 'absent')}, now {now.get(key, 'absent')}"
    return f"{file}: the study {name} was begun with {key} {values}: undo that, or copy the file under another name"


def _drop_torn_line(path: Path) -> None:
    """Remove an end that is no whole line."""
    if path.exists() and not (data := path.read_bytes()).endswith(b"\n") and data:
        with open(path, "r+b") as file:
            file.truncate(data.rfind(b"\n") + 1)
