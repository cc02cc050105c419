import importlib.util
import json
import sys
from pathlib import Path

import pytest

from tailwise.core.errors import UserError
from tailwise.recipes.sections.demo import Demo, Faults, make_demo

SCRIPT = Path(__file__).parents[2] / "pipelines/sections/probe.py"
PARAMS = """\
data:
  reader: {kind: lyrics, classes: {verse: [verse, pre-chorus, bridge, intro, outro], chorus: [chorus, hook, refrain]},
           unknown: refuse, split: null}
"""


@pytest.fixture
def probe(monkeypatch):
    spec = importlib.util.spec_from_file_location("sections_probe", SCRIPT)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, module)
    spec.loader.exec_module(module)
    monkeypatch.setattr(sys, "argv", ["probe.py"])
    measured, measure = {}, module.probe

    def once(what, *rest):
        """Each probe is fitted once, however often its figure is compared."""
        if str(what) not in measured:
            measured[str(what)] = measure(what, *rest)
        return measured[str(what)]

    monkeypatch.setattr(module, "probe", once)
    return module


def test_the_demo_has_no_shortcut_and_one_is_seen(probe, tmp_path, monkeypatch, capsys):
    (tmp_path / "params.yaml").write_text(PARAMS)
    make_demo(Demo(1, 40, 24, 1, 4, Faults(0.05, 0.01, 0.005)), tmp_path / "data/demo")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match=r"reports/metrics.json: not there: run the pipeline first"):
        probe.main()
    (tmp_path / "reports").mkdir()
    for full, status, word in ((0.92, 0, "kept"), (0.5, 1, "MISSED")):
        (tmp_path / "reports/metrics.json").write_text(json.dumps({"section": {"macro_f1": full}}))
        assert probe.main() == status
        assert f"at most {(0.5 + full) / 2:.3f}: {word}" in capsys.readouterr().out
