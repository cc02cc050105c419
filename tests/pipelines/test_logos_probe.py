import importlib.util
import json
import sys
from pathlib import Path

import numpy as np
import pytest

from tailwise.core.errors import UserError
from tailwise.core.files import write_json
from tailwise.core.tables import write_table
from tailwise.recipes.logos.demo import Demo, make_demo
from tailwise.recipes.logos.index import index
from tailwise.recipes.logos.prepare import Prepare, prepare
from tailwise.recipes.logos.readers.images import ImageFiles
from tailwise.recipes.logos.source import Source

SCRIPT = Path(__file__).parents[2] / "pipelines/logos/probe.py"
PARAMS = """\
data:
  root: data/demo
  leaks: refuse
  reader: {kind: images, file: null, groups: brand, split: null}
"""


@pytest.fixture
def probe(monkeypatch):
    spec = importlib.util.spec_from_file_location("logos_probe", SCRIPT)
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


def write_prepared() -> None:
    """The demo, its tables and its prepared splits in the working folder."""
    Path("params.yaml").write_text(PARAMS)
    make_demo(Demo(7, 16, 16, 2, 2, 1.0), Path("data/demo"))
    source = Source("data/demo", "refuse", ImageFiles("images", groups="brand"))
    found = index(source).index
    for split, rows in found.rows.items():
        write_table(Path(f"data/index/{split}.csv"), rows)
    write_json(Path("data/index/heads.json"), found.heads)
    list(prepare(Prepare(32), source, Path("data/prepared")))


def test_the_demo_has_no_shortcut_and_one_is_seen(probe, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DVC_ROOT", raising=False)
    write_prepared()
    with pytest.raises(UserError, match=r"reports/metrics.json: not there: run the pipeline first"):
        probe.main()
    Path("reports").mkdir()
    for full, status, word in ((0.95, 0, "kept"), (0.2, 1, "MISSED")):
        Path("reports/metrics.json").write_text(json.dumps({"kind": {"macro_recall": full}}))
        assert probe.main() == status
        assert f"at most {(0.25 + full) / 2:.3f}: {word}" in capsys.readouterr().out


@pytest.mark.parametrize("side", [16, 32, 40])
def test_thumbnails_are_means_of_squares(probe, side):
    pictures = np.random.default_rng(1).integers(0, 256, (2, side, side, 3)).astype(np.uint8)
    found = probe.thumbnails(probe.Logos(pictures, np.ones(2), np.zeros(2))).reshape(2, 16, 16, 3)
    first = -(-side // 16) if side % 16 == 0 else 2
    np.testing.assert_allclose(found[:, 0, 0], pictures[:, :first, :first].mean((1, 2)))
