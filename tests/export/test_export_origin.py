"""Where a weights file comes from, by dvc.lock."""

import hashlib

import pytest
import yaml

from tailwise.core.errors import UserError
from tailwise.core.files import write_json
from tailwise.export.write.provenance import Origin, find_origin

CERTIFICATE = {"verdicts": {"pass": 1}, "targets": [{"head": "action"}], "more": 1}


def md5(path) -> str:
    return hashlib.md5(path.read_bytes()).hexdigest()


@pytest.fixture
def run(tmp_path):
    """A pipeline's folder with weights, a certificate and a dvc.lock."""
    weights, certificate = tmp_path / "data/models/phase3.safetensors", tmp_path / "reports/certificate.json"
    weights.parent.mkdir(parents=True)
    weights.write_bytes(b"weights")
    write_json(certificate, CERTIFICATE)
    trained = {"path": "data/models/phase3.safetensors", "md5": md5(weights)}
    deps = [{"path": "data/clips/train", "md5": "abc.dir"}, {"path": "src/tailwise/core", "md5": "c"}]
    stages = {
        "phase3": {"deps": deps, "outs": [trained]},
        "certify": {"deps": [trained], "outs": [{"path": "reports/certificate.json", "md5": md5(certificate)}]},
    }
    (tmp_path / "dvc.lock").write_text(yaml.safe_dump({"schema": "2.0", "stages": stages}))
    return tmp_path


def test_the_run_is_found_above_the_weights_by_their_content(run):
    found = find_origin(run / "data/models/phase3.safetensors")
    assert found == Origin(
        "phase3", {"data/clips/train": "abc.dir"}, {k: CERTIFICATE[k] for k in ("verdicts", "targets")}
    )


def test_other_weights_of_the_same_name_have_no_origin(run):
    (run / "data/models/phase3.safetensors").write_bytes(b"others")
    assert find_origin(run / "data/models/phase3.safetensors") == Origin()
    with pytest.raises(UserError, match="has no stage that wrote"):
        find_origin(run / "data/models/phase3.safetensors", run / "dvc.lock")


def test_a_certificate_that_is_not_of_these_weights_is_left_out(run):
    write_json(run / "reports/certificate.json", {**CERTIFICATE, "more": 2})
    assert find_origin(run / "data/models/phase3.safetensors").certificate == {}


@pytest.mark.parametrize("text", ["", "a: [", "stages: 3", "\x00"])
def test_a_wrong_lock_is_one_line(run, text):
    (run / "dvc.lock").write_text(text)
    with pytest.raises(UserError, match="not a dvc.lock") as found:
        find_origin(run / "data/models/phase3.safetensors")
    assert "\n" not in str(found.value)


def test_without_a_lock_nothing_is_known(tmp_path):
    (tmp_path / "w.safetensors").write_bytes(b"")
    assert find_origin(tmp_path / "w.safetensors") == Origin()
