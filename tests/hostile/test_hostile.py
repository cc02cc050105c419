"""Two hundred hostile inputs: each is refused in one line, soon, with little memory, and opens nothing but itself.

The cases are in hostile_*.py, a list a group; attack.py runs them. With `HOSTILE=clips` in the environment only the
group of this name is run, and with `-s` what each case answered is printed.
"""

import json
import os
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest
from attack import MOST_BYTES, Outcome
from hostile_cases import CONTROLS, GROUPS, prepare

from support.once import once
from support.slow import slow_but
from tailwise.core.errors import LONGEST_LINE

ROOT = Path(__file__).parents[2]
ONLY = os.environ.get("HOSTILE", "")
ASKED = [group for group in GROUPS if group != "controls" and ONLY in group]
QUICK = ("params",)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """The good files that the hostile ones are made of."""
    return once(tmp_path_factory, "hostile", prepare)


def outcomes(group: str, place: Path, tmp_path: Path) -> dict[str, Outcome]:
    paths = [ROOT / "src", ROOT / "tests", ROOT / "tests/hostile"]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, paths)), "OMP_NUM_THREADS": "1", "DVC_STAGE": "hostile"}
    command = [sys.executable, Path(__file__).with_name("attack.py"), group, place, tmp_path / "results.json"]
    subprocess.run(command, env=env, check=True)
    found = json.loads((tmp_path / "results.json").read_text())
    return {name: Outcome(**outcome) for name, outcome in found.items()}


def wrong(outcome: Outcome) -> dict[str, object]:
    """{what is wrong with an answer to a hostile input: as it was}"""
    said = outcome.err.removesuffix("\n")
    hidden = {c for c in said.replace("\n", "") if unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp")}
    rules = {
        "status": outcome.status if outcome.status not in (1, 2) else None,
        "lines": outcome.err.count("\n") if outcome.err.count("\n") != 1 or len(said) == len(outcome.err) else None,
        "length": len(said) if len(said) > LONGEST_LINE else None,
        "traceback": "Traceback" in said or None,
        "hidden characters": hidden or None,
        "stdout": outcome.out or None,
        "opened": outcome.opened or None,
        "MiB": outcome.peak >> 20 if outcome.peak > MOST_BYTES else None,
    }
    return {rule: found for rule, found in rules.items() if found is not None}


@pytest.mark.parametrize("group", slow_but(ASKED, *(group for group in ASKED if group in QUICK)))
def test_each_is_refused_in_one_line_and_opens_nothing_else(group, place, tmp_path):
    found = outcomes(group, place, tmp_path)
    if ONLY:
        for name, outcome in found.items():
            print(f"{name}: {outcome.peak >> 20} MiB, {outcome.seconds:.2f} s: {outcome.err.rstrip()}")
    bad = {name: (broken, outcome.err[-2000:]) for name, outcome in found.items() if (broken := wrong(outcome))}
    assert not bad, "\n".join(f"{name}: {broken}\n    {text}" for name, (broken, text) in bad.items())


@pytest.mark.slow
def test_what_is_looked_for_is_found(place, tmp_path):
    """Good inputs are answered, and each rule is broken by a case that breaks it."""
    found = outcomes("controls", place, tmp_path)
    assert {name: list(wrong(outcome)) for name, outcome in found.items()} == CONTROLS


def test_there_are_two_hundred_and_each_has_a_name():
    names = [case.name for group, cases in GROUPS.items() if group != "controls" for case in cases()]
    assert len(names) == len(set(names)) >= 200
