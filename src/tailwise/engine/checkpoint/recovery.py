"""What lets a killed run go on: one state file, kept outside of DVC's outputs.

DVC deletes a stage's outputs before it starts it, so the state lives in
``.resume/<stage>-<key>/`` in the pipeline's folder, see core/folders.py; `key` is a hash of
all that decides the result. A run with another parameter, input or code has another key and never meets this state.
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
    """A folder's name for texts (params, arguments) and files."""
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
    """Where a run keeps its state: named by its params, its inputs and the code that is loaded."""
    code = fingerprint(loaded_code())  # at once: inputs take a while, in which somebody may edit it
    files = {name: file for path in inputs for name, file in files_in(path).items()}
    return Recovery(pipeline_folder() / ".resume" / f"{phase}-{run_key([*facts, code], files)}")


@dataclass(frozen=True)
class State:
    """All that a resumed run needs; what is not here follows from the position.

    facts: JSON; tensors: by group and name
    """

    facts: dict
    tensors: dict[str, dict[str, torch.Tensor]]


class Recovery:
    """The state of one run on disk. Use as a context, which one process enters at a time.

    After its end it stays until the next phase begins: DVC records a result only when the stage has ended.
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
                raise UserError(f"{self.folder}: process {owner} is at the same run; wait or end it")
            if is_at(self._lock, self.folder / "lock"):
                break  # else another run has just cleaned the folder away
        self._lock.truncate(0)
        self._lock.write(str(os.getpid()))
        self._lock.flush()
        self._clean()
        return self

    def _clean(self) -> None:
        """Forget parts of a killed save, what is done, and all states of the stage but this and the newest other."""
        remove_parts(self.folder)
        if self._recorded():  # so it is to be trained once more
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
        """The phase has written this file, whose MD5 DVC will record."""
        with open(result, "rb") as file:
            md5 = hashlib.file_digest(file, "md5").hexdigest()
        write_json(self._done, {"md5": md5, "lock_written": written(DVC_LOCK)})

    def _recorded(self) -> bool:
        """DVC writes its lock each time it records a stage; it may hold the same result from an earlier time."""
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
        """Whole, or the state before stays; raises OSError."""
        tensors = {f"{group}/{name}": t for group, named in state.tensors.items() for name, t in named.items()}
        write_tensors(self.path, tensors, {"groups": list(state.tensors), "facts": state.facts})

    def load(self) -> State | None:
        """The last state saved, or None for a fresh start."""
        if not self.path.exists():
            return None
        tensors, saved = read_tensors(self.path)
        groups = {group: {} for group in saved["groups"]}
        for name, tensor in tensors.items():
            group, _, rest = name.partition("/")
            groups[group][rest] = tensor
        return State(saved["facts"], groups)


def try_lock(file) -> bool:
    """Take the lock of an open file; False if another process has it."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def written(path: Path) -> int:
    """When it was changed last, in nanoseconds; 0 if it is not there."""
    try:
        return path.stat().st_mtime_ns
    except FileNotFoundError:
        return 0


def is_at(file, path: Path) -> bool:
    """Whether an open file is what lies at the path."""
    return path.exists() and path.stat().st_ino == os.fstat(file.fileno()).st_ino


def remove_unused(folder: Path) -> None:
    """Remove the state of a run that no process is at."""
    with suppress(OSError), open(folder / "lock", "a+") as lock:
        if try_lock(lock):
            shutil.rmtree(folder)
