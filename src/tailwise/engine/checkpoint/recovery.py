"""State files that let a killed run resume, kept outside DVC's outputs.

DVC deletes a stage's outputs before running it, so the state is in
``.resume/<stage>-<key>/`` in the pipeline's folder, see core/folders.py; `key` is a hash of
everything that affects the result. A run with another parameter, input or code has another key.
"""

import fcntl
import hashlib
import os
import shutil
import sys
import sysconfig
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import torch

from tailwise.core.errors import UserError
from tailwise.core.files import read_json, remove_parts, write_json
from tailwise.core.stage.folders import pipeline_folder
from tailwise.engine.checkpoint.weights import read_tensors, write_tensors

DVC_LOCK = Path("dvc.lock")


def fingerprint(files: dict[str, Path], facts: Iterable[str] = ()) -> str:
    """SHA-256 of texts and of files, {name: path}, by name and content."""
    digest = hashlib.sha256()
    for fact in facts:
        digest.update(fact.encode() + b"\0")
    for name, path in sorted(files.items()):
        with open(path, "rb") as file:
            digest.update(name.encode() + b"\0" + hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()


def run_key(facts: Iterable[str], files: dict[str, Path]) -> str:
    """The key of a run: a hash of texts (params, arguments) and files."""
    return fingerprint(files, facts)[:16]


def files_in(path: Path) -> dict[str, Path]:
    """{path: path} of a file, or of every file in a folder."""
    found = path.rglob("*") if path.is_dir() else [path]
    return {file.as_posix(): file for file in found if file.is_file()}


def loaded_code() -> dict[str, Path]:
    """{module name: file} of the pipeline's own code as imported now, installed packages left out."""
    paths = sysconfig.get_paths()
    installed = tuple(f"{paths[kind]}{os.sep}" for kind in ("stdlib", "platstdlib", "purelib", "platlib"))
    files = {name: getattr(module, "__file__", None) or "" for name, module in list(sys.modules.items())}
    return {name: Path(file) for name, file in files.items() if not file.startswith(installed) and os.path.isfile(file)}


def recovery_for(phase: str, facts: Iterable[str], inputs: Iterable[Path]) -> "Recovery":
    """The state of a run, keyed by its params, inputs and loaded code."""
    code = fingerprint(loaded_code())  # first: hashing inputs takes a while, in which code may be edited
    files = {name: file for path in inputs for name, file in files_in(path).items()}
    return Recovery(pipeline_folder() / ".resume" / f"{phase}-{run_key([*facts, code], files)}")


@dataclass(frozen=True)
class State:
    """What a resumed run needs and cannot derive from its position.

    facts: JSON; tensors: by group and name
    """

    facts: dict
    tensors: dict[str, dict[str, torch.Tensor]]


class Recovery:
    """The state of one run on disk. A context manager with an exclusive lock.

    Kept after the phase ends until the next one starts, since DVC records a result only after the stage exits.
    """

    def __init__(self, folder: Path):
        self.folder = folder

    def __enter__(self) -> "Recovery":
        while True:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._lock = open(self.folder / "lock", "a+")
            if not try_lock(self._lock):
                self._lock.seek(0)
                owner = self._lock.read()
                raise UserError(f"{self.folder}: process {owner} is running the same phase; wait for it or stop it")
            if is_at(self._lock, self.folder / "lock"):
                break  # otherwise another run has just removed the folder
        self._lock.truncate(0)
        self._lock.write(str(os.getpid()))
        self._lock.flush()
        self._clean()
        return self

    def _clean(self) -> None:
        """Remove partial saves, finished states, and all states of the stage except this and the newest other one."""
        remove_parts(self.folder)
        if self._recorded():  # so the user wants to train again
            self.path.unlink(missing_ok=True)
            self._done.unlink()
        for other in self.folder.parent.glob(f"*/{self._done.name}"):
            if other != self._done:
                remove_unused(other.parent)
        stage = self.folder.name.rpartition("-")[0]
        others = [path for path in self.folder.parent.glob(f"{stage}-*") if path.is_dir() and path != self.folder]
        for old in sorted(others, key=written)[:-1]:
            remove_unused(old)

    def __exit__(self, kind, error, trace) -> None:
        self._lock.close()

    def done(self, result: Path) -> None:
        """Mark the phase as done. result: its output, whose MD5 DVC will record"""
        with open(result, "rb") as file:
            md5 = hashlib.file_digest(file, "md5").hexdigest()
        write_json(self._done, {"md5": md5, "lock_written": written(DVC_LOCK)})

    def _recorded(self) -> bool:
        """Whether DVC has recorded the result: its newer lock file has it; an older lock may hold an equal result."""
        if not self._done.exists() or not DVC_LOCK.exists():
            return False
        done = read_json(self._done)
        return done["md5"] in DVC_LOCK.read_text("utf8") and done["lock_written"] != written(DVC_LOCK)

    @property
    def _done(self) -> Path:
        return self.folder / "done.json"

    @property
    def path(self) -> Path:
        return self.folder / "state.safetensors"

    def save(self, state: State) -> None:
        """Save atomically: on OSError the previous state stays. Facts keep their order, in which tables list them."""
        tensors = {f"{group}/{name}": t for group, named in state.tensors.items() for name, t in named.items()}
        write_tensors(self.path, tensors, {"groups": list(state.tensors), "facts": state.facts}, sort_keys=False)

    def load(self) -> State | None:
        """The last saved state, or None."""
        if not self.path.exists():
            return None
        tensors, saved = read_tensors(self.path)
        groups = {group: {} for group in saved["groups"]}
        for name, tensor in tensors.items():
            group, _, rest = name.partition("/")
            groups[group][rest] = tensor
        return State(saved["facts"], groups)


def try_lock(file) -> bool:
    """Lock an open file; False if another process holds the lock."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def written(path: Path) -> int:
    """Modification time in nanoseconds; 0 if the file does not exist."""
    try:
        return path.stat().st_mtime_ns
    except FileNotFoundError:
        return 0


def is_at(file, path: Path) -> bool:
    """Whether an open file is still the one at the path."""
    return path.exists() and path.stat().st_ino == os.fstat(file.fileno()).st_ino


def remove_unused(folder: Path) -> None:
    """Remove the state of a run unless a process holds its lock."""
    with suppress(OSError), open(folder / "lock", "a+") as lock:
        if try_lock(lock):
            shutil.rmtree(folder)
