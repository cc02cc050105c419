"""Reads deploy/Dockerfile."""

import re
import shlex
from pathlib import Path

TEXT = (Path(__file__).parents[2] / "deploy/Dockerfile").read_text(encoding="utf8")


def instructions(text: str = TEXT) -> list[tuple[str, str]]:
    """(keyword, rest) of each instruction of a Dockerfile; continued lines are one."""
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    joined = re.sub(r"\\\n\s*", " ", "\n".join(lines))
    return [(line.split(maxsplit=1)[0], line.split(maxsplit=1)[1]) for line in joined.splitlines()]


def of(keyword: str) -> list[str]:
    return [rest for name, rest in instructions() if name == keyword]


def install() -> list[str]:
    """The words of the command that installs the packages, with the default of DEVICE and no EXTRAS."""
    (line,) = [rest for rest in of("RUN") if " install " in rest]
    return shlex.split(line.replace("${DEVICE}", "cpu").replace("${EXTRAS}", ""))


def named_files(words: list[str]) -> list[str]:
    return [words[place + 1] for place, word in enumerate(words) if word in ("-r", "-c")]
