"""Every command of README and docs/ runs as written, or names a requirement that this machine lacks."""

import re
from pathlib import Path

import pytest

from support.pipelines import SMOKE, own_copy, smoke_run, take_environment

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^( *)(?:<!-- needs: (?P<needs>.+?) -->\n *)?```sh\n(?P<text>.*?)^ *```$", re.MULTILINE | re.DOTALL)
ELSEWHERE = {
    "make test": ".ci/run",
    "make test-slow": ".ci/run",
    "make lint": ".ci/run",
    "dvc exp run -S model.recurrence.hidden=64": "tests/pipelines/test_sections.py",
}
"""Commands that would run this test again, or that another test runs: the file that runs them."""


def blocks(page: Path) -> list[tuple[str | None, str]]:
    """(what it needs, its commands) of each block of shell commands, indentation taken away."""
    text = page.read_text(encoding="utf8")
    return [
        (found["needs"], re.sub(rf"^{found[1]}", "", found["text"], flags=re.MULTILINE))
        for found in BLOCK.finditer(text)
    ]


def runnable(page: Path) -> str:
    """All commands of a page that need nothing, as one script; without an experiment that README has, too."""
    lines = [line for needs, text in blocks(page) if not needs for line in text.splitlines()]
    known = [] if page.name == "README.md" else re.findall("^dvc exp run .*$", runnable(PAGES[0]), re.MULTILINE)
    return "\n".join(line for line in lines if line.partition("#")[0].strip() not in ELSEWHERE and line not in known)


def test_pages_of_shell_commands_are_found():
    assert sum(len(blocks(page)) for page in PAGES) >= 15
    assert all(page.read_text(encoding="utf8").count("```sh") == len(blocks(page)) for page in PAGES)


def test_pages_of_pipelines_begin_with_the_smoke_run():
    found = {page.name: after_smoke_run(page) for page in PAGES if runnable(page)}
    assert {name: of[0] for name, of in found.items() if of} == {
        f"{name}.md": f"pipelines/{name}" for name in ("actions", "logos", "sections")
    }


def test_commands_left_out_here_are_run_elsewhere():
    for command, file in ELSEWHERE.items():
        assert command in (ROOT / file).read_text(encoding="utf8")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_target_and_link_of_a_page_exists(page):
    text = page.read_text(encoding="utf8")
    makefiles = [ROOT / "Makefile", *ROOT.glob("pipelines/*/Makefile")]
    lines = "\n".join(file.read_text(encoding="utf8") for file in makefiles)
    targets = set(re.findall(r"^([a-z-]+):", lines, re.MULTILINE))
    assert set(re.findall(r"`make ([a-z-]+)", text)) <= targets
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", text) if "://" not in link]
    assert not [link for link in links if not (page.parent / link).exists()]


def after_smoke_run(page: Path) -> tuple[str, str] | None:
    """(folder of a pipeline, the commands that follow) of a page that begins with its smoke preset; else None."""
    place, *lines = [line.partition("#")[0].strip() for line in runnable(page).splitlines()]
    if not place.startswith("cd pipelines/") or tuple(lines[:2]) != SMOKE:
        return None
    return place.removeprefix("cd "), "\n".join(runnable(page).splitlines()[3:])


@pytest.mark.slow
@pytest.mark.parametrize("page", [page for page in PAGES if runnable(page)], ids=lambda page: page.name)
def test_the_commands_of_a_page_run(page, request, tmp_path, tmp_path_factory):
    after = after_smoke_run(page)
    if after:
        finished = smoke_run(tmp_path_factory, tmp_path_factory.mktemp("home"), after[0])
        own_copy(finished, tmp_path / "copy", after[0]).run("bash", "-euo", "pipefail", "-c", after[1])
        return
    project = request.getfixturevalue("project")
    take_environment(project.folder)
    for command in (
        "git config user.name somebody",
        "git config user.email somebody@example.org",
        "git branch -M main",
    ):
        project.run(*command.split())
    project.run("env", "PYTHONPATH=src", "bash", "-euo", "pipefail", "-c", runnable(page))
