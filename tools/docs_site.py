"""A hook of MkDocs: adds pages from the repository's root and the reference of the public packages.

`mkdocs build` calls the functions on_*, see mkdocs.yml. Links to files outside docs/ become their paths as text, since
the site has no such files.
"""

# MkDocs is in requirements-docs.txt, which only `make docs` installs.
# pyright: reportMissingImports=false
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
DOCS, SOURCES = ROOT / "docs", ROOT / "src"
ROOT_PAGES = {"README.md": "index.md", "CONTRIBUTING.md": "contributing.md", "CHANGELOG.md": "changelog.md"}
"""{file in the root: page of the site}"""
PACKAGES = (
    *("balance", "core", "core/params", "core/system", "data/images", "data/sequences", "data/tables", "data/video"),
    *("engine/contract", "evaluation", "evaluation/calibration", "export/run", "losses", "losses/head"),
    *(
        "losses/image",
        "losses/sequence",
        "metrics",
        "metrics/calibration",
        "metrics/image",
        "metrics/sequence",
        "models",
    ),
    *("models/action", "models/frozen", "models/image", "models/sequence", "models/video", "optim", "recipes"),
    *("reporting", "serve"),
)
"""Folders of tailwise for recipes and for programs that call it; each is a page."""
LINK = re.compile(r"\[(?P<text>[^\[\]]*)\]\((?!\w+:)(?P<path>[^)#\s]+)(?P<anchor>#[^)]*)?\)")


def on_config(config: Any) -> Any:
    """Append the reference to the navigation."""
    config.nav.append({"Reference": [{name.replace("/", "."): page_of(name)} for name in PACKAGES]})
    return config


def on_files(files: Any, config: Any) -> Any:
    """Add the pages that are not in docs/."""
    from mkdocs.structure.files import File

    pages = {page: (ROOT / name).read_text(encoding="utf8") for name, page in ROOT_PAGES.items()}
    pages |= {page_of(name): reference(name) for name in PACKAGES}
    for page, text in pages.items():
        files.append(File.generated(config, page, content=text))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Rewrite the links of a page, see `rewritten`."""
    from_root = page.file.src_uri in ROOT_PAGES.values()
    return rewritten(markdown, ROOT if from_root else DOCS)


def rewritten(markdown: str, folder: Path) -> str:
    """The text with links as the site has them. folder: where the page's links begin"""
    return LINK.sub(lambda found: link(found, folder), markdown)


def link(found: re.Match[str], folder: Path) -> str:
    """A link to a page of the site, or text and path of a file that the site lacks; one to nothing stays as it is."""
    target = (folder / found["path"]).resolve()
    if not target.is_relative_to(ROOT) or not target.exists():
        return found[0]
    name = target.relative_to(ROOT).as_posix()
    if target.is_relative_to(DOCS) or name in ROOT_PAGES:
        page = ROOT_PAGES.get(name) or target.relative_to(DOCS).as_posix()
        return f"[{found['text']}]({page}{found['anchor'] or ''})"
    return f"{found['text']} (`{name}`)"


def page_of(package: str) -> str:
    return f"reference/{package.replace('/', '.')}.md"


def reference(package: str) -> str:
    """The page of a package: its modules, which mkdocstrings fills in from their docstrings."""
    title = f"tailwise.{package.replace('/', '.')}"
    return "\n\n".join([f"# {title}", *(f"::: {title}.{name}" for name in modules(package))]) + "\n"


def modules(package: str) -> Iterator[str]:
    """Names of the modules in a package's own folder."""
    for file in sorted((SOURCES / "tailwise" / package).glob("*.py")):
        if not file.stem.startswith("_"):
            yield file.stem
