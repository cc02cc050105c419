"""Training runs where neither dvc nor a video decoder is installed."""

import subprocess
import sys
from pathlib import Path

SOURCES = Path(__file__).parents[2] / "src"
FILES = sorted((SOURCES / "tailwise" / "engine").rglob("*.py"))
ENGINE = [".".join(file.relative_to(SOURCES).with_suffix("").parts) for file in FILES]


def test_importing_training_code_pulls_in_no_tool_of_other_stages():
    modules = [*ENGINE, "tailwise.recipes.fouls.task", "tailwise.core.params.config", "tailwise.core.stage.launcher"]
    code = f"import sys, {', '.join(modules)}; print(*{{name.split('.')[0] for name in sys.modules}})"
    text = subprocess.check_output([sys.executable, "-c", code], env={"PYTHONPATH": str(SOURCES)}, text=True)
    loaded = set(text.split())
    assert len(ENGINE) > 20
    assert "torch" in loaded
    assert not loaded & {"dvc", "decord", "av", "pandas", "matplotlib", "PIL", "sklearn", "ruamel", "joblib", "jinja2"}
