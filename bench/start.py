"""Start-up time of each stage: interpreter, launcher and imports."""

import subprocess
import sys
from pathlib import Path

from measure import Figure, Table, interleave

EXTRA = {  # imports and set-up after a stage's first line
    "check": "import tailwise.recipes.fouls.params",
    "evaluate": "import tailwise.recipes.fouls.task",
    "train": "import tailwise.recipes.fouls.task, tailwise.optim.adamw as o; o.QuickAdamW([o.torch.zeros(1)])",
}
MOST_S = 5.0


def start(script: Path) -> None:
    code = "import runpy, tailwise.core.stage.launcher as s; s.check_versions(s.all_pins())"
    code += f"; runpy.run_path({str(script)!r}, run_name='start'); {EXTRA.get(script.stem, '')}"
    subprocess.run([sys.executable, "-c", code], check=True)


def tables(repeats: int = 3) -> list[Table]:
    scripts = sorted(Path("stages").glob("*.py"))
    times = interleave({script.stem: lambda script=script: start(script) for script in scripts}, repeats)
    figures = [Figure(name, values, "s", most=MOST_S) for name, values in times.items()]
    return [Table("Start of a stage, before its work", figures)]
