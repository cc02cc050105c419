"""The documentation site: its pages, links and reference."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tools import docs_site
from tools.docs_site import DOCS, PACKAGES, ROOT, ROOT_PAGES, modules, page_of, reference, rewritten

TEXT = (ROOT / "mkdocs.yml").read_text(encoding="utf8")
CONFIG = yaml.safe_load(TEXT)


def listed(nav: list) -> list[str]:
    """Pages of a navigation, those in sections included."""
    values = [value for entry in nav for value in entry.values()]
    return [page for value in values for page in (listed(value) if isinstance(value, list) else [value])]


def test_every_page_is_in_the_navigation_once():
    pages = {file.name for file in DOCS.glob("**/*.md")} | set(ROOT_PAGES.values())
    assert sorted(listed(CONFIG["nav"])) == sorted(pages)


@pytest.mark.parametrize("package", PACKAGES)
def test_a_page_of_the_reference_has_every_module_of_its_package(package):
    files = list((ROOT / "src/tailwise" / package).glob("*.py"))
    names = list(modules(package))
    assert names and len(names) == len([file for file in files if not file.name.startswith("_")])
    assert all(f"::: tailwise.{package.replace('/', '.')}.{name}\n" in reference(package) for name in names)


def test_the_reference_is_added_to_the_navigation():
    config = docs_site.on_config(type("Config", (), {"nav": []})())
    assert listed(config.nav) == [page_of(package) for package in PACKAGES]


@pytest.mark.parametrize(
    ("text", "folder", "expected"),
    [
        ("[a](docs/serve.md)", ROOT, "[a](serve.md)"),
        ("![a](docs/images/fouls.png)", ROOT, "![a](images/fouls.png)"),
        ("[a](CONTRIBUTING.md)", ROOT, "[a](contributing.md)"),
        ("[a](../README.md#quick-start)", DOCS, "[a](index.md#quick-start)"),
        ("[a](serve.md#x)", DOCS, "[a](serve.md#x)"),
        ("[the params](../params.yaml)", DOCS, "the params (`params.yaml`)"),
        ("[a](LICENSE) and [b](docs/serve.md)", ROOT, "a (`LICENSE`) and [b](serve.md)"),
        ("[a](https://dvc.org)", ROOT, "[a](https://dvc.org)"),
        ("[a](#here)", DOCS, "[a](#here)"),
        ("[a](gone.md)", DOCS, "[a](gone.md)"),
        ("[a](../../outside.md)", DOCS, "[a](../../outside.md)"),
    ],
)
def test_links_are_those_of_the_site(text, folder, expected):
    assert rewritten(text, folder) == expected


def anchors(page: Path) -> set[str]:
    """Of a page's headings, as Python-Markdown makes them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf8"), re.MULTILINE)
    plain = [re.sub(r"\[([^\]]*)\]\([^)]*\)|[`*]", r"\1", heading) for heading in headings]
    return {re.sub(r"[-\s]+", "-", re.sub(r"[^\w\s-]", "", heading).strip().lower()) for heading in plain}


@pytest.mark.parametrize("page", [*sorted(DOCS.glob("*.md")), ROOT / "README.md"], ids=lambda page: page.name)
def test_the_anchors_of_links_are_headings(page):
    """Also where the packages of the site are not installed."""
    links = re.findall(r"\]\((?!\w+:)([^)#\s]*)#([^)\s]+)\)", page.read_text(encoding="utf8"))
    targets = [(page.parent / path if path else page, anchor) for path, anchor in links]
    assert not [f"{to.name}#{at}" for to, at in targets if to.suffix == ".md" and at not in anchors(to)]


def test_ci_builds_the_site():
    assert re.search(r"^make docs\b", (ROOT / ".ci/run").read_text(encoding="utf8"), re.MULTILINE)
    assert "mkdocs build --strict" in (ROOT / "Makefile").read_text(encoding="utf8")


def test_the_packages_are_pinned_and_agree_with_the_constraints():
    from tailwise.cli.doctor.installed import read_pins

    lines = [line for line in (ROOT / "requirements-docs.txt").read_text().splitlines() if line[:1] not in ("#", "")]
    pins, constraints = read_pins(ROOT / "requirements-docs.txt"), read_pins(ROOT / "constraints.txt")
    assert len(pins) == len(lines)
    assert not {name for name in pins if constraints.get(name, pins[name]) != pins[name]}


@pytest.mark.slow
def test_the_site_is_built_without_a_warning_and_loads_nothing_from_the_web(tmp_path):
    for needed in ("mkdocs", "material", "mkdocstrings"):
        pytest.importorskip(needed, reason="needs requirements-docs.txt")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path / "site")]
    env = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True)
    assert done.returncode == 0 and "WARNING" not in done.stderr, done.stderr
    pages = {file: file.read_text(encoding="utf8") for file in Path(tmp_path / "site").glob("**/*.html")}
    assert len(pages) > len(PACKAGES) + len(listed(CONFIG["nav"]))
    loaded = [
        src for text in pages.values() for src in re.findall(r'<(?:script|link|img)[^>]+(?:src|href)="(.*?)"', text)
    ]
    assert loaded and not [src for src in loaded if "://" in src]
    focal = pages[tmp_path / "site/reference/losses.head.html"]
    assert "tailwise.losses.head.focal" in focal and "<code>" in focal
