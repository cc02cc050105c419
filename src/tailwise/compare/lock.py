"""What dvc.lock says of a file: from which params, code and data it was made, and whether it is up to date."""

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

import yaml

from tailwise.core.errors import UserError

ABSENT = object()


@dataclass(frozen=True)
class Lock:
    """The stages of a dvc.lock: {name: its deps, params and outs}."""

    stages: Mapping[str, Mapping[str, Any]]

    @property
    def makers(self) -> dict[str, str]:
        """{output: the stage that makes it}"""
        return {out["path"]: name for name, stage in self.stages.items() for out in stage.get("outs", ())}

    def hash_of(self, path: str) -> str | None:
        """The recorded hash of an output; None if no stage has it."""
        name = self.makers.get(path)
        outs = self.stages[name]["outs"] if name else ()
        return next((_hash(out) for out in outs if out["path"] == path), None)

    def below(self, folder: str) -> dict[str, str]:
        """{path in the folder: hash} of outputs that are files of a folder, not the folder as one."""
        outs = (out for stage in self.stages.values() for out in stage.get("outs", ()))
        inside = (out for out in outs if out["path"].startswith(f"{folder}/"))
        return {out["path"].removeprefix(f"{folder}/"): _hash(out) for out in inside}

    def inputs(self, path: str) -> dict[str, str]:
        """{path: hash} of what the stage that makes an output depends on; empty if no stage has it."""
        name = self.makers.get(path)
        return {dep["path"]: _hash(dep) for dep in self.stages[name].get("deps", ())} if name else {}

    def later_outs(self, target: str) -> dict[str, str]:
        """{output: hash} of the stages that a stage does not need."""
        outs = self.stages[target].get("outs", ()) if target in self.stages else ()
        needed = {name for out in outs for name in self.needed_by(out["path"])}
        others = (stage for name, stage in self.stages.items() if name not in needed)
        return {out["path"]: _hash(out) for stage in others for out in stage.get("outs", ())}

    def needed_by(self, path: str) -> list[str]:
        """The stage that makes a file, and all stages that it needs, file by file."""
        makers = self.makers
        found: list[str] = []
        waiting = [makers[path]] if path in makers else []
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.append(name)
                made = (_maker(dep["path"], makers) for dep in self.stages[name].get("deps", ()))
                waiting += [other for other in made if other]
        return found

    def sources(self, path: str) -> dict[str, str]:
        """{path: hash} of all that the file was made from and no stage makes: code, pins, raw data."""
        makers, names = self.makers, self.needed_by(path)
        deps = (dep for name in names for dep in self.stages[name].get("deps", ()))
        return {dep["path"]: _hash(dep) for dep in deps if not _maker(dep["path"], makers)}

    def identity(self, name: str) -> str:
        """A hash of all that a stage ran on: its command, params, code and data."""
        ran = {key: self.stages[name].get(key) for key in ("cmd", "deps", "params")}
        return hashlib.sha256(json.dumps(ran, sort_keys=True, default=str).encode("utf8")).hexdigest()[:24]

    def outdated(self, path: str, params: Mapping[str, Any], ignored: Collection[str] = ()) -> str | None:
        """Why the file is not what these params and the recorded outputs give; None if it is.

        ignored: sections of params that do not matter
        """
        hashes = {out["path"]: _hash(out) for stage in self.stages.values() for out in stage.get("outs", ())}
        for name in self.needed_by(path):
            for dep in self.stages[name].get("deps", ()):
                if hashes.get(dep["path"], _hash(dep)) != _hash(dep):
                    return f"the stage {name} has not run on the present {dep['path']}"
            for key, then in self.stages[name].get("params", {}).get("params.yaml", {}).items():
                if key.split(".")[0] not in ignored and not same(then, now := lookup(params, key)):
                    return f"the stage {name} ran with another {_differing(key, then, now)} than params.yaml has"
        return None


def read_lock(text: str | None, whose: str) -> Lock:
    """Of the text of a dvc.lock; without one, without stages. Raises UserError if it is none. whose: the revision"""
    if text is None:
        return Lock({})
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # a lock of 100 kB takes seconds without the C library
    try:
        stages = yaml.load(text, loader).get("stages", {})
    except (yaml.YAMLError, AttributeError) as error:
        raise UserError(f"dvc.lock of {whose}: is not one of DVC: {' '.join(str(error).split())}") from error
    return Lock(stages or {})


def lookup(params: Mapping[str, Any], key: str) -> Any:
    """The value at a dotted key; ABSENT without one."""
    value: Any = params
    for name in key.split("."):
        if not isinstance(value, Mapping) or name not in value:
            return ABSENT
        value = value[name]
    return value


def same(then: Any, now: Any) -> bool:
    """Whether two values of params are equal. then: read as YAML 1.1, where ``1e-5`` is a text"""
    if isinstance(then, Mapping) and isinstance(now, Mapping):
        return then.keys() == now.keys() and all(same(then[key], now[key]) for key in then)
    if isinstance(then, list) and isinstance(now, list):
        return len(then) == len(now) and all(map(same, then, now))
    if isinstance(then, str) and isinstance(now, float):
        return then == str(now) or _number(then) == now
    return then == now


def _differing(key: str, then: Any, now: Any) -> str:
    """The dotted key of the first value that differs."""
    if isinstance(then, Mapping) and isinstance(now, Mapping):
        for name in [*then, *now]:
            if not same(then.get(name, ABSENT), now.get(name, ABSENT)):
                return _differing(f"{key}.{name}", then.get(name, ABSENT), now.get(name, ABSENT))
    return key


def _maker(path: str, makers: Mapping[str, str]) -> str | None:
    """The stage that makes a path, or a folder that it is in."""
    return next((makers[place] for place in _upwards(path) if place in makers), None)


def _upwards(path: str) -> Iterator[str]:
    yield path
    yield from (str(folder) for folder in PurePosixPath(path).parents)


def _hash(recorded: Mapping[str, Any]) -> str:
    """Of a file in a lock; a file elsewhere has an etag or a checksum instead of an md5."""
    return str(next((recorded[kind] for kind in ("md5", "etag", "checksum") if kind in recorded), ""))


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
