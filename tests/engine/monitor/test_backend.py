"""The torch backend is recorded, and a difference is reported."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from tailwise.core.files import read_json, write_json
from tailwise.core.stage.events import Events
from tailwise.engine.monitor.backend import CERTIFICATE, COMPUTING, backend, difference, keep_backend, log_difference

SOURCES = Path(__file__).parents[3] / "src"
CPU = torch.device("cpu")
HERE = {"torch": "2.15.0", "CPU capability": "AVX512"}


@pytest.fixture
def plain(folder, monkeypatch):
    """A stage in an empty folder, with none of the variables set."""
    for name in [name for name in os.environ if name.startswith(("MKL_", "ONEDNN_", "DNNL_", "OPENBLAS_", "ATEN_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("DVC_ROOT", str(folder))
    monkeypatch.setenv("DVC_STAGE", "train_phase1")
    return folder


def in_process(**variables) -> dict[str, str]:
    """The backend of a process that is started with these: torch reads them once."""
    code = "import json; import torch; from tailwise.engine.monitor.backend import backend"
    code += "; print(json.dumps(backend(torch.device('cpu'))))"
    env = {**os.environ, "PYTHONPATH": str(SOURCES), **variables}
    return json.loads(subprocess.check_output([sys.executable, "-c", code], env=env, text=True))


def test_the_backend_is_what_torch_says_and_the_variables_that_are_set(plain):
    found, version = backend(CPU), torch.__version__.split("+")[0]
    assert found == {"torch": version, "CPU capability": torch.backends.cpu.get_cpu_capability()}
    assert in_process(ATEN_CPU_CAPABILITY="default") == {**found, "CPU capability": "DEFAULT"}


@pytest.mark.parametrize("name", ["MKL_CBWR", "ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA", "MKL_ENABLE_INSTRUCTIONS"])
def test_a_variable_that_chooses_kernels_is_part_of_it(plain, monkeypatch, name):
    monkeypatch.setenv(name, "AVX2")
    assert backend(CPU)[name] == "AVX2"
    monkeypatch.setenv(name, "")
    assert name not in backend(CPU)


@pytest.mark.parametrize("name", ["HOSTNAME", "OMP_NUM_THREADS", "NVIDIA_TF32_OVERRIDE", "OPENBLAS_CORETYPE"])
def test_what_decides_no_weight_on_a_processor_is_not(plain, monkeypatch, name):
    monkeypatch.setattr(torch.__config__, "show", lambda: "BLAS_INFO=mkl")
    before = backend(CPU)
    monkeypatch.setenv(name, "1")
    assert backend(CPU) == before


def test_openblas_counts_where_torch_is_built_with_it(plain, monkeypatch):
    monkeypatch.setattr(torch.__config__, "show", lambda: "BLAS_INFO=open")
    monkeypatch.setenv("OPENBLAS_CORETYPE", "NEOVERSEN1")
    assert backend(CPU)["OPENBLAS_CORETYPE"] == "NEOVERSEN1"


@pytest.mark.parametrize(
    ("now", "has", "had"),
    [
        ({**HERE, "CPU capability": "DEFAULT"}, "CPU capability DEFAULT", "CPU capability AVX512"),
        ({**HERE, "MKL_CBWR": "COMPATIBLE"}, "MKL_CBWR COMPATIBLE", "MKL_CBWR unset"),
        ({"torch": "2.16.0"}, "torch 2.16.0, CPU capability unset", "torch 2.15.0, CPU capability AVX512"),
    ],
)
def test_a_changed_backend_is_one_line(now, has, had):
    text = difference(now, HERE)
    assert text.startswith(f"computing with {has} where the recorded run had {had}: ")
    assert "may differ in their bytes" in text and "\n" not in text


def test_the_same_backend_is_no_difference():
    assert difference(HERE, dict(HERE)) == ""


def test_a_difference_is_reported_at_every_verbosity_until_a_run_with_it_is_kept(plain, monkeypatch, capsys):
    events = Events(plain / "log.jsonl", "quiet")
    log_difference(CPU, events)
    keep_backend(CPU)
    log_difference(CPU, events)
    assert capsys.readouterr().out == ""
    monkeypatch.setenv("MKL_CBWR", "COMPATIBLE")
    for _ in range(2):
        log_difference(CPU, events)
    (first, second) = capsys.readouterr().out.splitlines()
    assert first == second and first.startswith("computing with MKL_CBWR COMPATIBLE where")
    keep_backend(CPU)
    log_difference(CPU, events)
    assert capsys.readouterr().out == ""
    rows = [json.loads(line) for line in (plain / "log.jsonl").read_text().splitlines()]
    assert [row["event"] for row in rows] == ["computing"] * 2 and rows[0]["now"]["MKL_CBWR"] == "COMPATIBLE"
    assert read_json(plain / ".logs/computing/train_phase1.json") == backend(CPU)


def test_each_stage_has_its_own(plain, monkeypatch, capsys):
    keep_backend(CPU)
    monkeypatch.setenv("DVC_STAGE", "train_phase2")
    monkeypatch.setenv("MKL_CBWR", "COMPATIBLE")
    log_difference(CPU, Events())
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("text", ["", "{", "[1]", '"AVX2"'])
def test_an_unreadable_record_is_ignored(plain, capsys, text):
    keep_backend(CPU)
    (plain / ".logs/computing/train_phase1.json").write_text(text)
    log_difference(CPU, Events())
    assert capsys.readouterr().out == ""


def test_a_log_that_cannot_be_written_ends_no_stage(plain, capsys):
    (plain / ".logs").write_text("a file where a folder is wanted")
    keep_backend(CPU)
    assert "train_phase1: not logged: " in capsys.readouterr().err


def test_a_fresh_clone_is_compared_with_the_certified_run(plain, monkeypatch, capsys):
    write_json(plain / CERTIFICATE, {COMPUTING: {**backend(CPU), "CPU capability": "OTHER"}})
    log_difference(CPU, Events())
    assert "CPU capability OTHER" in capsys.readouterr().out
    keep_backend(CPU)
    log_difference(CPU, Events())
    assert capsys.readouterr().out == ""
