"""Where a pipeline keeps what neither git nor DVC tracks: its logs, and the states of interrupted runs."""

import os
from pathlib import Path


def pipeline_folder() -> Path:
    """The pipeline's folder, in the main repository also where DVC runs a copy of it, as `dvc exp run --temp` does.

    Each pipeline has its own, so that stages of the same name never meet.
    """
    root = os.environ.get("DVC_ROOT")
    return Path(root) / below_repository(Path.cwd()) if root else Path()


def below_repository(folder: Path) -> Path:
    """The folder as seen from the DVC repository around it, itself where there is none."""
    around = next((parent for parent in (folder, *folder.parents) if (parent / ".dvc").is_dir()), folder)
    return folder.relative_to(around)
