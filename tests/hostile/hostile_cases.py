"""What a hostile input is, the good files that they are made of, and the lists of them.

A new list is a function in a module beside this one that gives [Case, ...], and a line in GROUPS.
"""

import importlib
import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]


@dataclass
class Place:
    """Where the good files are, and what no case may open: files in `outside` and in `outside/in`, and a port.

    cases: where each case gets a folder, beside `outside`
    """

    good: Path
    outside: Path
    cases: Path
    port: int = 0

    @property
    def secret(self) -> Path:
        return self.outside / "secret.mp4"


@dataclass(frozen=True)
class Case:
    """name: unlike others'; write: its files into the working folder, and the arguments of the command"""

    name: str
    write: Callable[[Place], list[str] | None]
    command: Callable[[list[str]], int]


def predict(arguments: list[str]) -> int:
    from tailwise.cli.main import main

    return main(["predict", *arguments])


def stage(script: str, *arguments: str) -> int:
    from tailwise.core.stage.launcher import run

    sys.argv = [script, *arguments]
    return run(str(ROOT / "stages" / script))


def prepare(folder: Path) -> Place:
    """The good files in `folder`/good, made if they are not there; what is outside is this process's own."""
    good = folder / "good"
    if not good.exists():
        import hostile_good

        part = folder / "part"
        hostile_good.make(part)
        part.rename(good)
    own = folder / f"{os.getpid()}"
    place = Place(good, own / "outside", own / "cases")
    (place.outside / "in").mkdir(parents=True)
    place.cases.mkdir()
    for secret in (place.secret, place.outside / "in" / "secret.mp4"):
        shutil.copy(good / "clip.mp4", secret)
    (place.outside / "secret.txt").write_text("secret")
    os.mkfifo(place.outside / "pipe")
    return place


def listed(*functions: str) -> Callable[[], list[Case]]:
    """The lists of ``module.function``, made when they are asked for: what they need is imported then."""

    def lists() -> list[Case]:
        places = [function.split(".") for function in functions]
        return [case for module, name in places for case in getattr(importlib.import_module(module), name)()]

    return lists


GROUPS: dict[str, Callable[[], list[Case]]] = {
    "controls": listed("hostile_controls.controls"),
    "weights": listed("hostile_weights.of_predict", "hostile_weights.of_init", "hostile_backbone.of_backbone"),
    "zips and text": listed("hostile_zips.cases", "hostile_text.annotations", "hostile_text.tables"),
    "params": listed("hostile_params.params", "hostile_params.presets"),
    "clips": listed("hostile_clips.clips", "hostile_clips.playlists"),
}
"""{group: its cases}; each group is a process"""

CONTROLS = {
    "a good split": ["status", "lines", "stdout"],
    "a good clip": ["status", "lines", "stdout"],
    "a file outside": ["opened"],
    "the port": ["opened"],
    "memory": ["MiB"],
    "an escape sequence": ["hidden characters"],
    "two lines": ["lines"],
    "a long line": ["length"],
    "an error of the code": ["status", "lines", "traceback"],
}
"""{case of the group controls: the rules that its answer breaks}"""
