"""How long each stage takes before its work: the interpreter, the launcher and all imports."""

import subprocess
import sys
from pathlib import Path

from measure import interleave, show

EXTRA = {  # what a stage imports or builds after its first line
    "check": "import tailwise.recipes.fouls.sections",
    "evaluate": "import tailwise.recipes.fouls.task",
    "train": "import tailwise.recipes.fouls.task, torch; torch.optim.AdamW([torch.zeros(1, requires_grad=True)])",
}


def start(script: Path) -> None:
    code = "import runpy, tailwise.core.stage as s; s.check_versions(s.pinned(s.REQUIREMENTS.read_text()))"
    code += f"; runpy.run_path({str(script)!r}, run_name='start'); {EXTRA.get(script.stem, '')}"
    subprocess.run([sys.executable, "-c", code], check=True)


def main(repeats: int = 3) -> None:
    scripts = sorted(Path("stages").glob("*.py"))
    times = interleave({script.stem: lambda script=script: start(script) for script in scripts}, repeats)
    show("Start of a stage before its work; at most 5 s is asked for", times)


if __name__ == "__main__":
    main()
