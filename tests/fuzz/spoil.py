"""Values, texts and files corrupted by Hypothesis, and stages run on them."""

import contextlib
import io
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path

import yaml
from hypothesis import strategies as st

from tailwise.core.params.config import read_params
from tailwise.core.stage import launcher as stage

ROOT = Path(__file__).parents[2]
HUGE = (2**31, 2**63, 10**30, -(10**30), 10**400, 1e308, -1e308, 5e-324)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.integers()
    | st.sampled_from(HUGE)
    | st.floats()
    | st.text(st.characters(), max_size=8)
    | st.sampled_from(["", " ", "nan", "yes", "1e-4", "../..", "/", "\n", "\0", "\ud800", "x" * 5000, "a/b.zip/c"])
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=5,
)
AWKWARD = [b"", b"\0", b"\n", b"\r", b'"', b"'", b",", b":", b"{", b"!!int ", b"&a ", b"[" * 20_000, b"9" * 5000]
BYTES = st.sampled_from(AWKWARD) | st.binary(max_size=6)


def places(tree, path: tuple = ()) -> Iterator[tuple]:
    """Paths of all values below the top."""
    for key, value in tree.items() if isinstance(tree, dict) else enumerate(tree):
        yield (*path, key)
        if isinstance(value, (dict, list)):
            yield from places(value, (*path, key))


@st.composite
def spoiled(draw, tree, times: int = 3):
    """The tree (dicts and lists) with 1 to `times` values gone, renamed, doubled, wrapped or another."""
    tree = deepcopy(tree)
    for _ in range(draw(st.integers(1, times))):
        if paths := list(places(tree)):
            *parents, last = draw(st.sampled_from(paths))
            place = tree
            for key in parents:
                place = place[key]
            draw(st.sampled_from([_replaced, _replaced, _removed, _renamed, _nested, _grown]))(draw, place, last)
    return tree


def _replaced(draw, place, key) -> None:
    place[key] = draw(VALUES)


def _removed(draw, place, key) -> None:
    del place[key]


def _renamed(draw, place, key) -> None:
    if isinstance(place, dict):
        value = place.pop(key)
        place[draw(st.sampled_from([f"{key}s", str(key)[1:], str(key).upper(), "kind"]) | st.text(max_size=4))] = value


def _nested(draw, place, key) -> None:
    place[key] = draw(st.sampled_from([[place[key]], {key: place[key]}, {"kind": place[key]}]))


def _grown(draw, place, key) -> None:
    """A number or list many times as large."""
    value, times = place[key], draw(st.sampled_from([-1, 0, 2, 7, 10**6, 10**12]))
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        place[key] = value * times
    elif isinstance(value, list):
        place[key] = value * max(min(times, 3), 0)


@st.composite
def broken(draw, content: bytes, times: int = 3) -> bytes:
    """The bytes with 1 to `times` stretches taken out, doubled or replaced."""
    for _ in range(draw(st.integers(1, times))):
        start = draw(st.integers(0, len(content)))
        end = draw(st.integers(start, min(len(content), start + draw(st.sampled_from([0, 1, 8, 10**6])))))
        content = content[:start] + draw(st.just(content[start:end] * 2) | BYTES) + content[end:]
    return content


def run_stage(script: str, *arguments: str, fill: Callable[[], object]) -> tuple[int, str]:
    """(exit status, stderr) of a stage in an empty folder that `fill` fills; raises what is no person's mistake."""
    said, shown = io.StringIO(), io.StringIO()
    before, arguments_before = os.getcwd(), sys.argv
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        sys.argv = [script, *arguments]
        try:
            fill()
            with contextlib.redirect_stderr(said), contextlib.redirect_stdout(shown):
                return stage.run(str(ROOT / "stages" / script)), said.getvalue()
        finally:
            os.chdir(before)
            sys.argv = arguments_before


def index_params(data: dict) -> str:
    """What `index` reads of params.yaml, with this section `data`."""
    params = read_params(ROOT / "params.yaml")
    return yaml.safe_dump({"data": data, **{name: params[name] for name in ("window", "decode", "runtime")}})


def check_one_line(status: int, said: str, names: tuple[str, ...]) -> None:
    """A stage either worked and said nothing, or refused in one line that has one of the names."""
    if status == 0:
        assert said == ""
    else:
        assert status == 1 and said.count("\n") == 1 and said.endswith("\n"), said
        assert any(name in said for name in names), said
