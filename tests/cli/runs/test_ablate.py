"""`tailwise ablate`: each cell is computed once, whatever stops it, and a wrong file is one line."""

from pathlib import Path

import pytest

from tailwise.ablation import cell
from tailwise.cli.main import main
from tailwise.cli.runs import ablate
from tailwise.core.errors import UserError
from tailwise.core.files import read_json

FOLDER = Path(__file__).parents[3] / "pipelines" / "sections"
ROWS = """
title: Parts
seeds: 2
phases: [phase1, phase2, phase3]
last: calibrate
given: {data/prepared: [prepare]}
figures:
  macro_f1: {label: macro F1, path: section.macro_f1}
compared: [macro_f1]
rows:
  default: {label: default}
  small: {label: small, params: {model.recurrence.hidden: 64}}
"""


@pytest.fixture
def trained(tmp_path, monkeypatch) -> list[Path]:
    """Folders in which cells were trained, by a stand-in; the second one is interrupted."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DVC_ROOT", str(tmp_path))
    for name in ("params.yaml", "dvc.yaml"):
        Path(name).write_text((FOLDER / name).read_text("utf8"))
    Path("ablation.yaml").write_text(ROWS)
    Path("data/prepared").mkdir(parents=True)
    Path("dvc.lock").write_text("stages: {prepare: {outs: [{path: data/prepared, md5: abc.dir}]}}")
    found: list[Path] = []

    def stand_in(folder, chain):
        found.append(folder)
        if len(found) == 2:
            raise KeyboardInterrupt
        assert (folder / "data/prepared").resolve() == Path("data/prepared").resolve()
        (folder / "reports/metrics.json").write_text('{"section": {"macro_f1": 0.8}}')
        return {"cpu_seconds": 20 + len(found), "peak_mb": 500}

    facts = {"parameters": 7, "epochs": [1], "interventions": 0, "fallback": False}
    monkeypatch.setattr(cell, "train", stand_in)
    monkeypatch.setattr(cell, "facts", lambda folder, phases: facts)
    return found


def test_a_run_that_is_stopped_goes_on_and_computes_no_cell_twice(trained):
    assert main(["ablate"]) == 130
    assert [path.as_posix() for path in Path("results").rglob("*.json")] == ["results/ablation/default/1.json"]
    before = Path("results/ablation/default/1.json").read_bytes()
    assert main(["ablate"]) == 0 and len(trained) == 5
    assert Path("results/ablation/default/1.json").read_bytes() == before
    assert main(["ablate"]) == 0 and len(trained) == 5 and not Path("data/scratch").exists()
    assert read_json(Path("times/ablation/default/2.json"))["peak_mb"] == 500
    assert Path("reports/ablation.md").read_text().count("| small |") == 2 and Path("reports/ablation.png").exists()


def test_cells_of_other_params_or_data_are_computed_anew(trained, capsys):
    trained += [Path(), Path()]
    assert main(["ablate", "--row", "default", "--seeds", "1"]) == 0 and len(trained) == 3
    Path("dvc.lock").write_text("stages: {prepare: {outs: [{path: data/prepared, md5: other.dir}]}}")
    capsys.readouterr()
    assert main(["ablate", "--list"]) == 0
    assert capsys.readouterr().out.splitlines() == ["default seed 1", "small seed 1", "default seed 2", "small seed 2"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--tables"], "results: has no cell"),
        (["--row", "smal"], "--row smal: ablation.yaml has no such row; it has default, small"),
        (["--seeds", "0"], "--seeds must be at least 1"),
        (["other.yaml"], "other.yaml"),
    ],
)
def test_a_mistake_is_one_line(trained, capsys, arguments, said):
    assert main(["ablate", *arguments]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1 and said in lines[0]


def test_a_figure_that_no_stage_writes_is_told(trained, capsys):
    trained += [Path(), Path()]
    Path("ablation.yaml").write_text(ROWS.replace("section.macro_f1", "section.macro_f"))
    assert main(["ablate", "--row", "default", "--seeds", "1"]) == 1
    assert (
        "default seed 1: reports/metrics.json: the pipeline has no figure 'section.macro_f'" in capsys.readouterr().err
    )


def test_a_folder_without_a_pipeline_is_told(tmp_path):
    with pytest.raises(UserError, match="go into the folder of a pipeline"):
        ablate.read_place(tmp_path / "dvc.yaml")
