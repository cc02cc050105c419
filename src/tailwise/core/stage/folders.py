"""Folders of untracked files of a pipeline: logs and the states of interrupted runs."""

import os
from pathlib import Path


def pipeline_folder() -> Path:
    """The pipeline's folder in the main repository, even if DVC runs a copy (`dvc exp run --temp`).

    Each pipeline has its own, so that stages of the same name do not collide.
    """
    root = os.environ.get("DVC_ROOT")
    return Path(root) / below_repository(Path.cwd()) if root else Path()


def below_repository(folder: Path) -> Path:
    """The path relative to the enclosing DVC repository; the path itself outside one."""
    around = next((parent for parent in (folder, *folder.parents) if (parent / ".dvc").is_dir()), folder)
    return folder.relative_to(around)
